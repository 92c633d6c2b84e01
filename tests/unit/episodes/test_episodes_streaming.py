"""Streamed output: what slow, lost and returning readers get."""

import pytest
from contract.sandbox_contract import seq
from fakes import a_task, settle
from fakes.game import Follower, Game, Games, text_of

from codecraft_server.episodes.events import Heartbeat, Outcome, RunCommand, Started, StepResult
from codecraft_server.errors import InvalidFieldError, OutputNotKeptError, StepNotFoundError
from codecraft_server.sandbox import EndReason, Gap, Output, Stream


async def test_all_of_a_large_output_comes(games: Games) -> None:
    """Far more output than the window comes whole and in order, in pieces of at most 64 KiB."""
    game = await games(output_window_bytes=100_000, resume_window_bytes=200_000)
    call = (await game.reset()).begin("seq 1 100000")
    result = await call.last()
    assert text_of(call.events) == seq(1, 100_000)
    assert max(len(event.data) for event in call.events if isinstance(event, Output)) <= 65_536
    assert result.observation.ended.dropped_bytes == 0


async def test_only_what_was_taken_is_acknowledged(games: Games) -> None:
    """A reader that does not go on blocks the command at its window; when it goes on so does the command."""
    game = await games(output_window_bytes=10_000)
    player = await game.reset()
    stream = game.episodes.step(*player.key, 0, RunCommand(b"yes"), stream_output=True)
    assert await anext(stream) == Started(0)
    first = await anext(stream)
    await settle()
    output = player.sandbox.commands[0].output
    assert (output.acknowledged, output.printed[Stream.OUT]) == (0, 10_000)
    await anext(stream)
    await settle()
    assert output.acknowledged == len(first.data)
    assert output.printed[Stream.OUT] == 10_000 + len(first.data)
    player.interrupt(0)
    await Follower(stream).last()


async def test_a_hanging_reader_does_not_slow_another(games: Games) -> None:
    """The fastest reader sets the pace: one on a dead connection holds up nobody, and is told what it missed."""
    game = await games(output_window_bytes=10_000, resume_window_bytes=40_000)
    player = await game.reset()
    hanging = game.episodes.step(*player.key, 0, RunCommand(b"seq 1 50000"), stream_output=True)
    await anext(hanging)
    await anext(hanging)
    lively = player.resume(0)
    result = await lively.last()
    assert text_of(lively.events) == seq(1, 50_000)
    assert (result.observation.ended.stalled_s, result.observation.ended.dropped_bytes) == (0.0, 0)
    rest = Follower(hanging)
    await rest.last()
    assert isinstance(rest.events[0], Gap)
    assert seq(1, 50_000).endswith(text_of(rest.events))


async def test_without_a_reader_nothing_is_lost(games: Games) -> None:
    """While nobody is attached output waits within the window, and the next reader gets it all."""
    game = await games(output_window_bytes=10_000, reattach_grace_s=10.0, stall_s=20.0)
    player = await game.reset()
    call = player.begin("sleep 1; seq 1 20000")
    await settle()
    await call.leave()
    await game.clock.advance(9.0)
    assert player.sandbox.commands[0].output.printed[Stream.OUT] == 10_000
    again = player.resume(0)
    await again.last()
    assert text_of(again.events) == seq(1, 20_000)


async def test_resume_goes_on_where_the_client_was(game: Game) -> None:
    """Resume gives exactly the bytes from the asked offset on, of a running step and of a finished one."""
    player = await game.reset()
    call = player.begin("seq 1 1000; sleep 5; seq 1001 2000")
    await settle()
    await call.leave()
    running = player.resume(0, 100)
    await game.clock.advance(5.0)
    await running.last()
    assert text_of(running.events) == seq(1, 2000)[100:]
    assert running.events[1].offset == 100
    finished = player.resume(0, 5000)
    await finished.last()
    assert text_of(finished.events) == seq(1, 2000)[5000:]


async def test_resume_from_the_end_has_the_result_only(game: Game) -> None:
    """Who has all the output gets the result."""
    player = await game.reset()
    result = await player.step("echo hello", stream=True)
    call = player.resume(0, 6)
    assert await call.last() is result
    assert call.events == [Started(0), result]


