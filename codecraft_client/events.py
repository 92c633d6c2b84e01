"""What the streams of a call yield, and what they come to. Values only."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from codecraft_client.grades import CheckResult, Grade
from codecraft_client.rewards import MilestoneChange, Reward, RewardOptions, StepLabel
from codecraft_client.types import (
    Fault,
    Gap,
    Observation,
    Outcome,
    SandboxOrigin,
    Stream,
    Task,
    Timing,
    Usage,
)


@dataclass(frozen=True, slots=True)
class Queued:
    """Waiting for a place; 1 is next."""

    position: int


@dataclass(frozen=True, slots=True)
class Pulling:
    """An image is being pulled; bytes are 0 where the engine does not say."""

    image: str
    layer: str
    status: str
    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Starting:
    """A sandbox is being started."""

    image: str


@dataclass(frozen=True, slots=True)
class SettingUp:
    """A task is being laid out in its sandbox: items done and in all."""

    done: int
    total: int


Progress: TypeAlias = Queued | Pulling | Starting | SettingUp


@dataclass(frozen=True, slots=True)
class Ready:
    """An episode is open. `episode_token` is a secret; `task` and `sandbox_origin` are None when it has none yet."""

    episode_id: str
    episode_token: str
    task: Task | None
    image_digest: str
    observation: Observation
    sandbox_origin: SandboxOrigin | None
    timing: Timing
    reward: RewardOptions


@dataclass(frozen=True, slots=True)
class Started:
    """A step has been taken up."""

    step_index: int


@dataclass(frozen=True, slots=True)
class Output:
    """A piece of output; `offset` counts the bytes of its stream from 0.

    Pieces of a stream follow each other without overlap or hole but for `Gap`s, whatever the connection does. Characters may be split.
    """

    stream: Stream
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life, in seconds since the step began."""

    elapsed_s: float


class GradingPhase(Enum):
    """The phases of grading."""

    UNKNOWN = "unknown"
    FREEZING = "freezing"
    COPYING = "copying"
    WAITING = "waiting"
    PREPARING = "preparing"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of grading has begun; `checks` in all."""

    phase: GradingPhase
    checks: int


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step came to.

    Attributes:
        terminated: The episode is over by the agent's doing.
        truncated: It is over otherwise.
        outcome: How it ended; None while it goes on.
        grade: What grading said, when the text action was `submit`.
        started_task: The task that a text action started.
        milestones: Those that this step made hold or no longer hold, as far as the task shows them.
    """

    step_index: int
    observation: Observation
    reward: Reward
    terminated: bool
    truncated: bool
    outcome: Outcome | None
    fault: Fault | None
    label: StepLabel
    grade: Grade | None
    timing: Timing
    usage: Usage | None
    started_task: Task | None
    milestones: tuple[MilestoneChange, ...]

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        return self.terminated or self.truncated


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """What a submission came to; with a fault `grade` has no score and `reward` no value. `episode_return` sums the episode's rewards."""

    grade: Grade | None
    reward: Reward
    episode_return: float | None
    terminated: bool
    truncated: bool
    outcome: Outcome
    fault: Fault | None
    timing: Timing
    label: StepLabel


@dataclass(frozen=True, slots=True)
class RegradeResult:
    """What grading again came to.

    Attributes:
        grade: What it said now; None with a fault.
        previous_grade: What it had said when the episode was submitted; None when that was a fault.
        task_digest: Digest of the task it was graded by now.
        previous_task_digest: Digest of the task that was played.
    """

    grade: Grade | None
    previous_grade: Grade | None
    task_digest: str
    previous_task_digest: str
    fault: Fault | None
    timing: Timing


StepEvent: TypeAlias = Started | Output | Gap | Heartbeat | Progress | Phase | CheckResult
SubmitEvent: TypeAlias = Heartbeat | Phase | CheckResult
