"""What the way to the goal pays: the formulas of docs/rewards.md, for every sequence of milestones."""

import math
from fractions import Fraction

import pytest
from fakes import a_check, a_task
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from codecraft_server.episodes.events import MilestoneChange
from codecraft_server.episodes.way import Stride, Way
from codecraft_server.rewards import RewardComponent, RewardKind, RewardMode, RewardTerms, Step
from codecraft_server.task import Task, Visibility

MILESTONES, SHAPED = RewardTerms(RewardMode.MILESTONES), RewardTerms(RewardMode.SHAPED, discount=1.0)


def task(*weights: float, share: float = 0.5, visibility: Visibility = Visibility.RESULT) -> Task:
    """A task with milestones of these weights, named a, b, c and so on."""
    total = math.fsum(weights) or 1.0
    names = "abcdefgh"
    made = tuple(a_check(names[index], weight / total, visibility) for index, weight in enumerate(weights))
    return a_task(milestones=made, milestone_share=share if weights else None)


def values(stride: Stride) -> list[tuple[RewardKind, float, str]]:
    return [(part.kind, part.value, part.name) for part in stride.parts]


def test_a_milestone_pays_its_share_once() -> None:
    """Each pays share times weight at the step that first reached it, never again, and the submission pays the rest."""
    way = Way(MILESTONES, task(1, 3))
    assert values(way.step((True, False))) == [(RewardKind.MILESTONE, 0.125, "a")]
    assert values(way.step((False, False))) == []
    assert values(way.step((True, True))) == [(RewardKind.MILESTONE, 0.375, "b")]
    assert way.submitted(0.5) == (RewardComponent(RewardKind.OUTCOME, 0.25),)
    assert way.left() == ()


def test_outcome_pays_no_milestone_but_labels_steps() -> None:
    """Where only the outcome pays, steps pay nothing and still say whether they were progress."""
    way = Way(RewardTerms(), task(1, 1))
    assert way.step((True, False)) == Stride((), Step.PROGRESS, (MilestoneChange("a", "Title of a", holds=True, first=True, weight=0.5),))
    assert way.step((False, False)).label is Step.REGRESS
    assert way.step((True, False)).label is Step.PROGRESS  # the held share rose
    assert way.step(None) == Stride()
    assert way.submitted(0.75) == (RewardComponent(RewardKind.OUTCOME, 0.75),)


def test_shaping_pays_the_difference_of_potentials() -> None:
    """Each step pays discount times the share held after it less the share held before; the end pays the last share back."""
    way = Way(RewardTerms(RewardMode.SHAPED, discount=0.5), task(1, 3))
    assert values(way.step((False, True))) == [(RewardKind.SHAPING, 0.375, "")]
    assert values(way.step(None)) == [(RewardKind.SHAPING, -0.375, "")]  # standing still costs, or discounting would be wrong
    assert values(way.step((True, False))) == [(RewardKind.SHAPING, 0.125 - 0.75, "")]
    assert way.submitted(1.0) == (RewardComponent(RewardKind.OUTCOME, 1.0), RewardComponent(RewardKind.SHAPING, -0.25))
    assert way.left() == (RewardComponent(RewardKind.SHAPING, -0.25),)


def test_a_first_time_is_progress_even_where_another_is_lost() -> None:
    """A milestone that was never reached before outweighs what was lost for it."""
    way = Way(SHAPED, task(3, 1))
    way.step((True, False))
    assert way.step((False, True)).label is Step.PROGRESS
    assert way.step((False, False)).label is Step.REGRESS


def test_hidden_milestones_have_neither_name_nor_change() -> None:
    """What the task hides is paid for, and nothing tells what it was."""
    way = Way(MILESTONES, task(1, 1, visibility=Visibility.HIDDEN))
    stride = way.step((True, True))
    assert values(stride) == [(RewardKind.MILESTONE, 0.25, ""), (RewardKind.MILESTONE, 0.25, "")]
    assert (stride.changes, stride.label) == ((), Step.PROGRESS)


def test_without_milestones_the_whole_return_is_the_scores() -> None:
    """A share that nobody can earn counts as 0, so a return of 1 can be had, whatever Reset said."""
    for terms in (MILESTONES, RewardTerms(RewardMode.MILESTONES, 0.9), SHAPED):
        way = Way(terms, task())
        assert way.step(()) == Stride()
        assert way.submitted(1.0) == (RewardComponent(RewardKind.OUTCOME, 1.0),)
    assert Way(RewardTerms(RewardMode.MILESTONES, 0.9), task()).terms.milestone_share == 0.0


