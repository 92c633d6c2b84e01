"""How episodes end otherwise: leases, Close, lost sandboxes, defects, shutdown."""

import asyncio
from collections.abc import Callable

import pytest
from fakes import settle
from fakes.game import Game, Games, Player

from codecraft_server import rewards
from codecraft_server.episodes.events import EpisodeView, FaultReason, Outcome, ReadFile, RunCommand, State
from codecraft_server.errors import EpisodeEndedError, SandboxLostError, ShuttingDownError
from codecraft_server.rewards import Step
from codecraft_server.sandbox import EndReason

# The lease


async def test_a_silent_episode_expires(games: Games) -> None:
    """An episode that nobody calls for lease_s ends EXPIRED, and its sandbox goes."""
    game = await games(lease_s=900.0)
    player = await game.reset()
    await game.clock.advance(899.9)
    assert len(game.sandboxes.alive) == 1
    await game.clock.advance(0.2)
    assert not game.sandboxes.alive
    assert game.episodes.load().episodes == 0
    assert game.episodes.get(*player.key).outcome is Outcome.EXPIRED
    with pytest.raises(EpisodeEndedError, match="EXPIRED"):
        await player.step("true")


async def test_any_call_renews_the_lease(games: Games) -> None:
    """Every call on the episode counts, and the view says until when."""
    game = await games(lease_s=900.0)
    player = await game.reset()
    await player.step("true")

    def get() -> EpisodeView:
        return game.episodes.get(*player.key)

    calls: list[Callable[[], object]] = [get, lambda: player.interrupt(0), get]
    for call in calls:
        await game.clock.advance(899.0)
        call()
    assert get().expires_at == game.clock.wall() + 900.0
    await game.clock.advance(899.0)
    await player.step("true")
    await game.clock.advance(899.0)
    assert get().state is State.READY


async def test_a_wrong_token_renews_nothing(games: Games) -> None:
    """A call that is refused does not keep an episode alive."""
    game = await games(lease_s=900.0)
    player = await game.reset()
    await game.clock.advance(899.0)
    with pytest.raises(Exception, match="token"):
        game.episodes.get(player.ready.episode_id, "wrong")
    await game.clock.advance(1.1)
    assert not game.sandboxes.alive


async def test_running_and_grading_hold_the_lease(games: Games) -> None:
    """An episode does not expire under a running step or a grading, and the lease counts anew from their end."""
    game = await games(lease_s=15.0, reattach_grace_s=1000.0)
    game.grader.hold = asyncio.Event()
    player = await game.reset()
    call = player.begin("sleep 28")
    await settle()
    await call.leave()
    await game.clock.advance(28.0)
    await game.clock.advance(14.0)
    assert game.episodes.get(*player.key).state is State.READY
    submission = player.begin_submit()
    await settle()
    await submission.leave()
    await game.clock.advance(40.0)
    game.grader.hold.set()
    await settle()
    assert game.episodes.get(*player.key).outcome is Outcome.PASSED


async def test_idle_episodes_cost_next_to_nothing(games: Games) -> None:
    """An idle episode has one timer and no task of its own."""
    game = await games(max_episodes=256)
    tasks = len(asyncio.all_tasks())
    for _ in range(256):
        await game.reset(None)
    await settle()
    assert len(asyncio.all_tasks()) == tasks
    assert game.clock.pending == 256


# Close


async def test_close_ends_the_episode(game: Game) -> None:
    """Close removes the sandbox and says how the episode ended; again and again."""
    player = await game.reset()
    assert await game.episodes.close(*player.key) is Outcome.CLOSED
    assert not game.sandboxes.alive
    assert await game.episodes.close(*player.key) is Outcome.CLOSED
    assert player.sandbox.calls.count("close") == 1


async def test_close_ends_the_running_step(game: Game) -> None:
    """A step that runs when its episode is closed has a result that says so."""
    player = await game.reset()
    call = player.begin("echo kept; sleep 20", stream=False)
    await settle()
    await game.episodes.close(*player.key)
    result = await call.last()
    assert (result.outcome, result.fault, result.reward) == (Outcome.CLOSED, None, rewards.NOTHING)
    assert (result.observation.ended.reason, result.observation.output) == (EndReason.INTERRUPTED, b"kept\n")


