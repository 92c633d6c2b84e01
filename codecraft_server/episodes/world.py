"""What every episode of a server shares, and the words for what fails around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from codecraft_server.clock import Clock
from codecraft_server.curriculum import Curriculum
from codecraft_server.episodes.events import Fault, FaultReason
from codecraft_server.episodes.statistics import Statistics
from codecraft_server.episodes.waiting import Household
from codecraft_server.episodes.works import Works
from codecraft_server.errors import CodecraftError, EngineUnavailableError, SandboxLostError, TaskSetupError
from codecraft_server.grading import Work
from codecraft_server.grading.verdict import CheckResult, Grade, Report
from codecraft_server.sandbox import Sandbox, Sandboxes
from codecraft_server.settings import EpisodeSettings, Settings
from codecraft_server.task import Check, Task


class Grader(Protocol):
    """How work is judged; `grading.Grader` is the real one. Its methods may raise `GradingFault` and `SandboxError`."""

    @property
    def gradings(self) -> int:
        """How many are under way in sandboxes of their own."""
        ...

    @property
    def queued(self) -> int:
        """How many wait for one."""
        ...

    async def collect(self, task: Task, sandbox: Sandbox, report: Report) -> Work | None:
        """End all of the agent's processes and copy the work, which the caller closes. None where the task is graded in place."""
        ...

    async def copy(self, task: Task, sandbox: Sandbox) -> Work:
        """Copy the work as it is, which the caller closes. Nothing should change it meanwhile."""
        ...

    async def grade(self, task: Task, subject: Work | Sandbox, report: Report) -> Grade:
        """Judge a work in a fresh sandbox, or a sandbox as it stands; what happens is told to `report` on the way."""
        ...

    async def check(self, task: Task, checks: Sequence[Check], work: Work, report: Report = ...) -> tuple[CheckResult, ...]:
        """Run any checks on a copy of a work in a fresh sandbox."""
        ...


@dataclass(slots=True)
class World:
    """What is around the episodes. `household` owns every task of theirs. Only the curriculum may be another one later."""

    sandboxes: Sandboxes
    curriculum: Curriculum
    grader: Grader
    settings: Settings
    clock: Clock
    household: Household
    works: Works
    statistics: Statistics

    @property
    def bounds(self) -> EpisodeSettings:
        """The bounds of episodes."""
        return self.settings.episodes


SHUTDOWN = Fault(FaultReason.SHUTDOWN, "The server shut down.")
INTERNAL = Fault(FaultReason.INTERNAL, "A defect of the server ended this episode.")


def fault_of(error: CodecraftError) -> Fault:
    """The fault of an episode whose sandbox was lost, or could not be made anew."""
    match error:
        case SandboxLostError(cause="engine") | EngineUnavailableError():
            return Fault(FaultReason.ENGINE_LOST, "The engine that runs the sandboxes does not answer.")
        case SandboxLostError():
            return Fault(FaultReason.SANDBOX_LOST, f"The sandbox was lost ({error.cause}).")
        case TaskSetupError():
            return Fault(FaultReason.TASK_BROKEN, "The task could not be set up.")
        case _:
            return Fault(FaultReason.SANDBOX_LOST, "A fresh sandbox could not be made.")
