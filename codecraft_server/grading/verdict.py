"""What grading says: values. Knows nothing of how checks are run."""

from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """The phases of grading."""

    FREEZING = "freezing"
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


@dataclass(frozen=True, slots=True)
class Grade:
    """What grading said: score in [0, 1], all checks in the task's order."""

    score: float
    passed: bool
    checks: tuple[CheckResult, ...]


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
