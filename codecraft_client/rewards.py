"""How an episode pays, what a step paid, and what it was worth to the process. Values only."""

from dataclasses import dataclass
from enum import Enum


class RewardMode(Enum):
    """What an episode pays for; docs/rewards.md has the formulas."""

    UNKNOWN = "unknown"
    OUTCOME = "outcome"
    MILESTONES = "milestones"
    SHAPED = "shaped"


@dataclass(frozen=True, slots=True)
class RewardOptions:
    """How an episode pays.

    Attributes:
        milestone_share: With MILESTONES: their part of the return, 0 to 1; None: the task's.
        discount: With SHAPED, where it must be given: the learner's discount factor, above 0 and at most 1.
    """

    mode: RewardMode = RewardMode.OUTCOME
    milestone_share: float | None = None
    discount: float | None = None


class RewardKind(Enum):
    """What a part of a reward is paid for."""

    UNKNOWN = "unknown"
    OUTCOME = "outcome"
    MILESTONE = "milestone"
    PENALTY = "penalty"
    SHAPING = "shaping"


@dataclass(frozen=True, slots=True)
class RewardComponent:
    """One part of a reward; `name` says which milestone or penalty."""

    kind: RewardKind
    value: float
    name: str


@dataclass(frozen=True, slots=True)
class Reward:
    """What a step pays; `value` is the sum of the components, None (never 0) when the service failed and nothing may be learned."""

    valid: bool
    value: float | None
    components: tuple[RewardComponent, ...]


class StepLabel(Enum):
    """What a step was worth to the process; the schema's -1, 0 and +1."""

    UNKNOWN = "unknown"
    PROGRESS = "progress"
    NEUTRAL = "neutral"
    REGRESS = "regress"


@dataclass(frozen=True, slots=True)
class MilestoneChange:
    """What became of a milestone in a step; `first`: it had never held before. `weight` is its share of all milestones, 0 to 1."""

    milestone_id: str
    title: str
    holds: bool
    first: bool
    weight: float
