"""`codecraft play --agent NAME`: which tasks, with what, and where the results go.

Exit status 0: every task was judged, whatever the agents' work was worth; 1: some could not be; 130: Ctrl-C; 143: SIGTERM.
"""

import argparse
import json
import math
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from codecraft_client.agents import choice, defects, summary, tables
from codecraft_client.agents.errors import AgentBrokenError, ModelRefusedError
from codecraft_client.agents.progress import Display
from codecraft_client.agents.protocol import AgentFactory, AgentOptions, Budget
from codecraft_client.agents.result import TaskResult
from codecraft_client.agents.runner import Runner
from codecraft_client.agents.store import Store
from codecraft_client.agents.transcript import Transcript, file_name, transcript
from codecraft_client.client import Client
from codecraft_client.errors import UsageError
from codecraft_client.rewards import RewardMode, RewardOptions
from codecraft_client.types import Task

PARALLEL = 4
PARALLEL_MOST = 256  # threads


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what an agent's play takes, but for the tasks' ids."""
    group = parser.add_argument_group("with an agent")
    group.add_argument("--agent", metavar="NAME", help="who plays: light, langchain, or MODULE:FUNCTION of your own")
    group.add_argument("--all", action="store_true", help="play the whole curriculum")
    group.add_argument("--category", default="", help="play the tasks of a category")
    group.add_argument("--model", default=os.environ.get("OPENAI_MODEL", ""), help="the model's name; default: $OPENAI_MODEL")
    group.add_argument(
        "--base-url",
        metavar="URL",
        default=os.environ.get("OPENAI_BASE_URL", ""),
        help="an OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1; default: $OPENAI_BASE_URL, else OpenAI's",
    )
    group.add_argument("--api-key-file", metavar="FILE", type=Path, help="has the endpoint's key; default: $OPENAI_API_KEY")
    group.add_argument("--parallel", metavar="N", type=_within(PARALLEL_MOST), default=PARALLEL, help=f"tasks at once; default: {PARALLEL}")
    group.add_argument("--max-steps", metavar="N", type=_within(), help="tool calls per task; default: the task's limit")
    group.add_argument("--max-tokens", metavar="N", type=_within(), help="tokens per task, prompts included")
    group.add_argument("--max-seconds", metavar="N", type=_within(), help="seconds per task, the model's thinking included")
    group.add_argument(
        "--reward-mode",
        choices=[mode.value for mode in RewardMode if mode is not RewardMode.UNKNOWN],
        default=RewardMode.OUTCOME.value,
        help="what episodes pay for (docs/rewards.md); default: outcome",
    )
    group.add_argument("--discount", metavar="G", type=_discount, help="with --reward-mode shaped: the discount factor; default: 1")
    group.add_argument("--out", metavar="DIR", type=Path, help="where results and transcripts go; default: runs/TIME-AGENT")
    group.add_argument("--resume", action="store_true", help="go on with the run in --out: what is judged is not played again")
    group.add_argument("--json", action="store_true", help="print the results as JSON; progress goes to stderr in any case")


def run(client: Client, console: Console, chosen: argparse.Namespace) -> int:
    """Play; returns the exit status. CodecraftError for what can't be played at all."""
    make = choice.factory(chosen.agent)
    options = _options(chosen)
    _check(make, options)
    tasks = _tasks(client, chosen)
    with Store(_out(chosen), _played_with(chosen), resume=chosen.resume) as store, _resumable(store.directory):
        results = _Results(store, tasks)
        if chosen.resume:
            to_play = len(results.open_tasks)
            sys.stderr.write(f"codecraft: {results.total - to_play} of {results.total} judged already, {to_play} to play\n")
        try:
            _play(client, make, options, results, chosen.parallel)
        except ModelRefusedError as error:
            sys.stderr.write(f"codecraft: the model can't be asked: {error}\n")
        except AgentBrokenError as error:
            sys.stderr.write(f"codecraft: {error}; the transcripts have the traces\n")
        finally:  # Ctrl-C and SIGTERM, too, show what there is
            _show(console, results, _played_with(chosen), as_json=chosen.json)
        return 0 if results.all_judged else 1


def _check(make: AgentFactory, options: AgentOptions) -> None:
    """Have what is wrong with the options, or with the agent, told before anything is opened."""
    try:
        with defects.raising():
            make(options)
    except defects.AgentRaisedError as error:
        raise UsageError(f"the agent can't be made: {error}") from error


