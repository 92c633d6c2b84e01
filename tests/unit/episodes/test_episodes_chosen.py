"""Resets that have the server choose, and what is counted of episodes as they are really played."""

import asyncio
import json

import pytest
from fakes import a_task, settle
from fakes.game import Game, Games

from codecraft_server.episodes.choosing import Strategy, TaskChoice
from codecraft_server.episodes.events import Outcome
from codecraft_server.episodes.statistics import TaskStatistics
from codecraft_server.errors import (
    InvalidFieldError,
    NoCapacityError,
    RequestIdConflictError,
    SandboxStartError,
    TaskNotFoundError,
)
from codecraft_server.settings import StatisticsBounds

IN_ORDER = TaskChoice(Strategy.IN_ORDER)
ADAPTIVE = TaskChoice(Strategy.ADAPTIVE, seed=1)
TASKS = [a_task(str(number)) for number in range(1, 5)]


async def chosen(game: Game, choice: TaskChoice, count: int, trainer: str = "") -> list[str]:
    """Ids of the tasks of the next episodes, each closed before the next is opened."""
    ids = []
    for _ in range(count):
        player = await game.reset(choice, trainer=trainer)
        assert player.ready.task is not None
        ids.append(player.ready.task.task_id)
        await game.episodes.close(*player.key)
    return ids


def told(game: Game, trainer: str = "", task_id: str = "1") -> TaskStatistics:
    """The statistics of a task."""
    return game.episodes.statistics(trainer, task_id)


async def test_a_run_can_be_repeated(games: Games) -> None:
    """The same calls in the same order choose the same tasks on another server, and another trainer with this seed gets them too."""
    first, second = await games(*TASKS), await games(*TASKS)
    for strategy in Strategy:
        choice = TaskChoice(strategy, seed=-5)
        ids = await chosen(first, choice, 12)
        assert ids == await chosen(second, choice, 12)
        assert ids == await chosen(first, choice, 12, "somebody else")


async def test_each_trainer_seed_and_filter_has_a_sequence_of_its_own(games: Games) -> None:
    """What others choose does not move one's own sequence on."""
    game = await games(*TASKS)
    some = TaskChoice(Strategy.IN_ORDER, task_ids=("2", "3"))
    assert await chosen(game, IN_ORDER, 2) == ["1", "2"]
    assert await chosen(game, IN_ORDER, 1, "a") == ["1"]
    assert await chosen(game, TaskChoice(Strategy.IN_ORDER, seed=1), 1) == ["1"]
    assert await chosen(game, some, 3) == ["2", "3", "2"]
    assert await chosen(game, IN_ORDER, 3) == ["3", "4", "1"]


async def test_a_repeated_request_id_chooses_nothing_new(games: Games) -> None:
    """It attaches to the episode there is; with anything else asked for it is a conflict."""
    game = await games(*TASKS)
    player = await game.reset(IN_ORDER, "r", "a")
    assert (await game.reset(IN_ORDER, "r", "a")).ready is player.ready
    others = [(TaskChoice(Strategy.IN_ORDER, seed=1), "a"), (IN_ORDER, "b"), ("1", "a"), (None, "a")]
    for start, trainer in others:
        with pytest.raises(RequestIdConflictError):
            game.episodes.reset("r", start, trainer=trainer)
    assert await chosen(game, IN_ORDER, 1, "a") == ["2"]


async def test_a_choice_counts_even_when_nothing_comes_of_it(games: Games) -> None:
    """A Reset that is refused or fails has had its turn, and leaves nothing running in the statistics."""
    game = await games(*TASKS, max_episodes=1, max_queued_resets=0)
    game.sandboxes.failures = [SandboxStartError("no")]
    with pytest.raises(SandboxStartError):
        await game.reset(IN_ORDER)
    player = await game.reset(IN_ORDER)
    with pytest.raises(NoCapacityError):
        game.episodes.reset("r", IN_ORDER)
    await game.episodes.close(*player.key)
    assert await chosen(game, IN_ORDER, 1) == ["4"]
    assert [told(game, task_id=task.task_id).started for task in TASKS] == [0, 1, 0, 1]
    assert all(game.episodes._statistics.standing("", task.task_id).running == 0 for task in TASKS)


async def test_where_no_task_fits_the_filter_is_named(games: Games) -> None:
    """Nothing is chosen from nothing, and a task that can't be graded is never chosen."""
    game = await games(a_task("1", checks=()), a_task("2", difficulty=3))
    assert await chosen(game, IN_ORDER, 2) == ["2", "2"]
    with pytest.raises(TaskNotFoundError, match=r"fits the choice \(difficulty 4 to 10; task ids '1'\)"):
        game.episodes.reset("r", TaskChoice(min_difficulty=4, task_ids=("1",)))
    assert game.episodes.load().episodes == 0


async def test_a_bad_filter_or_trainer_is_refused(game: Game) -> None:
    """Before anything happens, with the field's name."""
    with pytest.raises(InvalidFieldError, match=r"choice\.categories"):
        game.episodes.reset("r", TaskChoice(categories=("nope",)))
    with pytest.raises(InvalidFieldError, match="trainer"):
        game.episodes.reset("r", "1", trainer="x" * 129)
    with pytest.raises(InvalidFieldError, match="trainer"):
        game.episodes.statistics("x" * 129, "1")
    assert (await game.reset("1", trainer="x" * 128)).ready.task is not None


