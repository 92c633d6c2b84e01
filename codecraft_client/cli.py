"""The command line `codecraft`: what an agent's developer does by hand.

Exit status 0: all is well; 1: it is not, and stderr says why; 2: wrong usage; 130: Ctrl-C; 141: nobody reads what it prints (`| head`);
143: SIGTERM.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version

from rich.console import Console
from rich.table import Table

from codecraft_client import demo, standings
from codecraft_client.agents import command as agents
from codecraft_client.client import Client
from codecraft_client.configured import DEFAULT_TARGET, Configured
from codecraft_client.control import ControlClient
from codecraft_client.ending import FAILURE, ended
from codecraft_client.errors import CodecraftError, UsageError
from codecraft_client.play import command as play
from codecraft_client.trajectory import command as trajectories

EPILOG = "CODECRAFT_TOKEN has the server's agent token, CODECRAFT_CONTROL_TOKEN its control token (for `stats` and `episodes`)."
INTERRUPTED = 130  # as shells count it


class _Paper(Console):
    """A console that lets BrokenPipeError through; rich's own ends the program with 1."""

    def on_broken_pipe(self) -> None:
        """Called where the error is being handled."""
        raise  # noqa: PLE0704


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command of `codecraft`; returns the exit status."""
    return ended("codecraft", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    chosen = _parser().parse_args(arguments)
    try:
        speaker: type[Configured] = chosen.speaker
        with speaker.from_environment(chosen.target) as client:
            _check_target(client.target, "CODECRAFT_TARGET" if chosen.target is None else "--target")
            status: int = chosen.command(client, _Paper(highlight=False), chosen)
            return status
    except CodecraftError as error:
        sys.stderr.write(f"codecraft: {error}\n")
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED


def _check_target(target: str, origin: str) -> None:
    """UsageError for a name alone, for which gRPC would take a port that nobody meant."""
    if ":" not in target:
        raise UsageError(f"{origin}: {target!r} is no HOST:PORT, such as {DEFAULT_TARGET}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="codecraft", description="Talk to a codecraft server.", epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"codecraft {version('codecraft')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, speaker, function, text in (
        ("demo", Client, _demo, "play the demo, against a server of its own where none answers on this machine"),
        ("info", Client, _info, "tell what the server is, may do and has left"),
        ("tasks", Client, _tasks, "list the tasks of the curriculum"),
        ("stats", ControlClient, _stats, "tell for each task how its episodes went"),
        ("episodes", ControlClient, _episodes, "list the open episodes, oldest first: their steps, their age, and when their lease ends"),
        ("play", Client, _play, "play a task by hand, or have an agent play tasks"),
        ("replay", Client, _replay, "show a recorded episode, or do it again and tell what differs"),
        ("export", Client, _export, "write recorded episodes in another format"),
    ):
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", epilog=EPILOG)
        command.add_argument("--target", metavar="HOST:PORT", help=f"the server; default: $CODECRAFT_TARGET, else {DEFAULT_TARGET}")
        command.set_defaults(command=function, speaker=speaker)
    stats, playing = commands.choices["stats"], commands.choices["play"]
    playing.add_argument("task", nargs="*", metavar="TASK", help="ids of tasks; by hand one, by default the first")
    play.add_arguments(playing)
    agents.add_arguments(playing)
    trajectories.add_replay_arguments(commands.choices["replay"])
    trajectories.add_export_arguments(commands.choices["export"])
    stats.add_argument("--trainer", metavar="NAME", default="", help="only the episodes of this trainer; default: all")
    stats.add_argument("--json", action="store_true", help="one JSON object a line instead of a table; names as in the schema")
    return parser


def _demo(client: Client, console: Console, _: argparse.Namespace) -> int:
    return 0 if demo.play(client, console) else 1


def _info(client: Client, console: Console, _: argparse.Namespace) -> int:
    info = client.server_info()
    rows = {
        "server": f"{info.server_version} (protocol {info.protocol_version}), worker {info.worker}",
        "tasks": f"{info.task_count}, catalog {info.catalog_digest[:12]}",
        "episodes": f"{info.capacity.episodes} of {info.limits.episodes} open, {info.capacity.queued_resets} queued",
        "warm sandboxes": str(info.capacity.warm_sandboxes),
        "network": "allowed" if info.capabilities.network else "not allowed",
        "root agents": "allowed" if info.capabilities.root_user else "not allowed",
        "runtime": info.capabilities.runtime,
        "episode lease": f"{info.limits.episode_lease_s:g} s",
    }
    table = Table(show_header=False, box=None)
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)
    return 0


def _tasks(client: Client, console: Console, _: argparse.Namespace) -> int:
    standings.room(console)
    table = Table()
    for name in ("id", "title", "category", "difficulty"):
        table.add_column(name, overflow="fold")
    for task in client.tasks():
        table.add_row(task.task_id, task.title, task.category, str(task.difficulty or ""))
    console.print(table)
    return 0


def _play(client: Client, console: Console, chosen: argparse.Namespace) -> int:
    if not chosen.agent:
        return play.run(client, console, chosen)
    if chosen.record is not None:
        raise UsageError("--record is for playing by hand; an agent's run keeps transcripts (--out)")
    return agents.run(client, console, chosen)


def _replay(client: Client, _console: Console, chosen: argparse.Namespace) -> int:
    return trajectories.run_replay(client, chosen)


def _export(_client: Client, _console: Console, chosen: argparse.Namespace) -> int:
    return trajectories.run_export(chosen)


def _stats(client: ControlClient, console: Console, chosen: argparse.Namespace) -> int:
    statistics = client.task_statistics(chosen.trainer)
    if chosen.json:
        for one in statistics:
            sys.stdout.write(json.dumps(asdict(one)) + "\n")
        return 0
    console.print(standings.statistics(statistics, standings.room(console)))
    return 0


def _episodes(client: ControlClient, console: Console, _: argparse.Namespace) -> int:
    standings.room(console)
    console.print(standings.episodes(client.list_episodes(), time.time()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