async def test_close_right_after_a_step_was_begun_leaves_nothing_hanging(game: Game) -> None:
    """A step that has not had its turn when the episode is closed still has a result."""
    player = await game.reset()
    stream = game.episodes.step(*player.key, 0, RunCommand(b"sleep 20"), stream_output=False)
    assert await game.episodes.close(*player.key) is Outcome.CLOSED
    assert (await game.follow(stream).last()).outcome is Outcome.CLOSED


async def test_close_ends_a_start_that_is_under_way(game: Game) -> None:
    """Close does not wait for a sandbox that is being made."""
    game.sandboxes.starting = asyncio.Event()
    player = await game.reset(None)
    call = player.begin_text('{"action": "start", "task_id": "1"}')
    await settle()
    assert await game.episodes.close(*player.key) is Outcome.CLOSED
    assert (await call.last()).outcome is Outcome.CLOSED
    assert game.sandboxes.opening == 0


async def test_a_dropped_close_closes(game: Game) -> None:
    """A Close whose caller goes away is done all the same."""
    player = await game.reset()
    player.sandbox.closing = asyncio.Event()
    closing = asyncio.ensure_future(game.episodes.close(*player.key))
    await settle()
    closing.cancel()
    await settle()
    player.sandbox.closing.set()
    await settle()
    assert not game.sandboxes.alive
    assert game.episodes.load().episodes == 0


async def test_a_command_that_does_not_die_is_given_up(game: Game) -> None:
    """When an interrupted command does not end within kill_timeout_s the episode ends without it."""
    player = await game.reset()
    call = player.begin("sleep 1000")
    await settle()
    player.sandbox.commands[0].interrupt = lambda _grace_s: None  # type: ignore[method-assign]
    closing = asyncio.ensure_future(game.episodes.close(*player.key))
    await game.clock.advance(game.settings.sandbox.kill_timeout_s)
    assert await closing is Outcome.CLOSED
    assert (await call.last()).outcome is Outcome.CLOSED


async def test_a_sandbox_that_can_not_be_closed_frees_its_place(game: Game, caplog: pytest.LogCaptureFixture) -> None:
    """A defect in closing is logged, and costs no place."""
    player = await game.reset()
    close = player.sandbox.close

    async def broken() -> None:
        player.sandbox.close = close  # type: ignore[method-assign]
        raise RuntimeError("a defect")

    player.sandbox.close = broken  # type: ignore[method-assign]
    assert await game.episodes.close(*player.key) is Outcome.CLOSED
    assert game.episodes.load().episodes == 0
    assert "sandbox was not closed" in caplog.text
    await player.sandbox.close()


# Faults


@pytest.mark.parametrize(("cause", "reason"), [("gone", FaultReason.SANDBOX_LOST), ("engine", FaultReason.ENGINE_LOST)])
async def test_a_lost_sandbox_is_a_fault(game: Game, cause: str, reason: FaultReason) -> None:
    """A sandbox that dies under a command ends the episode with a fault, delivered as the step's result, without a reward."""
    player = await game.reset()
    call = player.begin("sleep 20")
    await settle()
    player.sandbox.lose(cause)
    result = await call.last()
    assert (result.outcome, result.fault.reason, result.reward, result.label) == (Outcome.FAULT, reason, rewards.ABSENT, Step.UNKNOWN)
    assert await player.resume(0).last() is result
    with pytest.raises(EpisodeEndedError, match="FAULT"):
        await player.step("true")


@pytest.mark.parametrize("action", [RunCommand(b"true"), ReadFile(b"a")])
async def test_a_sandbox_found_lost_is_a_fault(game: Game, action: RunCommand | ReadFile) -> None:
    """A sandbox that died between steps is found out by the next one."""
    player = await game.reset()
    player.sandbox.fail_next = SandboxLostError("lost", "oom")
    result = await player.step(action)
    assert (result.fault.reason, result.fault.message) == (FaultReason.SANDBOX_LOST, "The sandbox was lost (oom).")


