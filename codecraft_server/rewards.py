"""What a step pays: the parts of a reward, how an episode asks to be paid, and how parts add up. Pure; knows nothing of sandboxes or gRPC.

docs/rewards.md has the formulas and where they come from; `episodes.way` applies them.
"""

import math
from dataclasses import dataclass, replace
from enum import Enum

from codecraft_server.task import Task


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


def increased(reward: Reward, parts: tuple[RewardComponent, ...]) -> Reward:
    """A reward with further parts; one that is absent stays so."""
    return replace(reward, components=reward.components + parts) if reward.valid and parts else reward


class RewardMode(Enum):
    """What an episode pays for; the schema says it in words."""

    OUTCOME = "outcome"
    MILESTONES = "milestones"
    SHAPED = "shaped"


@dataclass(frozen=True, slots=True)
class RewardTerms:
    """How an episode pays.

    Attributes:
        milestone_share: MILESTONES only: their part of the return, 0 to 1; None: the task's.
        discount: SHAPED only, where it must be given: above 0 and at most 1.
    """

    mode: RewardMode = RewardMode.OUTCOME
    milestone_share: float | None = None
    discount: float | None = None

    def of(self, task: Task) -> "RewardTerms":
        """The same with what was left to the task filled in. Without milestones their share is 0, so that a return of 1 can be had."""
        if self.mode is not RewardMode.MILESTONES:
            return self
        if not task.milestones:
            return replace(self, milestone_share=0.0)
        return self if self.milestone_share is not None else replace(self, milestone_share=task.milestone_share)


BY_OUTCOME = RewardTerms()


class Step(Enum):
    """What a step was worth to the process."""

    UNKNOWN = "unknown"
    PROGRESS = "progress"
    NEUTRAL = "neutral"
    REGRESS = "regress"


def of_submission(*, passed: bool | None) -> Step:
    """What a submission was worth to the process; `passed` None: it could not be judged."""
    if passed is None:
        return Step.UNKNOWN
    return Step.PROGRESS if passed else Step.NEUTRAL


def returned(rewards: list[Reward]) -> float | None:
    """The episode's return; None when any of its rewards is absent."""
    if not all(reward.valid for reward in rewards):
        return None
    return math.fsum(part.value for reward in rewards for part in reward.components)
