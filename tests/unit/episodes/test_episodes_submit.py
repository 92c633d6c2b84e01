"""Submission by call: exclusive, judged whatever becomes of calls, kept."""

import asyncio

import pytest
from fakes import a_check, a_task, settle
from fakes.game import Game, Games

from codecraft_server import rewards
from codecraft_server.episodes.events import FaultReason, Heartbeat, Outcome, State, SubmitResult
from codecraft_server.errors import EpisodeEndedError, EpisodeNotFoundError, InvalidFieldError, OutputNotKeptError, SandboxLostError
from codecraft_server.grading.verdict import CheckResult, FaultKind, GradingFault, Phase, PhaseBegan
from codecraft_server.sandbox import EndReason
from codecraft_server.task import Visibility


async def test_a_submission_is_graded_and_ends_the_episode(games: Games) -> None:
    """Phases and visible checks are told, then the result; the sandbox goes; the step budget is not touched."""
    game = await games(a_task(checks=(a_check("a", 0.5), a_check("b", 0.5, Visibility.HIDDEN))))
    player = await game.reset()
    call = player.begin_submit()
    result = await call.last()
    assert call.events[:-1] == [
        PhaseBegan(Phase.FREEZING, 2),
        PhaseBegan(Phase.CHECKING, 2),
        CheckResult("a", "Title of a", True, 0.5, True),
    ]
    assert (result.outcome, result.reward.value, result.episode_return, result.fault) == (Outcome.PASSED, 1.0, 1.0, None)
    assert result.grade.passed
    await settle()
    assert not game.sandboxes.alive
    view = game.episodes.get(*player.key)
    assert (view.state, view.outcome, view.budget.steps_taken) == (State.ENDED, Outcome.PASSED, 0)


async def test_below_the_pass_mark_it_failed(game: Game) -> None:
    """A submission below the pass mark is FAILED, and pays what it scored."""
    game.grader.score = 0.5
    result = await (await game.reset()).submit()
    assert (result.outcome, result.reward.value) == (Outcome.FAILED, 0.5)


async def test_the_return_is_the_sum_of_all_rewards(game: Game) -> None:
    """The return counts penalties of steps and the reward of the submission."""
    player = await game.reset()
    paid = [(await player.say("nonsense")).reward.value for _ in range(2)]
    result = await player.submit()
    assert result.episode_return == sum(paid) + result.reward.value == -1.0


async def test_a_running_step_is_interrupted_first(game: Game) -> None:
    """The running step ends INTERRUPTED and is recorded; grading begins after it; nothing new is taken."""
    game.grader.hold = asyncio.Event()
    player = await game.reset()
    step = player.begin("sleep 20")
    await settle()
    call = player.begin_submit()
    result = await step.last()
    assert (result.observation.ended.reason, result.outcome) == (EndReason.INTERRUPTED, None)
    await settle()
    assert game.episodes.get(*player.key).state is State.GRADING
    with pytest.raises(EpisodeEndedError, match="SUBMITTED"):
        await player.step("true")
    game.grader.hold.set()
    assert (await call.last()).outcome is Outcome.PASSED


async def test_an_interrupted_last_step_is_graded_all_the_same(games: Games) -> None:
    """A step that would have used up the budget does not take the submission's place."""
    game = await games(a_task(limits={"steps": 1}))
    player = await game.reset()
    step = player.begin("sleep 20")
    await settle()
    result = await player.submit()
    assert ((await step.last()).outcome, result.outcome) == (None, Outcome.PASSED)


async def test_several_calls_follow_one_grading(game: Game) -> None:
    """Repeats attach to the running grading and see all of it; the work is graded once."""
    game.grader.hold = asyncio.Event()
    player = await game.reset()
    first = player.begin_submit()
    await settle()
    second = player.begin_submit()
    await settle()
    await first.leave()
    game.grader.hold.set()
    assert isinstance(await second.last(), SubmitResult)
    assert second.events[0] == PhaseBegan(Phase.FREEZING, 1)
    assert game.grader.calls == 1


async def test_a_dropped_call_does_not_stop_grading(games: Games) -> None:
    """Grading goes on with nobody attached for longer than reattach_grace_s, and its result is kept."""
    game = await games(reattach_grace_s=10.0)
    game.grader.hold = asyncio.Event()
    player = await game.reset()
    call = player.begin_submit()
    await settle()
    await call.leave()
    await game.clock.advance(20.0)
    game.grader.hold.set()
    await settle()
    assert game.episodes.get(*player.key).outcome is Outcome.PASSED
    assert (await player.submit()).reward.value == 1.0


async def test_silence_while_grading_has_heartbeats(games: Games) -> None:
    """Every heartbeat_s of silence has a heartbeat."""
    game = await games(heartbeat_s=10.0)
    game.grader.hold = asyncio.Event()
    call = (await game.reset()).begin_submit()
    await game.clock.advance(20.0)
    assert call.events[2:] == [Heartbeat(10.0), Heartbeat(20.0)]
    game.grader.hold.set()
    await call.last()


