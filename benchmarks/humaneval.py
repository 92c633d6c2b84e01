"""`python -m benchmarks.humaneval PATH`: does the grader agree with HumanEval? Every answer that is known, played through a real server.

For each problem three answers: the canonical solution must score 1, an empty body and `return None` must score 0. PATH is
HumanEval.jsonl.gz, which does not come with this project.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks import servers
from benchmarks.progress import Progress
from codecraft_client import Client, SubmitResult
from codecraft_client.errors import CodecraftError as ClientError
from codecraft_server import curriculum, importing
from codecraft_server.curriculum import Curriculum
from codecraft_server.errors import CodecraftError
from codecraft_server.settings import TaskDefaults
from codecraft_server.task import Deed, TaskFile

CANONICAL = "canonical solution"
NAME = "humaneval"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is submitted for a task, and the score that it must get."""

    task_id: str
    kind: str
    deeds: tuple[Deed, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Played:
    """What came of an answer; `why` is empty where the score is the one that it must be."""

    answer: Answer
    why: str


def main(arguments: list[str] | None = None) -> int:
    """Play all answers. 0 when the grader agrees with each."""
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run(_run(options.path, options.target, options.parallel))
    except (CodecraftError, ClientError, servers.ServerError) as error:
        print(f"could not be played: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.humaneval", description="Plays HumanEval's known answers through a server.")
    parser.add_argument("path", metavar="PATH", type=Path, help="HumanEval.jsonl.gz")
    parser.add_argument("--parallel", metavar="N", type=int, choices=range(1, 65), default=4, help="episodes at once, 1 to 64 (default 4)")
    parser.add_argument("--target", metavar="HOST:PORT", help="a server that serves the imported file; else one of its own is started")
    return parser


async def _run(path: Path, target: str | None, parallel: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "curriculum.json"
        tasks = await asyncio.to_thread(_imported, path, file)
        todo = list(answers(tasks))
        async with _server(file, target) as address:
            with Client(address) as client, ThreadPoolExecutor(parallel) as threads:
                await asyncio.to_thread(client.server_info)  # nobody there is one error, not one for each answer
                began = time.perf_counter()
                played = await _played(client, todo, threads)
                seconds = time.perf_counter() - began
    print(report(played, seconds, parallel), end="")
    return 1 if any(each.why for each in played) else 0


def _imported(path: Path, file: Path) -> Curriculum:
    defaults = TaskDefaults()
    importing.save(importing.convert(importing.FORMATS["humaneval"], path, defaults), file, defaults, force=False)
    return curriculum.load(file, defaults)


@contextlib.asynccontextmanager
async def _server(file: Path, target: str | None) -> AsyncIterator[str]:
    if target is not None:
        yield target
        return
    async with servers.codecraft(file) as running:
        yield running.target


def answers(tasks: Curriculum) -> Iterator[Answer]:
    """Every answer that a curriculum knows the score of."""
    for task in tasks.tasks.values():
        yield Answer(task.task_id, CANONICAL, task.solution, 1.0)
        for wrong in task.wrong:
            yield Answer(task.task_id, wrong.name, wrong.commands, wrong.max_score)


async def _played(client: Client, todo: Sequence[Answer], threads: Executor) -> list[Played]:
    """Play all, as many at once as there are threads; in the order of `todo`."""
    progress = Progress()
    progress.measure(NAME)
    loop = asyncio.get_running_loop()
    playing = [loop.run_in_executor(threads, play, client, answer) for answer in todo]
    for number, one in enumerate(asyncio.as_completed(playing), 1):
        await one
        progress.round(number, len(playing))
    progress.done()
    return [one.result() for one in playing]


def play(client: Client, answer: Answer) -> Played:
    """Play one episode. What goes wrong in it is told, so that the others are played all the same."""
    try:
        with client.reset(answer.task_id) as episode:
            for deed in answer.deeds:
                if isinstance(deed, TaskFile):
                    episode.write_file(deed.path, deed.content)
                else:
                    episode.run(deed, stream=False).result()
            return Played(answer, _why(answer, episode.submit()))
    except ClientError as error:
        return Played(answer, f"{type(error).__name__}: {error}")


def _why(answer: Answer, result: SubmitResult) -> str:
    if result.fault is not None or result.grade is None or result.grade.score is None:
        return f"fault: {result.fault.message if result.fault else 'no score'}"
    if result.grade.score == answer.score == result.reward.value:
        return ""
    return f"scored {result.grade.score:g}, rewarded {result.reward.value}, not {answer.score:g}"


def report(played: Sequence[Played], seconds: float, parallel: int) -> str:
    """The table, the time, and each disagreement by name."""
    kinds = list(dict.fromkeys(each.answer.kind for each in played))
    width = max(len(kind) for kind in kinds)
    lines = [f"{'answer':{width}}  score  agree"]
    for kind in kinds:
        ones = [each for each in played if each.answer.kind == kind]
        agree = sum(not each.why for each in ones)
        lines.append(f"{kind:{width}}  {ones[0].answer.score:5g}  {agree}/{len(ones)}")
    rate = len(played) / seconds
    lines += ["", f"{len(played)} episodes in {seconds:.1f} s, {parallel} at once: {rate:.2f} episodes/s"]
    lines += [f"DISAGREES  {each.answer.task_id}, {each.answer.kind}: {each.why}" for each in played if each.why]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
