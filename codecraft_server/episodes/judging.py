"""Has work judged, whatever may go wrong with that: a verdict comes out in any case. And how calls follow a submission."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from codecraft_server import rewards
from codecraft_server.episodes import text
from codecraft_server.episodes.actions import Effect
from codecraft_server.episodes.events import Fault, FaultReason, Heartbeat, Outcome, SubmitEvent, SubmitResult, Timing
from codecraft_server.episodes.leases import Lease
from codecraft_server.episodes.waiting import Bell, Feed
from codecraft_server.episodes.workbench import Workbench
from codecraft_server.episodes.world import INTERNAL, World, fault_of
from codecraft_server.errors import CodecraftError
from codecraft_server.grading import Work
from codecraft_server.grading.verdict import CheckResult, Grade, GradingFault, Phase, PhaseBegan, Report
from codecraft_server.rewards import Reward, Step
from codecraft_server.task import Task

EVENTS_KEPT = 512
_PASSING = frozenset({FaultReason.GRADER_FAILED, FaultReason.SANDBOX_LOST, FaultReason.ENGINE_LOST})  # may not come another time

_log = logging.getLogger(__name__)

R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a submission came to. With a fault there is no grade and no reward."""

    outcome: Outcome
    reward: Reward
    grade: Grade | None = None
    fault: Fault | None = None


def faulted(fault: Fault) -> Verdict:
    """The verdict where none could be had."""
    return Verdict(Outcome.FAULT, rewards.ABSENT, fault=fault)


def effect_of(verdict: Verdict) -> Effect:
    """What a step came to in which the work was submitted."""
    return Effect(
        message=text.graded(verdict.grade) if verdict.grade else text.NOT_JUDGED,
        reward=verdict.reward,
        label=Step.PROGRESS if verdict.outcome is Outcome.PASSED else Step.NEUTRAL,
        outcome=verdict.outcome,
        fault=verdict.fault,
        grade=verdict.grade,
    )


async def judge(world: World, bench: Workbench, report: Report) -> Verdict:
    """Have what stands on a workbench judged. `report` is told what an agent may see. Nothing but cancellation comes out as an exception.

    Once the work is copied the sandbox is closed, and the copy is kept for the episode until it is let age.
    """
    task, sandbox = bench.task, bench.sandbox
    if task is None or sandbox is None:
        return faulted(INTERNAL)
    work = await _attempt(task, world.grader.collect(task, sandbox, _shown(report)))
    if isinstance(work, Fault):
        return faulted(work)
    if work is None:
        return _verdict(await _attempt(task, world.grader.grade(task, sandbox, _shown(report))))
    world.works.keep(bench.episode_id, work)
    await bench.close()
    return await judge_work(world, task, work, report)


async def judge_work(world: World, task: Task, work: Work, report: Report) -> Verdict:
    """Have a work judged that is kept. As `judge`; a fault that need not come again says so."""
    verdict = _verdict(await _attempt(task, world.grader.grade(task, work, _shown(report))))
    if verdict.fault is not None:
        return faulted(replace(verdict.fault, can_submit_again=verdict.fault.reason in _PASSING))
    return verdict


async def _attempt(task: Task, grading: Awaitable[T]) -> T | Fault:
    """Return what a part of grading returns, or the fault that it ended with."""
    try:
        return await grading
    except GradingFault as fault:
        return Fault(FaultReason(fault.kind.value), fault.message)
    except CodecraftError as error:
        return fault_of(error)
    except Exception:  # noqa: BLE001 - the fault says to the client what it may know, the log the rest
        _log.exception("grading broke", extra={"task": task.task_id})
        return INTERNAL


def _shown(report: Report) -> Report:
    def tell(event: PhaseBegan | CheckResult) -> None:
        if isinstance(event, PhaseBegan) or event.shown:
            report(event)

    return tell


def _verdict(grade: Grade | Fault) -> Verdict:
    if isinstance(grade, Fault):
        return faulted(grade)
    return Verdict(Outcome.PASSED if grade.passed else Outcome.FAILED, rewards.outcome(grade.score), grade)


class Grading(Generic[R]):
    """A grading from its beginning on, and how calls follow it. `done` is set when it has a result."""

    def __init__(self, world: World) -> None:
        self.result: R | None = None
        self.done = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self._world = world
        self._began = world.clock.monotonic()
        self._began_wall = world.clock.wall()
        self._queued_s = 0.0
        self._waits_since: float | None = None
        self._feed: Feed[PhaseBegan | CheckResult] = Feed(EVENTS_KEPT)
        self._bell = Bell()

    def publish(self, event: PhaseBegan | CheckResult) -> None:
        """Tell who follows."""
        if isinstance(event, PhaseBegan):
            now = self._world.clock.monotonic()
            self._queued_s += 0.0 if self._waits_since is None else now - self._waits_since
            self._waits_since = now if event.phase is Phase.WAITING else None
        self._feed.publish(event)
        self._bell.ring()

    def timing(self, episode_s_left: float = 0.0) -> Timing:
        """Where the time went until now."""
        elapsed_s = self._world.clock.monotonic() - self._began
        return Timing(self._began_wall, elapsed_s, queued_s=self._queued_s, episode_s_left=episode_s_left)

    def finish(self, result: R) -> None:
        """It is over."""
        self.result = result
        self.task = None
        self.done.set()
        self._bell.ring()

    async def follow(self) -> AsyncGenerator[PhaseBegan | CheckResult | Heartbeat | R, None]:
        """Yield what happened and happens, then the result. May be dropped at any moment."""
        clock, position = self._world.clock, 0
        while True:
            if told := self._feed.after(position):
                yield told[1]
                position = told[0]
            elif self.done.is_set():
                break
            elif not await self._bell.wait(clock, self._world.bounds.heartbeat_s):
                yield Heartbeat(clock.monotonic() - self._began)
        if self.result is not None:
            yield self.result


class Submission(Grading[SubmitResult]):
    """A submission; kept with its episode, and holds its lease as long as somebody follows."""

    def __init__(self, world: World, lease: Lease) -> None:
        super().__init__(world)
        self._lease = lease

    async def follow(self) -> AsyncGenerator[SubmitEvent, None]:
        """See Grading."""
        self._lease.hold()
        try:
            async with contextlib.aclosing(super().follow()) as events:
                async for event in events:
                    yield event
        finally:
            self._lease.release()
