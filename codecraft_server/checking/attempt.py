"""One attempt at a task, from `Reset` to its grade, as an agent plays it: each deed is a step. Knows nothing of what it is to prove."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from codecraft_server.episodes import Episodes
from codecraft_server.episodes.events import Outcome, Ready, RunCommand, StepResult, SubmitResult, WriteFile
from codecraft_server.errors import CodecraftError
from codecraft_server.grading.verdict import CheckResult
from codecraft_server.rewards import RewardMode, RewardTerms
from codecraft_server.task import Deed, Task, TaskFile

_numbers = itertools.count(1)
_TERMS = RewardTerms(RewardMode.MILESTONES)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt came to.

    Attributes:
        score: None when there is none: it could not be opened, or it was not judged.
        refused: Why no episode could be had (a setup command failed, the image is not there); empty: there was one.
        fault: Why it was not judged by no doing of the agent's; empty: it was.
        stopped: How the episode ended before it was submitted ("out_of_steps"); empty: it did not.
        checks: What each check said, reasons included, which agents never see.
        output: What the steps printed, cut as an agent's is.
        reached: Ids of the milestones that each step was the first to reach, of those that the task shows.
        grading_s: How long the submission took, in seconds.
    """

    score: float | None = None
    passed: bool = False
    refused: str = ""
    fault: str = ""
    stopped: str = ""
    checks: tuple[CheckResult, ...] = ()
    output: bytes = b""
    reached: tuple[tuple[str, ...], ...] = ()
    grading_s: float = 0.0

    @property
    def came(self) -> str:
        """What came, in one line."""
        if self.refused or self.fault or self.stopped:
            return self.refused or (f"a fault: {self.fault}" if self.fault else f"the episode ended {self.stopped}")
        return f"score {self.score:g}"


async def play(episodes: Episodes, task: Task, deeds: Sequence[Deed], command_s: float) -> Attempt:
    """Play once. A command gets `command_s` at the most. What goes wrong is told in the attempt, never raised."""
    try:
        ready = await _last(episodes.reset(f"check {next(_numbers)}", task.task_id, reward=_TERMS))
    except CodecraftError as error:
        return Attempt(refused=error.message)
    assert isinstance(ready, Ready)  # noqa: S101 - the last event of a reset
    try:
        return await _played(episodes, task, ready, deeds, command_s)
    except CodecraftError as error:
        return Attempt(fault=error.message)
    finally:
        await asyncio.shield(episodes.close(ready.episode_id, ready.episode_token))


async def _played(episodes: Episodes, task: Task, ready: Ready, deeds: Sequence[Deed], command_s: float) -> Attempt:
    key = (ready.episode_id, ready.episode_token)
    output, reached = bytearray(), []
    for index, deed in enumerate(deeds):
        step = await _last(episodes.step(*key, index, _action(deed, min(command_s, task.limits.command_s)), stream_output=False))
        assert isinstance(step, StepResult)  # noqa: S101 - the last event of a step
        output += step.observation.output
        reached.append(tuple(change.milestone_id for change in step.milestones if change.first))
        if step.outcome is not None:
            fault = step.fault.message if step.fault else ""
            return Attempt(fault=fault, stopped="" if fault else step.outcome.value, output=bytes(output), reached=tuple(reached))
    began = asyncio.get_running_loop().time()
    result = await _last(episodes.submit(*key))
    assert isinstance(result, SubmitResult)  # noqa: S101 - the last event of a submission
    grading_s = asyncio.get_running_loop().time() - began
    if result.grade is None:
        return Attempt(fault=result.fault.message if result.fault else result.outcome.value, output=bytes(output), grading_s=grading_s)
    return Attempt(
        score=result.grade.score,
        passed=result.outcome is Outcome.PASSED,
        checks=result.grade.checks,
        output=bytes(output),
        reached=tuple(reached),
        grading_s=grading_s,
    )


def _action(deed: Deed, command_s: float) -> RunCommand | WriteFile:
    if isinstance(deed, TaskFile):
        return WriteFile(deed.path.encode(), deed.content, mode=deed.mode)
    return RunCommand(deed.encode(), timeout_s=command_s)


async def _last(events: AsyncGenerator[Any, None]) -> Any:
    last = None
    async with aclosing(events):
        async for event in events:
            last = event
    return last
