"""Judged again: by the agent after a fault, by a trainer at any time; and how long work is kept for it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from fakes import a_task, settle
from fakes.game import Follower, Game, Games, Player
from fakes.tasks import a_curriculum

from codecraft_server import rewards
from codecraft_server.episodes.events import FaultReason, Heartbeat, Outcome, RegradeResult, SubmitResult
from codecraft_server.errors import EpisodeNotFoundError, SandboxLostError, ShuttingDownError, TaskNotFoundError, WorkNotKeptError
from codecraft_server.grading.verdict import FaultKind, GradingFault, Phase, PhaseBegan
from codecraft_server.settings import GradingSettings
from codecraft_server.task import GradingPlace

FAILED = GradingFault(FaultKind.GRADER_FAILED, "m")


async def faulted(game: Game, error: Exception = FAILED) -> Player:
    """An episode whose submission was a fault; the next grading is not."""
    player = await game.reset()
    game.grader.error = error
    assert (await player.submit()).outcome is Outcome.FAULT
    game.grader.error = None
    return player


@pytest.mark.parametrize("error", [FAILED, SandboxLostError("m", "killed"), SandboxLostError("m", "engine")])
async def test_what_a_fault_kept_from_being_judged_can_be_judged_again(game: Game, error: Exception) -> None:
    """The new result takes the fault's place: outcome, reward, return, repeats and GetEpisode."""
    player = await game.reset()
    paid = (await player.say("nonsense")).reward.value
    game.grader.error = error
    first = await player.submit()
    assert first.fault is not None
    assert first.fault.can_submit_again
    assert await player.submit() is first
    game.grader.error = None
    again = await player.submit(again=True)
    assert (again.outcome, again.reward.value, again.episode_return, again.fault) == (Outcome.PASSED, 1.0, paid + 1.0, None)
    assert game.grader.subjects == game.grader.works * 2
    assert game.episodes.get(*player.key).outcome is Outcome.PASSED
    assert await player.submit() is again
    assert await player.submit(again=True) is again
    assert await game.episodes.close(*player.key) is Outcome.PASSED
    assert game.grader.calls == 2


async def test_a_second_fault_may_be_followed_by_a_third_try(game: Game) -> None:
    """As often as it takes, while the work is kept; a failure is a failure in the end."""
    player = await faulted(game)
    game.grader.error = FAILED
    second = await player.submit(again=True)
    assert second.fault is not None
    assert (second.outcome, second.fault.can_submit_again) == (Outcome.FAULT, True)
    game.grader.error, game.grader.score = None, 0.0
    third = await player.submit(again=True)
    assert (third.outcome, third.episode_return) == (Outcome.FAILED, 0.0)


@pytest.mark.parametrize(
    "error", [GradingFault(FaultKind.TASK_BROKEN, "m"), GradingFault(FaultKind.TASK_HAS_NO_CHECKS, "m"), RuntimeError("a defect")]
)
async def test_what_would_come_again_is_not_judged_again(game: Game, error: Exception) -> None:
    """A broken task or a defect is no better the second time: `again` changes nothing."""
    player = await faulted(game, error)
    first = await player.submit()
    assert first.fault is not None
    assert not first.fault.can_submit_again
    assert await player.submit(again=True) is first
    assert game.grader.calls == 1


async def test_what_was_not_copied_is_not_judged_again(games: Games) -> None:
    """The sandbox was lost, or could not be frozen, before there was a copy; or there never is one."""
    game = await games(a_task(), a_task("2", grading_place=GradingPlace.IN_PLACE))
    player = await game.reset()
    game.grader.uncollected = FAILED
    first = await player.submit()
    assert await player.submit(again=True) is first
    game.grader.uncollected, game.grader.error = None, FAILED
    player = await game.reset("2")
    first = await player.submit()
    assert first.fault is not None
    assert not first.fault.can_submit_again
    assert await player.submit(again=True) is first


async def test_again_of_what_was_judged_changes_nothing(game: Game) -> None:
    """Nobody rolls the dice twice; the first call may say `again` as well."""
    player = await game.reset()
    game.grader.score = 0.0
    first = await player.submit(again=True)
    game.grader.score = 1.0
    assert await player.submit(again=True) is first
    assert game.grader.calls == 1


async def test_calls_that_say_again_at_once_share_one_grading(game: Game) -> None:
    """As with Submit; a dropped one does not stop it, and who does not say again follows too."""
    player = await faulted(game)
    game.grader.hold = asyncio.Event()
    calls = [player.begin_submit(again=again) for again in (True, True, False)]
    await settle()
    await calls[0].leave()
    game.grader.hold.set()
    results = [await call.last() for call in calls[1:]]
    assert results[0] is results[1]
    assert results[0].outcome is Outcome.PASSED
    assert game.grader.calls == 2


async def test_a_submission_by_action_is_judged_again_by_call(game: Game) -> None:
    """The step keeps its fault; what Submit pays later makes the return."""
    player = await game.reset()
    game.grader.error = FAILED
    step = await player.say('{"action": "submit"}')
    assert (step.outcome, step.reward, step.fault and step.fault.can_submit_again) == (Outcome.FAULT, rewards.ABSENT, True)
    game.grader.error = None
    again = await player.submit(again=True)
    assert (again.outcome, again.episode_return) == (Outcome.PASSED, 1.0)