async def test_the_result_is_kept_after_close(games: Games) -> None:
    """The result can be had again for result_kept_s after the end, then the episode is forgotten."""
    game = await games(result_kept_s=900.0)
    player = await game.reset()
    result = await player.submit()
    assert await game.episodes.close(*player.key) is Outcome.PASSED
    await game.clock.advance(899.0)
    assert await player.submit() is result
    await game.clock.advance(1.0)
    with pytest.raises(EpisodeNotFoundError):
        player.begin_submit()


async def test_ended_episodes_are_kept_up_to_a_number(games: Games) -> None:
    """No more than ended_kept are remembered; the oldest goes first."""
    game = await games(ended_kept=2)
    players = [await game.reset() for _ in range(3)]
    for player in players:
        await player.submit()
    with pytest.raises(EpisodeNotFoundError):
        players[0].begin_submit()
    assert (await players[1].submit()).outcome is Outcome.PASSED


async def test_ended_episodes_are_kept_up_to_a_number_of_bytes(games: Games) -> None:
    """When what is remembered is too large, output goes first, then the oldest results."""
    game = await games(ended_bytes=3000)
    players = [await game.reset() for _ in range(3)]
    for player in players:
        await player.step("seq 1 500", stream=True)
        await game.episodes.close(*player.key)
    with pytest.raises(OutputNotKeptError):
        players[0].resume(0)
    assert (await players[0].resume(0, 1892).last()).step_index == 0
    fourth = await game.reset()
    await fourth.step("seq 1 500")
    await game.episodes.close(*fourth.key)
    with pytest.raises(EpisodeNotFoundError):
        game.episodes.get(*players[0].key)
    assert game.episodes.get(*fourth.key).outcome is Outcome.CLOSED


async def test_an_episode_that_ended_otherwise_can_not_be_submitted(game: Game) -> None:
    """Submit of an episode that was closed is refused."""
    player = await game.reset()
    await game.episodes.close(*player.key)
    with pytest.raises(EpisodeEndedError, match="CLOSED"):
        player.begin_submit()


async def test_without_a_task_there_is_nothing_to_submit(game: Game) -> None:
    """Submit without a task is the client's mistake, and the episode goes on."""
    player = await game.reset(None)
    with pytest.raises(InvalidFieldError):
        player.begin_submit()
    assert game.episodes.get(*player.key).state is State.READY


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (GradingFault(FaultKind.GRADER_FAILED, "m"), FaultReason.GRADER_FAILED),
        (GradingFault(FaultKind.TASK_BROKEN, "m"), FaultReason.TASK_BROKEN),
        (SandboxLostError("m", "killed"), FaultReason.SANDBOX_LOST),
        (SandboxLostError("m", "engine"), FaultReason.ENGINE_LOST),
        (RuntimeError("a secret path"), FaultReason.INTERNAL),
    ],
)
async def test_what_could_not_be_judged_has_no_reward(game: Game, error: Exception, reason: FaultReason) -> None:
    """A failing grader is a fault: no reward, no return, no grade, truncated; and nothing of the defect is told."""
    game.grader.error = error
    result = await (await game.reset()).submit()
    assert (result.outcome, result.fault.reason, result.reward, result.episode_return, result.grade) == (
        Outcome.FAULT,
        reason,
        rewards.ABSENT,
        None,
        None,
    )
    assert result.outcome.truncated
    assert "secret" not in result.fault.message
    await settle()
    assert not game.sandboxes.alive


async def test_a_task_without_checks_is_a_fault(games: Games) -> None:
    """Nothing can be judged where there are no checks."""
    game = await games(a_task(checks=()))
    assert (await (await game.reset()).submit()).fault.reason is FaultReason.TASK_HAS_NO_CHECKS


async def test_a_sandbox_lost_under_the_running_step_faults_the_submission(game: Game) -> None:
    """When the sandbox dies while the running step is being ended both have the fault."""
    player = await game.reset()
    step = player.begin("sleep 20")
    await settle()
    call = player.begin_submit()
    player.sandbox.lose()
    result = await call.last()
    assert (await step.last()).fault == result.fault
    assert result.fault.reason is FaultReason.SANDBOX_LOST
    assert (result.outcome, result.reward) == (Outcome.FAULT, rewards.ABSENT)
    assert game.grader.calls == 0


async def test_close_waits_for_the_grading(game: Game) -> None:
    """Close of an episode that is being graded lets the grading come to its end."""
    game.grader.hold = asyncio.Event()
    player = await game.reset()
    call = player.begin_submit()
    closing = asyncio.ensure_future(game.episodes.close(*player.key))
    await settle()
    assert not closing.done()
    game.grader.hold.set()
    assert await closing is Outcome.PASSED
    assert (await call.last()).outcome is Outcome.PASSED