async def test_bytes_taken_but_lost_on_the_way_can_be_had_again(games: Games) -> None:
    """Delivered bytes stay for resume_window_bytes; below that Resume is refused and says from where on it may go."""
    game = await games(resume_window_bytes=100_000)
    player = await game.reset()
    await player.step("seq 1 50000", stream=True)
    total = len(seq(1, 50_000))
    with pytest.raises(OutputNotKeptError) as gone:
        player.resume(0, 0)
    first_kept = int(gone.value.details["first_kept_offset"])
    assert total - 100_000 <= first_kept < total - 30_000
    call = player.resume(0, first_kept)
    await call.last()
    assert text_of(call.events) == seq(1, 50_000)[first_kept:]


async def test_a_repeated_step_begins_with_what_is_kept(games: Games) -> None:
    """A re-attach by Step repeats the output from the beginning, or from the first byte kept with a gap before it."""
    game = await games(resume_window_bytes=100_000)
    player = await game.reset()
    await player.step("seq 1 50000", stream=True)
    again = player.begin("seq 1 50000", index=0)
    await again.last()
    gap = again.events[1]
    assert isinstance(gap, Gap)
    assert (gap.offset, text_of(again.events)) == (0, seq(1, 50_000)[gap.dropped :])


async def test_resume_of_separate_streams_has_two_offsets(game: Game) -> None:
    """Each stream goes on from its own offset."""
    player = await game.reset()
    await player.step(RunCommand(b"echo one; echo two >&2; echo three", separate=True), stream=True)
    call = player.resume(0, 4, 2)
    await call.last()
    assert (text_of(call.events, Stream.OUT), text_of(call.events, Stream.ERR)) == (b"three\n", b"o\n")


@pytest.mark.parametrize(("out", "err", "field"), [(7, 0, "out_offset"), (-1, 0, "out_offset"), (0, 1, "err_offset")])
async def test_offsets_that_never_were_are_refused(game: Game, out: int, err: int, field: str) -> None:
    """An offset beyond what was printed, or a negative one, is an invalid field."""
    player = await game.reset()
    await player.step("echo hello", stream=True)
    with pytest.raises(InvalidFieldError) as refused:
        player.resume(0, out, err)
    assert refused.value.field == field


async def test_resume_of_a_step_that_never_was_is_refused(game: Game) -> None:
    """There is nothing to resume under an index that was not used."""
    with pytest.raises(StepNotFoundError):
        (await game.reset()).resume(0)


async def test_resume_of_a_step_that_is_not_streamed_waits_for_its_result(game: Game) -> None:
    """Resume of a step without streaming is a wait for the result."""
    player = await game.reset()
    call = player.begin("sleep 15; echo kept", stream=False)
    await settle()
    await call.leave()
    again = player.resume(0)
    await game.clock.advance(15.0)
    result = await again.last()
    assert again.events == [Heartbeat(10.0), result]
    assert result.observation.output == b"kept\n"


async def test_output_is_kept_until_the_next_step(game: Game) -> None:
    """Who takes the next step has seen the last one's output; from then on only the result is kept."""
    player = await game.reset()
    result = await player.step("echo hello", stream=True)
    await game.clock.advance(600.0)
    assert text_of((await drained(player.resume(0))).events) == b"hello\n"
    await player.step("true")
    with pytest.raises(OutputNotKeptError):
        player.resume(0)
    again = player.begin("echo hello", index=0)
    assert await again.last() is result
    assert again.events == [Started(0), Gap(Stream.OUT, 0, 6), result]


async def drained(call: Follower) -> Follower:
    await call.last()
    return call


async def test_the_last_steps_output_outlives_the_episode_for_a_while(games: Games) -> None:
    """The output of the step that ended the episode can be resumed for reattach_grace_s, its result for result_kept_s."""
    game = await games(a_task(limits={"steps": 1}), reattach_grace_s=10.0)
    player = await game.reset()
    result = await player.step("echo hello", stream=True)
    assert result.outcome is Outcome.OUT_OF_STEPS
    await game.clock.advance(9.0)
    assert text_of((await drained(player.resume(0))).events) == b"hello\n"
    await game.clock.advance(2.0)
    assert await player.resume(0, 6).last() is result


async def test_a_flood_is_ended_by_an_interrupt(games: Games) -> None:
    """A command that prints for ever is stopped by Interrupt while its reader is busy reading."""
    game = await games(output_window_bytes=50_000)
    player = await game.reset()
    stream = game.episodes.step(*player.key, 0, RunCommand(b"yes"), stream_output=True)
    taken, last = 0, None
    async for event in stream:
        taken += len(event.data) if isinstance(event, Output) else 0
        if taken > 500_000:
            player.interrupt(0)
        last = event
    assert isinstance(last, StepResult)
    assert last.observation.ended.reason is EndReason.INTERRUPTED
    assert last.observation.ended.out_bytes == taken
