"""`codecraft play`: its arguments, the episode and its recording."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from codecraft_client.client import Client
from codecraft_client.errors import UsageError
from codecraft_client.events import Progress
from codecraft_client.play.lines import Lines, PipedLines, TerminalLines
from codecraft_client.play.player import WORDS, Player
from codecraft_client.play.screen import Screen
from codecraft_client.telling import progress_line
from codecraft_client.trajectory import record
from codecraft_client.types import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what it takes besides tasks."""
    parser.add_argument("--record", metavar="FILE", type=Path, help="write all that happens to FILE, as it happens (docs/trajectories.md)")


def run(client: Client, console: Console, chosen: argparse.Namespace) -> int:
    """Play. Exit status 0; 1 where the work was judged and did not pass."""
    screen = Screen(console.file)
    task_id = _task_id(client, chosen.task)

    def progress(event: Progress) -> None:
        if line := progress_line(event):
            screen.note(line)

    with client.reset(task_id, on_progress=progress) as episode:
        if chosen.record is not None:
            record(episode, chosen.record, client.server_info(), on_failure=screen.error)
        if episode.task is not None:
            screen.task(episode.task)
        screen.note(":help tells what can be done")
        player = Player(episode, _lines(), screen)
        player.play()
        if player.outcome is None:
            screen.note("Nothing was submitted (:submit has the work judged).")
        return 0 if player.outcome in (None, Outcome.PASSED, Outcome.GAVE_UP) else 1


def _task_id(client: Client, chosen: list[str]) -> str:
    """The task to be played: the first of the curriculum unless one is named."""
    if len(chosen) > 1:
        raise UsageError("a person plays one task at a time")
    if chosen:
        return chosen[0]
    for task in client.tasks():
        return task.task_id
    raise UsageError("the server has no task")


def _lines() -> Lines:
    if sys.stdin.isatty() and sys.stdout.isatty():
        return TerminalLines(WORDS)
    return PipedLines(sys.stdin.buffer)
