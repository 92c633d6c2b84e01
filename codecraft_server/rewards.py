"""What a step pays: the parts of a reward and how they add up. Pure; knows nothing of sandboxes or gRPC."""

import math
from dataclasses import dataclass
from enum import Enum


class RewardKind(Enum):
    """What a part of a reward is paid for."""

    OUTCOME = "outcome"
    MILESTONE = "milestone"
    PENALTY = "penalty"
    SHAPING = "shaping"


@dataclass(frozen=True, slots=True)
class RewardComponent:
    """One part of a reward, finite."""

    kind: RewardKind
    value: float
    name: str = ""

    def __post_init__(self) -> None:
        """A reward that is not a number must never leave the house."""
        if not math.isfinite(self.value):
            message = f"reward component {self.name!r} is not finite"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward, or (not valid) the honest absence of one."""

    valid: bool
    components: tuple[RewardComponent, ...] = ()

    @property
    def value(self) -> float | None:
        """Sum of the components; None when there is no reward."""
        return math.fsum(part.value for part in self.components) if self.valid else None


NOTHING = Reward(valid=True)
ABSENT = Reward(valid=False)


def penalty(value: float, name: str) -> Reward:
    """The reward of a malformed or impossible action; `value` is not positive."""
    return Reward(valid=True, components=(RewardComponent(RewardKind.PENALTY, value, name),))


def outcome(score: float) -> Reward:
    """The reward of a submission scored in [0, 1]."""
    return Reward(valid=True, components=(RewardComponent(RewardKind.OUTCOME, score),))


class Step(Enum):
    """What a step was worth to the process."""

    UNKNOWN = "unknown"
    PROGRESS = "progress"
    NEUTRAL = "neutral"
    REGRESS = "regress"


def returned(rewards: list[Reward]) -> float | None:
    """The episode's return; None when any of its rewards is absent."""
    if not all(reward.valid for reward in rewards):
        return None
    return math.fsum(part.value for reward in rewards for part in reward.components)