async def test_adaptive_opens_what_follows_once_it_was_passed(games: Games) -> None:
    """A task comes up only after its prerequisite was passed by this very trainer."""
    game = await games(a_task("1"), a_task("2", prerequisites=("1",)))
    assert set(await chosen(game, ADAPTIVE, 6, "a")) == {"1"}
    player = await game.reset("1", trainer="a")
    await player.submit()
    assert await chosen(game, ADAPTIVE, 2, "a") == ["2", "2"]
    assert set(await chosen(game, ADAPTIVE, 6, "b")) == {"1"}


async def test_resets_side_by_side_get_different_tasks(games: Games) -> None:
    """Also when none of them has come to its sandbox yet."""
    game = await games(*TASKS)
    game.sandboxes.starting = asyncio.Event()
    followers = [game.follow(game.episodes.reset(str(number), ADAPTIVE)) for number in range(4)]
    await settle()
    game.sandboxes.starting.set()
    tasks = [(await follower.last()).task.task_id for follower in followers]
    assert sorted(tasks) == ["1", "2", "3", "4"]


async def test_a_submission_is_counted_with_its_score_return_and_steps(game: Game) -> None:
    """Passed and failed work, named by id and with a trainer, is in the trainer's statistics and in the whole server's."""
    game.grader.score = 1.0
    player = await game.reset(trainer="a")
    await player.step("true")
    await player.say("nonsense")
    await player.submit()
    game.grader.score = 0.25
    await (await game.reset(trainer="a")).submit()
    for trainer in ("a", ""):
        one = told(game, trainer)
        assert (one.started, one.passed, one.failed, one.recent_pass_rate, one.recent_episodes) == (2, 1, 1, 0.5, 2)
        assert (one.mean_score, one.mean_return, one.mean_steps) == (0.625, 0.125, 1.0)
        assert one.mean_grading_s is not None
    assert told(game, "b").started == 0


async def test_the_time_of_grading_is_counted(game: Game) -> None:
    """From Submit to its result; what was not graded has none."""
    player = await game.reset()
    game.grader.hold = asyncio.Event()
    submitting = player.begin_submit()
    await game.clock.advance(3.0)
    game.grader.hold.set()
    await submitting.last()
    await game.episodes.close(*(await game.reset()).key)
    assert told(game).mean_grading_s == 3.0


async def test_a_task_started_by_text_counts_from_then_on(games: Games) -> None:
    """An episode without a task is nowhere; with one it counts as started, and its end as any other's."""
    game = await games(*TASKS)
    player = await game.reset(None, trainer="a")
    await (await game.reset(None)).say(json.dumps({"action": "give_up"}))
    assert [told(game, task_id=task.task_id).started for task in TASKS] == [0, 0, 0, 0]
    await player.say(json.dumps({"action": "start", "task_id": "3"}))
    assert (told(game, "a", "3").started, told(game, "", "3").started) == (1, 1)
    await player.say(json.dumps({"action": "submit"}))
    one = told(game, "a", "3")
    assert (one.passed, one.mean_score, one.mean_steps) == (1, 1.0, 2.0)


async def test_an_episode_that_ends_while_a_task_is_started_by_text_counts_nowhere(games: Games) -> None:
    """Its end came first: the task was not played, and nothing is left running."""
    game = await games(*TASKS)
    player = await game.reset(None)
    game.sandboxes.starting = asyncio.Event()
    step = player.begin_text(json.dumps({"action": "start", "task_id": "3"}))
    await settle()
    closing = asyncio.ensure_future(game.episodes.close(*player.key))
    await settle()
    game.sandboxes.starting.set()
    await step.last()
    assert await closing is Outcome.CLOSED
    one = told(game, task_id="3")
    assert (one.started, one.abandoned, game.episodes._statistics.standing("", "3").running) == (0, 0, 0)


async def test_other_ends_are_counted_where_they_belong(games: Games) -> None:
    """Steps used up, closed, expired, and a lost sandbox; what was opened and never fetched is abandoned."""
    game = await games(a_task(limits={"steps": 1}), lease_s=5.0)
    await (await game.reset()).step("true")
    await game.episodes.close(*(await game.reset()).key)
    await game.reset()
    await game.clock.advance(6.0)
    player = await game.reset()
    player.sandbox.lose()
    await settle()
    assert (await player.step("true")).outcome is Outcome.FAULT
    one = told(game)
    assert (one.started, one.out_of_budget, one.abandoned, one.faults, one.recent_episodes) == (4, 1, 2, 1, 1)


async def test_bounds_come_from_the_settings(games: Games) -> None:
    """The window of the pass rate is the setting's."""
    game = await games(a_task())
    for _ in range(StatisticsBounds().recent_episodes + 1):
        await (await game.reset()).submit()
    assert told(game).recent_episodes == StatisticsBounds().recent_episodes
