"""What every episode of a server shares, and the words for what fails around it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from codecraft_server.clock import Clock
from codecraft_server.curriculum import Curriculum
from codecraft_server.episodes.events import Fault, FaultReason
from codecraft_server.episodes.statistics import Statistics
from codecraft_server.episodes.waiting import Household
from codecraft_server.errors import CodecraftError, EngineUnavailableError, SandboxLostError, TaskSetupError
from codecraft_server.grading.verdict import CheckResult, Grade, PhaseBegan
from codecraft_server.sandbox import Sandbox, Sandboxes
from codecraft_server.settings import EpisodeSettings, Settings
from codecraft_server.task import Task


class Grader(Protocol):
    """How work is judged; `grading.grade` is the real one."""

    async def __call__(self, task: Task, sandbox: Sandbox, report: Callable[[PhaseBegan | CheckResult], None]) -> Grade:
        """Judge; what happens is told to `report` on the way. Raises GradingFault or SandboxLostError."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """What is around the episodes. `household` owns every task of theirs."""

    sandboxes: Sandboxes
    curriculum: Curriculum
    grade: Grader
    settings: Settings
    clock: Clock
    household: Household
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
