"""What grading says: values. Knows nothing of how checks are run."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from codecraft_server.sandbox import Origin
from codecraft_server.task import GradingPlace


class Phase(Enum):
    """The phases of grading."""

    FREEZING = "freezing"
    COPYING = "copying"
    WAITING = "waiting"
    PREPARING = "preparing"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True)
class PhaseBegan:
    """A phase of grading has begun; `checks` is their number in all."""

    phase: Phase
    checks: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check said. `shown`: whether the agent may see it. `reason` is for the operator's log and task authors, never for agents."""

    check_id: str
    title: str
    passed: bool
    weight: float
    shown: bool
    reason: str = ""


Report: TypeAlias = Callable[[PhaseBegan | CheckResult], None]  # is told what happens, hidden checks included; must not block


@dataclass(frozen=True, slots=True)
class Grade:
    """What grading said: score in [0, 1], all checks in the task's order.

    Attributes:
        place: Where the checks were run.
        origin: How the fresh sandbox came to be; None where there was none.
        work_digest: SHA-256 (hex) of the work that was graded in a fresh sandbox; empty where there was none.
        problem: Why the work failed as a whole, no check having been run: it is too large, say. For the learner to see. Else empty.
    """

    score: float
    passed: bool
    checks: tuple[CheckResult, ...]
    place: GradingPlace = GradingPlace.IN_PLACE
    origin: Origin | None = None
    work_digest: str = ""
    problem: str = ""


class FaultKind(Enum):
    """Why nothing could be judged."""

    GRADER_FAILED = "grader_failed"
    TASK_HAS_NO_CHECKS = "task_has_no_checks"
    TASK_BROKEN = "task_broken"


class GradingFault(Exception):  # noqa: N818 - a fault is the domain's word: the work was not judged, so there is no reward
    """The work could not be judged. `message` is one sentence that any client may read."""

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
