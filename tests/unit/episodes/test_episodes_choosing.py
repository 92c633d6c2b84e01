"""How tasks are chosen, as pure functions."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from each import each
from fakes import a_task
from hypothesis import given
from hypothesis import strategies as st

from codecraft_server.episodes.choosing import Standing, Strategy, TaskChoice, check_choice, choose, draw
from codecraft_server.errors import InvalidFieldError
from codecraft_server.settings import StatisticsBounds
from codecraft_server.task import Task

TASKS = [a_task(str(number)) for number in range(1, 11)]
BOUNDS = StatisticsBounds()
GOLDEN = [618, 188, 288, 48, 781, 23, 990, 561]
UNIFORM_GOLDEN = ["9", "9", "9", "9", "2", "4", "1", "2", "6", "10", "4", "7"]
SEEDS_GOLDEN = [634, 369, 473, 310]
UNIFORM, IN_ORDER, ADAPTIVE = (TaskChoice(strategy, 7) for strategy in Strategy)


def untried(_: str) -> Standing:
    """How a new trainer stands with every task."""
    return Standing()


def chosen(choice: TaskChoice, count: int, tasks: list[Task] = TASKS, standing: Callable[[str], Standing] = untried) -> list[str]:
    """Ids of the first `count` tasks chosen, while the trainer's standing stays as it is."""
    return [choose(choice, number, tasks, standing).task_id for number in range(count)]


def test_a_seed_gives_the_same_tasks_on_every_machine() -> None:
    """What chance gives is fixed for ever: the documented seed means these tasks in this order."""
    assert [draw(7, number, 1000) for number in range(8)] == GOLDEN
    assert chosen(UNIFORM, 12) == UNIFORM_GOLDEN
    assert chosen(ADAPTIVE, 12) == UNIFORM_GOLDEN  # all are equally near to one half
    assert [draw(seed, 0, 1000) for seed in (-(2**63), -1, 0, 2**63 - 1)] == SEEDS_GOLDEN


def test_the_tasks_of_another_seed_are_others() -> None:
    """Seeds next to one another have nothing in common."""
    assert chosen(UNIFORM, 50) != chosen(replace(UNIFORM, seed=8), 50)


@given(st.integers(1, 40), st.integers(1, 4), st.integers())
def test_in_order_visits_all_before_it_repeats(size: int, rounds: int, seed: int) -> None:
    """Each round has every task once, in the curriculum's order, whatever the seed."""
    tasks = [a_task(str(number)) for number in range(size)]
    assert chosen(replace(IN_ORDER, seed=seed), size * rounds, tasks) == [task.task_id for task in tasks] * rounds


@given(st.integers(-(2**63), 2**63 - 1))
def test_uniform_gives_each_task_its_share(seed: int) -> None:
    """Of 2000 choices among ten every task gets about 200: seven standard deviations are allowed."""
    shares = Counter(chosen(replace(UNIFORM, seed=seed), 2000))
    assert set(shares) == {task.task_id for task in TASKS}
    assert all(100 < share < 300 for share in shares.values())


@given(st.dictionaries(st.sampled_from([task.task_id for task in TASKS]), st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=10))
def test_adaptive_takes_what_is_nearest_to_one_half(results: dict[str, tuple[int, int]]) -> None:
    """No task is nearer to 1/2 by (passed + 1) / (played + 2) than the one chosen."""
    standings = {task_id: Standing(max(pair), min(pair)) for task_id, pair in results.items()}
    distances = {task_id: abs((one.passed + 1) / (one.played + 2) - 0.5) for task_id, one in standings.items()}
    (best,) = chosen(ADAPTIVE, 1, standing=standings.__getitem__)
    assert distances[best] == pytest.approx(min(distances.values()))


def test_adaptive_spreads_what_runs_side_by_side() -> None:
    """Of equally near tasks those with the fewest episodes running come first, so that ten Resets at once get ten tasks."""
    running: Counter[str] = Counter()
    for number in range(20):
        task = choose(ADAPTIVE, number, TASKS, lambda task_id: Standing(running=running[task_id]))
        running[task.task_id] += 1
    assert set(running.values()) == {2}
    assert len(running) == 10


@st.composite
def graphs(draws: st.DrawFn) -> list[Task]:
    """Tasks each of which may want any that stand before it."""
    size = draws(st.integers(1, 12))
    wanted = [draws(st.sets(st.integers(0, number - 1))) if number else set() for number in range(size)]
    return [a_task(str(number), prerequisites=tuple(map(str, sorted(one)))) for number, one in enumerate(wanted)]


@given(graphs(), st.integers(), st.sets(st.integers(0, 11)))
def test_adaptive_asks_for_nothing_whose_prerequisites_have_not_been_passed(tasks: list[Task], seed: int, passed: set[int]) -> None:
    """Of whatever graph, whatever has been passed, the task chosen has all of its prerequisites behind it; to have tried is not enough."""
    done = {str(number) for number in passed}
    task = choose(replace(ADAPTIVE, seed=seed), 0, tasks, lambda task_id: Standing(1, int(task_id in done)))
    assert set(task.prerequisites) <= done


def test_prerequisites_outside_of_the_filter_do_not_count() -> None:
    """What can't be chosen need not have been passed."""
    assert chosen(ADAPTIVE, 1, [a_task("2", prerequisites=("1",))]) == ["2"]