def test_reset_overrules_the_task() -> None:
    """The share that Reset gives counts, and 0 is one; else the task's."""
    assert Way(MILESTONES, task(1, share=0.25)).terms.milestone_share == 0.25
    assert Way(RewardTerms(RewardMode.MILESTONES, 0.0), task(1, share=0.25)).terms.milestone_share == 0.0


# The invariant

weights = st.lists(st.floats(0.01, 100), min_size=1, max_size=6)
shares = st.floats(0, 1)


@st.composite
def ways(draw: st.DrawFn) -> tuple[Task, list[tuple[bool, ...] | None], float]:
    """A task, what its milestones did in each step, and the score."""
    made = task(*draw(weights), share=draw(shares))
    count = len(made.milestones)
    drawn = draw(st.lists(st.none() | st.integers(0, 2**count - 1), max_size=12))  # a bit for each milestone
    steps = [None if bits is None else tuple(bool(bits >> index & 1) for index in range(count)) for bits in drawn]
    return made, steps, draw(st.floats(0, 1))


def reached(made: Task, steps: list[tuple[bool, ...] | None]) -> list[bool]:
    return [any(step is not None and step[index] for step in steps) for index in range(len(made.milestones))]


def paid(way: Way, steps: list[tuple[bool, ...] | None], score: float) -> list[RewardComponent]:
    parts = [part for step in steps for part in way.step(step).parts]
    return [*parts, *way.submitted(score)]


@examples(3)
@given(played=ways(), given_share=st.none() | shares)
def test_milestones_and_score_add_up_to_the_formula(
    played: tuple[Task, list[tuple[bool, ...] | None], float], given_share: float | None
) -> None:
    """Return = share x sum of the weights reached + (1 - share) x score, whatever was lost and reached again; each is paid once."""
    made, steps, score = played
    parts = paid(Way(RewardTerms(RewardMode.MILESTONES, given_share), made), steps, score)
    share = made.milestone_share if given_share is None else given_share
    assert share is not None
    earned = math.fsum(each.weight for each, is_reached in zip(made.milestones, reached(made, steps), strict=True) if is_reached)
    assert math.fsum(part.value for part in parts) == pytest.approx(share * earned + (1 - share) * score, abs=1e-12)
    names = [part.name for part in parts if part.kind is RewardKind.MILESTONE]
    assert len(names) == len(set(names))
    assert all(math.isfinite(part.value) and part.value >= 0 for part in parts)
    if all(reached(made, steps)) and score == 1.0:
        assert math.fsum(part.value for part in parts) == 1.0


@examples(2)
@given(made=weights, share=shares, order=st.randoms())
def test_a_perfect_episode_returns_exactly_1(made: list[float], share: float, order: object) -> None:
    """All milestones, in whatever order, and a full score are a return of 1 and not of 0.9999999999999999."""
    way, holds = Way(MILESTONES, task(*made, share=share)), [False] * len(made)
    indices = list(range(len(made)))
    order.shuffle(indices)  # type: ignore[attr-defined]
    parts = []
    for index in indices:
        holds[index] = True
        parts += way.step(tuple(holds)).parts
    assert math.fsum(part.value for part in (*parts, *way.submitted(1.0))) == 1.0


@examples(3)
@given(played=ways())
def test_shaping_telescopes_to_exactly_the_score(played: tuple[Task, list[tuple[bool, ...] | None], float]) -> None:
    """With a discount of 1 the shaping of an episode that terminates adds up to nothing at all, to the last bit."""
    made, steps, score = played
    parts = paid(Way(SHAPED, made), steps, score)
    assert sum(Fraction(part.value) for part in parts if part.kind is RewardKind.SHAPING) == 0
    assert math.fsum(part.value for part in parts) == score


@examples(2)
@given(played=ways(), discount=st.floats(0.01, 1))
def test_discounted_shaping_telescopes_too(played: tuple[Task, list[tuple[bool, ...] | None], float], discount: float) -> None:
    """The discounted return of an episode with shaping is that of the same episode without (Ng, Harada and Russell 1999)."""
    made, steps, score = played
    way = Way(RewardTerms(RewardMode.SHAPED, discount=discount), made)
    each_step = [way.step(step).parts for step in steps] + [way.submitted(score)]
    returned = math.fsum(discount**index * part.value for index, parts in enumerate(each_step) for part in parts)
    assert returned == pytest.approx(discount ** len(steps) * score, abs=1e-9)
