"""The way of an episode to its goal: which milestones hold, which were ever reached, and what that pays. Pure.

Knows nothing of how milestones are asked. docs/rewards.md has the formulas. Shares are rounded to multiples of 2**-52, so that their
differences are exact and what is paid in parts adds up to what is promised, to the last bit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from codecraft_server.episodes.events import MilestoneChange
from codecraft_server.rewards import RewardComponent, RewardKind, RewardMode, RewardTerms, Step
from codecraft_server.task import Check, Task, Visibility

_GRID = 2.0**52  # 1 and everything below it is exact on it, and so are sums and differences up to 2


@dataclass(frozen=True, slots=True)
class Stride:
    """What a step meant: the parts of its reward, what it was worth to the process, and the changes that may be shown."""

    parts: tuple[RewardComponent, ...] = ()
    label: Step = Step.NEUTRAL
    changes: tuple[MilestoneChange, ...] = ()


_STANDING = Stride()


class Way:
    """Of one episode of one task. At its start no milestone holds."""

    def __init__(self, terms: RewardTerms, task: Task) -> None:
        self.terms = terms.of(task)
        self._milestones = task.milestones
        self._holds = (False,) * len(task.milestones)
        self._reached = self._holds

    def step(self, holds: Sequence[bool] | None) -> Stride:
        """Count a step. `holds` says of each milestone whether it holds now; None: nothing can have changed."""
        if not self._milestones:
            return _STANDING
        before, reached_before = self._holds, self._reached
        if holds is not None:
            self._holds = tuple(holds)
            self._reached = tuple(now or ever for now, ever in zip(self._holds, self._reached, strict=True))
        moved = self._share(self._holds) - self._share(before)
        first = tuple(ever and not earlier for ever, earlier in zip(self._reached, reached_before, strict=True))
        return Stride(self._paid(before, reached_before, first), _label(moved, first=any(first)), self._changes(before, first))

    def submitted(self, score: float) -> tuple[RewardComponent, ...]:
        """What a submission with this score pays. Counts nothing."""
        if self.terms.mode is RewardMode.MILESTONES:
            score *= 1.0 - _on_grid(self.terms.milestone_share or 0.0)
        return (RewardComponent(RewardKind.OUTCOME, score), *self.left())

    def left(self) -> tuple[RewardComponent, ...]:
        """What the end of an episode by the agent's doing pays besides: the potential of that state is 0. Counts nothing."""
        return _shaping(-self._share(self._holds)) if self.terms.mode is RewardMode.SHAPED else ()

    def _paid(self, before: tuple[bool, ...], reached: tuple[bool, ...], first: tuple[bool, ...]) -> tuple[RewardComponent, ...]:
        match self.terms.mode:
            case RewardMode.MILESTONES:
                return self._firsts(reached, first)
            case RewardMode.SHAPED:
                return _shaping((self.terms.discount or 1.0) * self._share(self._holds) - self._share(before))
            case _:
                return ()

    def _firsts(self, reached: tuple[bool, ...], first: tuple[bool, ...]) -> tuple[RewardComponent, ...]:
        parts, so_far = [], list(reached)
        for index, milestone in enumerate(self._milestones):
            if first[index]:
                earned = self._earned(so_far)
                so_far[index] = True
                parts.append(RewardComponent(RewardKind.MILESTONE, self._earned(so_far) - earned, _shown_name(milestone)))
        return tuple(part for part in parts if part.value)

    def _earned(self, reached: Sequence[bool]) -> float:
        return _on_grid((self.terms.milestone_share or 0.0) * self._share(reached))

    def _share(self, held: Sequence[bool]) -> float:
        """The weighted share of milestones, 0 to 1; exactly 1 where all are, whatever rounding did to the weights."""
        if held and all(held):
            return 1.0
        return _on_grid(min(1.0, math.fsum(each.weight for each, is_held in zip(self._milestones, held, strict=True) if is_held)))

    def _changes(self, before: tuple[bool, ...], first: tuple[bool, ...]) -> tuple[MilestoneChange, ...]:
        return tuple(
            MilestoneChange(each.check_id, each.title, self._holds[index], first[index], each.weight)
            for index, each in enumerate(self._milestones)
            if self._holds[index] != before[index] and each.visibility is not Visibility.HIDDEN
        )


def _label(moved: float, *, first: bool) -> Step:
    if first or moved > 0:
        return Step.PROGRESS
    return Step.REGRESS if moved < 0 else Step.NEUTRAL


def _shaping(value: float) -> tuple[RewardComponent, ...]:
    return (RewardComponent(RewardKind.SHAPING, value),) if value else ()


def _shown_name(milestone: Check) -> str:
    return "" if milestone.visibility is Visibility.HIDDEN else milestone.check_id


def _on_grid(share: float) -> float:
    return round(share * _GRID) / _GRID
