"""What an episode has and what it is charged for."""

import asyncio
from typing import Any

import pytest
from fakes import a_task, settle
from fakes.game import Game, Games

from codecraft_server import rewards
from codecraft_server.episodes.events import (
    Outcome,
    ReadFile,
    RunCommand,
    Started,
)
from codecraft_server.errors import (
    EpisodeEndedError,
)
from codecraft_server.sandbox import EndReason, Gap


async def test_the_last_step_truncates(games: Games) -> None:
    """The step that uses the budget up has the outcome OUT_OF_STEPS; the sandbox goes, and nothing more is taken."""
    game = await games(a_task(limits={"steps": 2}))
    player = await game.reset()
    assert (await player.step("true")).outcome is None
    last = await player.step("true")
    assert (last.outcome, last.outcome.truncated, last.fault, last.reward) == (Outcome.OUT_OF_STEPS, True, None, rewards.NOTHING)
    await settle()
    assert not game.sandboxes.alive
    with pytest.raises(EpisodeEndedError, match="OUT_OF_STEPS"):
        await player.step("true")
    with pytest.raises(EpisodeEndedError):
        player.begin_submit()
    assert await player.step("true", index=1) is last


async def test_busy_time_is_charged(game: Game) -> None:
    """Commands are charged by their wall clock; thinking is not."""
    player = await game.reset()
    call = player.begin("sleep 20")
    await game.clock.advance(20.0)
    result = await call.last()
    assert (result.timing.busy_s, result.timing.elapsed_s, result.timing.episode_s_left) == (20.0, 20.0, 80.0)
    await game.clock.advance(300.0)
    assert game.episodes.get(*player.key).episode_s_left == 80.0


async def test_stalled_time_is_not_charged(games: Games) -> None:
    """Time in which a command stood blocked because nobody took its output is not the agent's."""
    game = await games(output_window_bytes=1000, stall_s=20.0, reattach_grace_s=60.0)
    player = await game.reset()
    stream = game.episodes.step(*player.key, 0, RunCommand(b"seq 1 1000"), stream_output=True)
    assert await anext(stream) == Started(0)
    await game.clock.advance(8.0)
    result = await game.follow(stream).last()
    assert (result.timing.stalled_s, result.timing.busy_s) == (8.0, 0.0)


async def test_time_runs_out(games: Games) -> None:
    """A command's time-out is cut to what the episode has left; when that is used up the episode is OUT_OF_TIME."""
    game = await games(a_task(limits={"episode_s": 50.0}))
    player = await game.reset()
    for _ in range(2):
        call = player.begin(RunCommand(b"sleep 1000", timeout_s=20.0))
        await game.clock.advance(20.0)
        assert (await call.last()).outcome is None
    call = player.begin(RunCommand(b"echo kept; sleep 1000", timeout_s=20.0), stream=False)
    await game.clock.advance(10.0)
    result = await call.last()
    assert (result.outcome, result.timing.episode_s_left) == (Outcome.OUT_OF_TIME, 0.0)
    assert (result.observation.ended.reason, result.observation.output) == (EndReason.TIMED_OUT, b"kept\n")


async def test_file_actions_are_charged(games: Games) -> None:
    """File actions count as busy time too."""
    game = await games()
    player = await game.reset()
    read_file = player.sandbox.read_file

    async def slowly(*args: Any, **named: Any) -> Any:
        over = asyncio.Event()
        game.clock.call_later(3.0, over.set)
        await over.wait()
        return await read_file(*args, **named)

    player.sandbox.read_file = slowly  # type: ignore[method-assign]
    call = player.begin(ReadFile(b"missing"))
    await game.clock.advance(3.0)
    assert (await call.last()).timing.busy_s == 3.0


async def test_a_gap_is_shown_where_the_guest_dropped(games: Games) -> None:
    """When a reader is too slow for longer than stall_s the guest drops, and the stream says what is missing."""
    game = await games(output_window_bytes=1000, stall_s=5.0, reattach_grace_s=60.0)
    player = await game.reset()
    stream = game.episodes.step(*player.key, 0, RunCommand(b"seq 1 1000"), stream_output=True)
    assert await anext(stream) == Started(0)
    await game.clock.advance(6.0)
    call = game.follow(stream)
    result = await call.last()
    gaps = [event for event in call.events if isinstance(event, Gap)]
    assert sum(gap.dropped for gap in gaps) == result.observation.ended.dropped_bytes > 0