async def test_the_sandbox_goes_as_soon_as_the_work_is_copied(games: Games) -> None:
    """A copy needs it no more; a task that is graded in place does."""
    game = await games(a_task(), a_task("2", grading_place=GradingPlace.IN_PLACE))
    game.grader.hold = asyncio.Event()
    for task_id, closed in (("1", True), ("2", False)):
        player = await game.reset(task_id)
        call = player.begin_submit()
        await settle()
        assert player.sandbox.closed is closed
        game.grader.hold.set()
        await call.last()
        game.grader.hold.clear()


async def test_work_is_kept_for_a_time(games: Games) -> None:
    """After work_kept_s it is gone, and `again` changes nothing."""
    game = await games(result_kept_s=5000.0)
    player = await faulted(game)
    await game.clock.advance(game.settings.grading.work_kept_s + 1)
    first = await player.submit()
    assert await player.submit(again=True) is first
    with pytest.raises(WorkNotKeptError):
        await regrade(game, player)


async def test_work_is_kept_up_to_a_number_and_a_size(games: Games) -> None:
    """The oldest goes first, and is closed; what is being judged stays whatever it is."""
    for bounds in ({"works_kept": 2}, {"work_bytes": 2500}):
        game = await games(grading=replace(GradingSettings(), **bounds))
        players = [await game.reset() for _ in range(3)]
        for player in players:
            await player.submit()
        await settle()
        with pytest.raises(WorkNotKeptError):
            await regrade(game, players[0])
        for player in players[1:]:
            assert (await regrade(game, player)).grade is not None


async def regrade(game: Game, player: Player) -> RegradeResult:
    """Grade again, as a trainer."""
    result = await Follower(game.episodes.regrade(player.key[0])).last()
    assert isinstance(result, RegradeResult)
    return result


async def test_a_trainer_grades_again_with_the_curriculum_as_it_is(games: Games) -> None:
    """The result has both grades and both digests; the episode stays what it was."""
    game = await games(a_task(pass_score=1.0))
    game.grader.score = 0.5
    player = await game.reset()
    first = await player.submit()
    running = await game.reset()
    game.episodes.replace_curriculum(a_curriculum(a_task(pass_score=0.5, digest="e" * 64)))
    result = await regrade(game, player)
    assert result.grade is not None
    assert (result.grade.passed, result.previous_grade, result.fault) == (True, first.grade, None)
    assert (result.task_digest, result.previous_task_digest) == ("e" * 64, "d" * 64)
    assert await player.submit() is first
    assert (await running.submit()).outcome is Outcome.FAILED, "a running episode keeps its task"


async def test_grading_again_after_a_fault_has_no_previous_grade(game: Game) -> None:
    """And one that is a fault itself says so, without a grade."""
    player = await faulted(game)
    assert (await regrade(game, player)).previous_grade is None
    game.grader.error = FAILED
    result = await regrade(game, player)
    assert result.fault is not None
    assert (result.grade, result.fault.reason) == (None, FaultReason.GRADER_FAILED)


async def test_grading_again_is_followed_and_stops_with_its_call(games: Games) -> None:
    """Phases, heartbeats in silence; a dropped call leaves nothing running."""
    game = await games(heartbeat_s=10.0)
    player = await game.reset()
    await player.submit()
    game.grader.hold = asyncio.Event()
    call = Follower(game.episodes.regrade(player.key[0]))
    await game.clock.advance(10.0)
    assert call.events == [PhaseBegan(Phase.CHECKING, 1), Heartbeat(10.0)]
    assert game.episodes.load().gradings == 1
    await call.leave()
    await settle()
    assert game.grader.gradings == 0


async def test_what_can_not_be_graded_again_is_refused(games: Games) -> None:
    """An unknown episode, one that was not submitted, one graded in place, one whose task is no more."""
    game = await games(a_task(), a_task("2", grading_place=GradingPlace.IN_PLACE))
    with pytest.raises(EpisodeNotFoundError):
        game.episodes.regrade("nobody")
    player = await game.reset()
    with pytest.raises(WorkNotKeptError):
        await regrade(game, player)
    in_place = await game.reset("2")
    await in_place.submit()
    with pytest.raises(WorkNotKeptError):
        await regrade(game, in_place)
    await player.submit()
    game.episodes.replace_curriculum(a_curriculum(a_task("3")))
    with pytest.raises(TaskNotFoundError):
        await regrade(game, player)


async def test_shutting_down_ends_what_is_judged_again(game: Game) -> None:
    """Neither waits for the grader; both say that the server shuts down, and nothing new begins."""
    player, third, other = [await faulted(game) for _ in range(3)]
    game.grader.hold = asyncio.Event()
    calls: list[Any] = [player.begin_submit(again=True), Follower(game.episodes.regrade(third.key[0]))]
    await settle()
    await game.episodes.drain(0.0)
    for call in calls:
        result: SubmitResult | RegradeResult = await call.last()
        assert result.fault is not None
        assert result.fault.reason is FaultReason.SHUTDOWN
    with pytest.raises(ShuttingDownError):
        other.begin_submit(again=True)
    with pytest.raises(ShuttingDownError):
        game.episodes.regrade(player.key[0])