@contextmanager
def _resumable(directory: Path) -> Iterator[None]:
    """Tell whoever stops the run how to go on."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        sys.stderr.write(f"codecraft: interrupted; go on with --resume --out {shlex.quote(str(directory))}\n")
        raise


class _Results:
    """The results of a run, those of the run that is resumed included, in the order of its tasks."""

    def __init__(self, store: Store, tasks: Sequence[Task]) -> None:
        self.store = store
        self._tasks = tasks
        self._by_id = {task.task_id: kept for task in tasks if (kept := store.finished(task)) is not None}

    @property
    def open_tasks(self) -> list[Task]:
        """What is still to be played."""
        return [task for task in self._tasks if task.task_id not in self._by_id]

    @property
    def total(self) -> int:
        """How many tasks there are."""
        return len(self._tasks)

    def add(self, result: TaskResult) -> None:
        """Keep one more."""
        self._by_id[result.task_id] = result  # first: an interrupt that falls on the way to the disk finds it there already
        self.store.add(result)

    @property
    def known(self) -> list[TaskResult]:
        """What there is."""
        return [self._by_id[task.task_id] for task in self._tasks if task.task_id in self._by_id]

    @property
    def all_judged(self) -> bool:
        """Whether every task was judged."""
        return len(self.known) == self.total and all(result.judged for result in self.known)

    def transcript(self, task: Task, attempt: int) -> tuple[str, AbstractContextManager[Transcript]]:
        """Return the name of a transcript and the way to write it."""
        name = file_name(task.task_id, attempt)
        return name, transcript(self.store.transcripts / name)


def _play(client: Client, make: AgentFactory, options: AgentOptions, results: _Results, parallel: int) -> None:
    tasks = results.open_tasks
    with Display(Console(stderr=True, highlight=False), results.total, results.total - len(tasks)) as display:
        finished = Runner(client, make, options, results, display, parallel=parallel).play(tasks)
        with closing(finished):
            for result in finished:
                results.add(result)
                display.finished(result)


def _show(console: Console, results: _Results, run: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(summary.as_json(run, results.known), indent=2) + "\n")
        return
    tables.show(console, run, results.known)
    if results.known:
        console.print(f"results and transcripts: {results.store.directory}", markup=False, soft_wrap=True)


def _options(chosen: argparse.Namespace) -> AgentOptions:
    budget = Budget(steps=chosen.max_steps, tokens=chosen.max_tokens, seconds=chosen.max_seconds)
    reward = RewardOptions(RewardMode(chosen.reward_mode), discount=_discounted(chosen))
    return AgentOptions(model=chosen.model, base_url=chosen.base_url, api_key=_api_key(chosen.api_key_file), budget=budget, reward=reward)


def _discounted(chosen: argparse.Namespace) -> float | None:
    """Return the discount factor, which shaped rewards and no others have."""
    if chosen.reward_mode == RewardMode.SHAPED.value:
        return 1.0 if chosen.discount is None else chosen.discount
    if chosen.discount is not None:
        raise UsageError("--discount is for --reward-mode shaped")
    return None


def _api_key(file: Path | None) -> str:
    if file is None:
        return os.environ.get("OPENAI_API_KEY", "")
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"the API key can't be read from {file}: {error}") from error


def _tasks(client: Client, chosen: argparse.Namespace) -> list[Task]:
    """Return what is to be played, each once."""
    if chosen.task:
        tasks = [client.task(task_id) for task_id in dict.fromkeys(chosen.task)]
    elif chosen.all or chosen.category:
        tasks = [task for task in client.tasks(chosen.category) if task.gradable]
    else:
        raise UsageError("say what is to be played: ids of tasks, --category NAME or --all")
    if not tasks:
        raise UsageError(f"no task of the category {chosen.category!r} can be graded" if chosen.category else "no task can be graded")
    return tasks


def _played_with(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return what makes a run this run and no other. No secret."""
    limits = {"max_steps": chosen.max_steps, "max_tokens": chosen.max_tokens, "max_seconds": chosen.max_seconds}
    reward = {"reward_mode": chosen.reward_mode, "discount": _discounted(chosen)}
    return {"agent": chosen.agent, "model": chosen.model, **limits, **reward}


def _out(chosen: argparse.Namespace) -> Path:
    if chosen.out is not None:
        out: Path = chosen.out
        if chosen.resume and not (out / "results.jsonl").exists():
            raise UsageError(f"there is no run in {out} that could be resumed")
        return out
    if chosen.resume:
        raise UsageError("say which run is to be resumed: --out DIR")
    agent = re.sub(r"[^\w.-]+", "-", chosen.agent)
    return Path("runs") / f"{time.strftime('%Y%m%dT%H%M%S')}-{agent}"


def _discount(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 1, not {text!r}")
    return number


def _within(most: int = 2**31) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isdecimal() and 1 <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be 1 to {most}, not {text!r}")
        return int(text)

    return number