def test_a_circle_does_not_stop_it() -> None:
    """Where every task misses a prerequisite, those that miss the fewest are chosen from."""
    tasks = [a_task("1", prerequisites=("2", "3")), a_task("2", prerequisites=("1",)), a_task("3", prerequisites=("1", "2"))]
    assert set(chosen(ADAPTIVE, 20, tasks)) == {"2"}


def learn(skill: Callable[[int, int], float], episodes: int, recent: int = 20) -> list[int]:
    """Have a simulated learner play adaptively chosen tasks, each of which wants the one before; returns the tasks in order.

    `skill` is the probability to pass a task, by its number and how often it was played.
    """
    tasks = [a_task(str(number), prerequisites=(str(number - 1),) if number else ()) for number in range(10)]
    results: dict[str, deque[bool]] = {task.task_id: deque(maxlen=recent) for task in tasks}
    played: Counter[str] = Counter()
    chance, order = Random(3), []
    for number in range(episodes):
        task = choose(ADAPTIVE, number, tasks, lambda task_id: Standing(len(results[task_id]), sum(results[task_id])))
        results[task.task_id].append(chance.random() < skill(int(task.task_id), played[task.task_id]))
        played[task.task_id] += 1
        order.append(int(task.task_id))
    return order


def test_adaptive_stays_where_a_learner_passes_half_of_the_time() -> None:
    """A learner that can do the first tasks and none of the last ends up at those in between, most of all at the one at one half."""
    rates = [1.0, 0.95, 0.9, 0.75, 0.5, 0.25, 0.1, 0.05, 0.0, 0.0]
    late = Counter(learn(lambda task, _: rates[task], 1000)[200:])
    assert late.most_common(1)[0][0] == 4
    assert sum(late[task] for task in (3, 4, 5)) > 0.9 * late.total()


def test_adaptive_follows_a_learner_that_improves() -> None:
    """One that learns by playing comes to the last task, having met them in the order of their prerequisites."""
    order = learn(lambda _, played: min(1.0, 0.1 + 0.03 * played), 1000)
    first = [order.index(task) for task in range(10)]
    assert all(one < other for one, other in pairwise(first))


@each(
    ("choice", "fitting"),
    [
        (TaskChoice(), "a b c d"),
        (TaskChoice(categories=("Git", "Python")), "a b c d"),
        (TaskChoice(categories=("Git",)), "b c"),
        (TaskChoice(min_difficulty=2), "b c"),
        (TaskChoice(max_difficulty=2), "a b"),
        (TaskChoice(min_difficulty=2, max_difficulty=2), "b"),
        (TaskChoice(task_ids=("c", "a")), "a c"),
        (TaskChoice(categories=("Python",), task_ids=("b", "c")), ""),
        (TaskChoice(task_ids=("e",)), ""),
    ],
)
def test_a_filter_says_what_fits(choice: TaskChoice, fitting: str) -> None:
    """All parts must hold; what can't be graded never fits, and an unknown difficulty is within no range."""
    tasks = [
        a_task("a", category="Python", difficulty=1),
        a_task("b", category="Git", difficulty=2),
        a_task("c", category="Git", difficulty=3),
        a_task("d", category="Python", difficulty=0),
        a_task("e", category="Git", checks=()),
    ]
    check_choice(choice, tasks, BOUNDS)
    assert [task.task_id for task in tasks if choice.fits(task)] == fitting.split()


@each(
    ("choice", "field"),
    [
        (TaskChoice(categories=("First steps", "nope")), "choice.categories"),
        (TaskChoice(task_ids=("1", "99")), "choice.task_ids"),
        (TaskChoice(task_ids=("1",) * 1001), "choice.task_ids"),
        (TaskChoice(min_difficulty=-1), "choice.min_difficulty"),
        (TaskChoice(min_difficulty=11), "choice.min_difficulty"),
        (TaskChoice(max_difficulty=11), "choice.max_difficulty"),
        (TaskChoice(min_difficulty=4, max_difficulty=3), "choice.max_difficulty"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(choice: TaskChoice, field: str) -> None:
    """What is not in the curriculum, out of range or too long is named with its field."""
    with pytest.raises(InvalidFieldError) as refusal:
        check_choice(choice, TASKS, BOUNDS)
    assert refusal.value.field == field


def test_a_filter_may_be_as_long_as_the_bound() -> None:
    """The bound itself is allowed."""
    check_choice(TaskChoice(task_ids=("1",) * BOUNDS.filter_entries), TASKS, BOUNDS)


def test_a_filter_describes_itself() -> None:
    """In words that fit into a message, however long it is."""
    assert TaskChoice().described == "no filter"
    assert TaskChoice(min_difficulty=3).described == "difficulty 3 to 10"
    many = TaskChoice(categories=("a", "b"), max_difficulty=2, task_ids=tuple(map(str, range(10))))
    assert many.described.startswith("categories 'a', 'b'; difficulty 1 to 2; task ids '0', '1'")
    assert many.described.endswith("and 2 more")


def test_choices_that_differ_have_different_keys() -> None:
    """Each field counts, so that every seed and filter has a sequence of its own."""
    changes = [{"strategy": Strategy.ADAPTIVE}, {"seed": 1}, {"categories": ("1",)}, {"task_ids": ("1",)}, {"min_difficulty": 1}]
    choices = [TaskChoice(), TaskChoice(max_difficulty=1), *(replace(TaskChoice(), **change) for change in changes)]  # type: ignore[arg-type]
    assert len({choice.key for choice in choices}) == len(choices)
    assert TaskChoice().key == TaskChoice().key
