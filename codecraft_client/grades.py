"""What grading said. Values only."""

from dataclasses import dataclass
from enum import Enum

from codecraft_client.types import SandboxOrigin


class GradingPlace(Enum):
    """Where checks were run."""

    UNKNOWN = "unknown"
    FRESH = "fresh"
    IN_PLACE = "in_place"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check said, as far as the task shows it; `weight` is its share of the score."""

    check_id: str
    title: str
    passed: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Grade:
    """What grading said; `score` 0 to 1, None when grading failed.

    Attributes:
        sandbox_origin: How the fresh sandbox came to be; None where there was none.
        work_digest: SHA-256 (hex) of the work that was graded in a fresh sandbox; empty where there was none.
    """

    score: float | None
    passed: bool
    checks: tuple[CheckResult, ...]
    place: GradingPlace
    sandbox_origin: SandboxOrigin | None
    work_digest: str
