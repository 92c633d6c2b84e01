"""Has work judged, whatever may go wrong with that: a verdict comes out in any case. And how calls follow a submission."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from codecraft_server import rewards
from codecraft_server.clock import within
from codecraft_server.episodes.events import Fault, FaultReason, Heartbeat, Outcome, SubmitEvent, SubmitResult
from codecraft_server.episodes.leases import Lease
from codecraft_server.episodes.waiting import Bell, Feed
from codecraft_server.episodes.world import INTERNAL, World, fault_of
from codecraft_server.errors import SandboxLostError
from codecraft_server.grading.verdict import CheckResult, Grade, GradingFault, PhaseBegan
from codecraft_server.rewards import Reward
from codecraft_server.sandbox import Sandbox
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Task

EVENTS_KEPT = 512

_log = logging.getLogger(__name__)


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


async def judge(world: World, task: Task, sandbox: Sandbox, report: Callable[[PhaseBegan | CheckResult], None]) -> Verdict:
    """Grade. `report` is told what an agent may see. Nothing but cancellation comes out as an exception."""

    def tell(event: PhaseBegan | CheckResult) -> None:
        if isinstance(event, PhaseBegan) or event.shown:
            report(event)

    # The grader keeps grading_s itself and knows better why it was not enough; this is for one that hangs.
    deadline_s = task.limits.grading_s + GradingBounds().slack_s + world.settings.sandbox.kill_timeout_s
    try:
        grade = await within(world.clock, deadline_s, world.grade(task, sandbox, tell))
    except GradingFault as fault:
        return faulted(Fault(FaultReason(fault.kind.value), fault.message))
    except TimeoutError:
        return faulted(Fault(FaultReason.GRADER_FAILED, "Grading took longer than the task allows."))
    except SandboxLostError as lost:
        return faulted(fault_of(lost))
    except Exception:  # noqa: BLE001 - the fault says to the client what it may know, the log the rest
        _log.exception("grading broke", extra={"task": task.task_id, "sandbox": sandbox.name})
        return faulted(INTERNAL)
    return Verdict(Outcome.PASSED if grade.passed else Outcome.FAILED, rewards.outcome(grade.score), grade)


class Submission:
    """A submission from its beginning on; kept with its episode. `done` is set when it has a result."""

    def __init__(self, world: World, lease: Lease) -> None:
        self.result: SubmitResult | None = None
        self.done = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.began = world.clock.monotonic()
        self.began_wall = world.clock.wall()
        self._world = world
        self._lease = lease
        self._feed: Feed[PhaseBegan | CheckResult] = Feed(EVENTS_KEPT)
        self._bell = Bell()

    def publish(self, event: PhaseBegan | CheckResult) -> None:
        """Tell who follows."""
        self._feed.publish(event)
        self._bell.ring()

    def finish(self, result: SubmitResult) -> None:
        """It is over."""
        self.result = result
        self.task = None
        self.done.set()
        self._bell.ring()

    async def follow(self) -> AsyncGenerator[SubmitEvent, None]:
        """Yield what happened and happens, then the result. May be dropped at any moment."""
        self._lease.hold()
        clock, position = self._world.clock, 0
        try:
            while True:
                if told := self._feed.after(position):
                    yield told[1]
                    position = told[0]
                elif self.done.is_set():
                    break
                elif not await self._bell.wait(clock, self._world.bounds.heartbeat_s):
                    yield Heartbeat(clock.monotonic() - self.began)
            if self.result is not None:
                yield self.result
        finally:
            self._lease.release()