async def test_a_defect_is_a_fault(game: Game, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception ends the episode with fault INTERNAL; the trace is in the log and not in the result."""
    player = await game.reset()
    player.sandbox.fail_next = RuntimeError("a secret path")
    result = await player.step("true")
    assert (result.outcome, result.fault.reason, result.reward) == (Outcome.FAULT, FaultReason.INTERNAL, rewards.ABSENT)
    assert "secret" not in result.fault.message
    assert "a secret path" in caplog.text


async def test_one_fault_is_nobody_elses(game: Game) -> None:
    """Other episodes don't notice when one faults."""
    lost, other = await game.reset(), await game.reset()
    game.sandboxes.made[0].lose()
    await lost.step("true")
    assert (await other.step("echo fine")).observation.output == b"fine\n"


# Shutdown


async def drain(game: Game, grace_s: float) -> "asyncio.Future[None]":
    draining = asyncio.ensure_future(game.episodes.drain(grace_s))
    await settle()
    return draining


async def test_draining_refuses_what_is_new(game: Game) -> None:
    """While it drains new steps and submissions are refused; repeats of known ones are not."""
    player, idle = await game.reset(), await game.reset()
    call = player.begin("sleep 5")
    await settle()
    draining = await drain(game, 10.0)
    with pytest.raises(ShuttingDownError):
        await idle.step("true")
    with pytest.raises(ShuttingDownError):
        idle.begin_submit()
    again = player.begin("sleep 5", index=0)
    await game.clock.advance(5.0)
    assert await again.last() is await call.last()
    await draining


async def test_draining_lets_running_work_end(game: Game) -> None:
    """Steps and gradings that end within the grace have their true results; then every episode ends with fault SHUTDOWN."""
    game.grader.hold = asyncio.Event()
    stepping, grading, idle = [await game.reset() for _ in range(3)]
    step = stepping.begin("sleep 5")
    submission = grading.begin_submit()
    await settle()
    draining = await drain(game, 10.0)
    game.grader.hold.set()
    await game.clock.advance(5.0)
    await draining
    assert ((await step.last()).outcome, (await submission.last()).outcome) == (None, Outcome.PASSED)
    assert not game.sandboxes.alive
    for player in (stepping, idle):
        assert game.episodes.get(*player.key).outcome is Outcome.FAULT


async def test_draining_interrupts_what_takes_too_long(game: Game) -> None:
    """What is not done when the grace is over is interrupted, and its result says SHUTDOWN, without a reward."""
    game.grader.hold = asyncio.Event()
    stepping, grading = await game.reset(), await game.reset()
    step, submission = stepping.begin("sleep 25"), grading.begin_submit()
    await settle()
    draining = await drain(game, 10.0)
    await game.clock.advance(10.0)
    await draining
    for result in (await step.last(), await submission.last()):
        assert (result.outcome, result.fault.reason, result.reward) == (Outcome.FAULT, FaultReason.SHUTDOWN, rewards.ABSENT)
    assert not game.sandboxes.alive


async def test_draining_may_be_hurried(game: Game) -> None:
    """A drain that is cancelled can be repeated without a grace."""
    player = await game.reset()
    call = player.begin("sleep 25")
    await settle()
    draining = await drain(game, 10.0)
    draining.cancel()
    await settle()
    await game.episodes.drain(0.0)
    assert (await call.last()).fault.reason is FaultReason.SHUTDOWN


async def test_leaving_closes_everything_whatever_it_was_doing(game: Game) -> None:
    """Leaving the context ends openings, steps, gradings and idle episodes, and waits for the last sandbox."""
    game.grader.hold = asyncio.Event()
    players: list[Player] = [await game.reset() for _ in range(3)]
    calls = [players[0].begin("sleep 25"), players[1].begin_submit()]
    game.sandboxes.starting = asyncio.Event()
    opening = game.follow(game.episodes.reset("late", "1"))
    await settle()
    await game.episodes.__aexit__(None, None, None)
    assert not game.sandboxes.alive
    assert [(await call.last()).fault.reason for call in calls] == [FaultReason.SHUTDOWN] * 2
    with pytest.raises(ShuttingDownError):
        await opening.last()


async def test_a_sandbox_that_hangs_does_not_hang_the_shutdown(game: Game) -> None:
    """Shutting down is bounded even when a sandbox's close never returns."""
    player = await game.reset()
    player.sandbox.closing = asyncio.Event()
    draining = await drain(game, 0.0)
    await game.clock.advance(game.settings.sandbox.kill_timeout_s + game.settings.sandbox.close_timeout_s)
    assert draining.done()
    player.sandbox.closing.set()
