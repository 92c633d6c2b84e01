"""Steps: order, exactly-once, what the agent sees, interrupts."""

import asyncio
import math
from collections.abc import AsyncIterator

import pytest
from each import each
from fakes import settle
from fakes.game import Game, Games

from codecraft_server import rewards
from codecraft_server.episodes.events import (
    Action,
    ActionError,
    Heartbeat,
    ListFiles,
    ReadFile,
    RunCommand,
    Started,
    State,
    StepResult,
    TextAction,
    WriteFile,
)
from codecraft_server.errors import (
    InvalidFieldError,
    NoStepRunningError,
    StepConflictError,
    StepInProgressError,
    StepNotFoundError,
    StepOutOfOrderError,
    TooManyReadersError,
)
from codecraft_server.rewards import Step
from codecraft_server.sandbox import CommandEvent, EndReason, FileProblem, FileProblemKind, Output, Stream

# Order


async def test_steps_are_counted_from_zero(game: Game) -> None:
    """Each step has the next index, and the budget says what is left."""
    player = await game.reset()
    for index in range(3):
        result = await player.step("true")
        assert result.step_index == index
        assert (result.observation.budget.steps_taken, result.observation.budget.steps_left) == (index + 1, 9 - index)
    assert game.episodes.get(*player.key).next_step_index == 3


async def test_an_index_ahead_is_out_of_order(game: Game) -> None:
    """An index that is not the next one is refused, and nothing ran."""
    player = await game.reset()
    with pytest.raises(StepOutOfOrderError) as refused:
        await player.step("true", index=1)
    assert refused.value.details == {"expected": "0", "got": "1"}
    assert player.sandbox.commands == []


@pytest.mark.parametrize("index", [-1, 2**31])
async def test_an_index_is_a_number_of_the_schema(game: Game, index: int) -> None:
    """A negative or too large index is an invalid field."""
    player = await game.reset()
    with pytest.raises(InvalidFieldError, match="step_index"):
        await player.step("true", index=index)


async def test_one_step_at_a_time(game: Game) -> None:
    """While a step runs the next is refused, and taken once the first has ended."""
    player = await game.reset()
    running = player.begin("sleep 5")
    await settle()
    assert game.episodes.get(*player.key).state is State.STEPPING
    with pytest.raises(StepInProgressError) as refused:
        await player.step("true", index=1)
    assert refused.value.details == {"running": "0"}
    await game.clock.advance(5.0)
    await running.last()
    assert game.episodes.get(*player.key).state is State.READY
    assert (await player.step("true")).step_index == 1


# Exactly once


async def test_a_repeat_of_a_finished_step_returns_its_result(game: Game) -> None:
    """The same action under the same index is not run again, however often it is asked for."""
    player = await game.reset()
    first = await player.step("echo once")
    assert await player.step("echo once", index=0) is first
    assert await player.step("echo once", index=0, stream=True) is first
    assert len(player.sandbox.commands) == 1


async def test_a_repeat_of_a_running_step_attaches(game: Game) -> None:
    """The same action under the running index follows the same run."""
    player = await game.reset()
    first = player.begin("echo early; sleep 5", index=0)
    await settle()
    second = player.begin("echo early; sleep 5", index=0)
    await game.clock.advance(5.0)
    assert await first.last() is await second.last()
    assert first.events == second.events
    assert len(player.sandbox.commands) == 1


@each(
    ("first", "second"),
    [
        (RunCommand(b"true"), RunCommand(b"false")),
        (RunCommand(b"true"), RunCommand(b"true", timeout_s=1.0)),
        (RunCommand(b"true"), RunCommand(b"true", stdin=b"")),
        (RunCommand(b"true"), RunCommand(b"true", session="other")),
        (RunCommand(b"true"), RunCommand(b"true", separate=True)),
        (WriteFile(b"a", b"bc"), WriteFile(b"ab", b"c")),
        (WriteFile(b"a", b"b"), WriteFile(b"a", b"b", mode=0)),
        (ReadFile(b"a"), ListFiles(b"a")),
        (ReadFile(b"a"), TextAction("a")),
    ],
)
async def test_another_action_under_a_used_index_is_a_conflict(games: Games, first: Action, second: Action) -> None:
    """Whatever differs in the action makes it another one."""
    game = await games()
    player = await game.reset()
    await player.step(first)
    with pytest.raises(StepConflictError):
        await player.step(second, index=0)


async def test_results_are_kept_for_repeats_up_to_a_bound(games: Games) -> None:
    """The last recorded_steps results can be had again; older ones are gone for good."""
    game = await games(recorded_steps=2)
    player = await game.reset()
    for _ in range(3):
        await player.step("true")
    assert (await player.step("true", index=1)).step_index == 1
    with pytest.raises(StepNotFoundError):
        await player.step("true", index=0)


async def test_results_are_kept_up_to_a_number_of_bytes(games: Games) -> None:
    """Large results push older ones out; the last one is kept whatever its size."""
    game = await games(recorded_bytes=10_000)
    player = await game.reset()
    await player.step(WriteFile(b"big", b"x" * 20_000))
    await player.step("true")
    await player.step(ReadFile(b"big", max_bytes=20_000))
    with pytest.raises(StepNotFoundError):
        player.resume(1)
    assert (await player.resume(2).last()).step_index == 2


async def test_a_dropped_call_does_not_stop_a_step(game: Game) -> None:
    """A call that goes away leaves the command running; one that comes back gets its result."""
    player = await game.reset()
    call = player.begin("sleep 5; echo done")
    await settle()
    await call.leave()
    again = player.begin("sleep 5; echo done", index=0)
    await game.clock.advance(5.0)
    assert (await again.last()).observation.ended.reason is EndReason.EXITED
    assert len(player.sandbox.commands) == 1


async def test_a_step_nobody_follows_is_interrupted(games: Games) -> None:
    """Without a call attached for reattach_grace_s the command is interrupted; its result is kept."""
    game = await games(reattach_grace_s=10.0)
    player = await game.reset()
    call = player.begin("sleep 25")
    await game.clock.advance(9.0)
    await call.leave()
    await game.clock.advance(9.9)
    assert game.episodes.get(*player.key).state is State.STEPPING
    await game.clock.advance(0.2)
    result = await player.resume(0).last()
    assert (result.observation.ended.reason, result.outcome) == (EndReason.INTERRUPTED, None)
    assert result.reward == rewards.NOTHING


async def test_a_step_whose_stream_is_never_read_is_interrupted_too(games: Games) -> None:
    """A caller that goes before its first event leaves a step that is interrupted in time."""
    game = await games(reattach_grace_s=10.0)
    player = await game.reset()
    stream = game.episodes.step(*player.key, 0, RunCommand(b"sleep 25"), stream_output=True)
    await stream.aclose()
    await game.clock.advance(10.1)
    assert (await player.resume(0).last()).observation.ended.reason is EndReason.INTERRUPTED


async def test_readers_are_bounded(games: Games) -> None:
    """No more than readers_per_step calls follow a step; one that leaves makes room."""
    game = await games(readers_per_step=2)
    player = await game.reset()
    calls = [player.begin("sleep 5", index=0) for _ in range(2)]
    await settle()
    with pytest.raises(TooManyReadersError):
        await player.resume(0).last()
    await calls[0].leave()
    third = player.resume(0)
    await game.clock.advance(5.0)
    assert await third.last() is await calls[1].last()


# What is seen


async def test_a_step_that_is_not_streamed_has_its_output_in_the_result(game: Game) -> None:
    """Not streamed there is one event, and the observation has output and end."""
    player = await game.reset()
    call = player.begin("echo hello", stream=False)
    result = await call.last()
    assert call.events == [result]
    assert (result.observation.output, result.observation.error_output, result.observation.gaps) == (b"hello\n", b"", ())
    assert (result.observation.ended.exit_code, result.label, result.reward) == (0, Step.NEUTRAL, rewards.NOTHING)


async def test_kept_output_is_head_and_tail(game: Game) -> None:
    """Beyond the task's output_bytes the observation has head, tail and the gap between them."""
    result = await (await game.reset()).step("seq 1 1000")
    seen = result.observation
    assert len(seen.output) == 1000
    (gap,) = seen.gaps
    assert (gap.offset, gap.dropped) == (200, seen.ended.out_bytes - 1000)
    assert seen.output.startswith(b"1\n2\n")
    assert seen.output.endswith(b"999\n1000\n")


async def test_separate_output_is_kept_apart(game: Game) -> None:
    """In separate mode standard error stands in error_output."""
    player = await game.reset()
    seen = (await player.step(RunCommand(b"echo out; echo err >&2", separate=True))).observation
    assert (seen.output, seen.error_output) == (b"out\n", b"err\n")


async def test_a_streamed_step_says_that_it_started(game: Game) -> None:
    """Streamed, the events are started, the output as it comes, then the result."""
    player = await game.reset()
    call = player.begin("echo early; sleep 5; echo late")
    await settle()
    assert call.events == [Started(0), Output(Stream.OUT, 0, b"early\n")]
    await game.clock.advance(5.0)
    result = await call.last()
    assert call.events[2:] == [Output(Stream.OUT, 6, b"late\n"), result]
    assert result.observation.output == b""


async def test_silence_has_heartbeats(games: Games) -> None:
    """When nothing flows for heartbeat_s a heartbeat says how long the step has been running."""
    game = await games(heartbeat_s=10.0)
    player = await game.reset()
    call = player.begin("sleep 25", stream=False)
    await game.clock.advance(20.5)
    assert call.events == [Heartbeat(10.0), Heartbeat(20.0)]
    await game.clock.advance(5.0)
    assert isinstance(await call.last(), StepResult)


async def test_failing_commands_are_data(game: Game) -> None:
    """Exit codes, a shell that ends and lack of memory are observations without penalty, and the episode goes on."""
    player = await game.reset()
    assert (await player.step("false")).observation.ended.exit_code == 1
    assert (await player.step("exit 3")).observation.ended.reason is EndReason.SHELL_ENDED
    result = await player.step("oom")
    assert result.observation.ended.reason is EndReason.OUT_OF_MEMORY
    assert (result.reward, result.outcome, result.fault) == (rewards.NOTHING, None, None)


async def test_a_command_times_out(game: Game) -> None:
    """A command over its time-out is an observation that keeps what it printed."""
    player = await game.reset()
    call = player.begin(RunCommand(b"echo before; sleep 20", timeout_s=2.0), stream=False)
    await game.clock.advance(2.0)
    seen = (await call.last()).observation
    assert (seen.ended.reason, seen.output) == (EndReason.TIMED_OUT, b"before\n")


async def test_without_a_time_out_the_tasks_holds(game: Game) -> None:
    """A command that names no time-out gets the task's command time."""
    player = await game.reset()
    await player.step("true")
    await player.step(RunCommand(b"true", timeout_s=1.5))
    assert [command.timeout_s for command in player.sandbox.commands] == [30.0, 1.5]


async def test_files_are_written_read_and_listed(game: Game) -> None:
    """File actions give what they found, and words for people."""
    player = await game.reset()
    assert (await player.step(WriteFile(b"a.py", b"x = 1", 0o755))).observation.message == "File a.py written."
    await player.step(WriteFile(b"a.py", b"2", offset=4))
    read = (await player.step(ReadFile(b"a.py"))).observation
    assert (read.file.data, read.file.mode, read.message) == (b"x = 2", 0o755, "File a.py read.")
    part = (await player.step(ReadFile(b"a.py", offset=1, max_bytes=2))).observation
    assert (part.file.data, part.message) == (b" =", "File a.py read in part: 2 of 5 bytes.")
    listed = (await player.step(ListFiles())).observation
    assert ([entry.path for entry in listed.files.entries], listed.message) == ([b"a.py"], ".: 1 entry.")


async def test_a_read_without_a_size_reads_output_bytes(game: Game) -> None:
    """max_bytes 0 means the task's output_bytes."""
    player = await game.reset()
    await player.step(WriteFile(b"big", b"x" * 5000))
    assert len((await player.step(ReadFile(b"big"))).observation.file.data) == 1000


async def test_paths_may_be_any_bytes(game: Game) -> None:
    """A path that is no UTF-8 works, and the message shows it escaped."""
    player = await game.reset()
    assert (await player.step(WriteFile(b"caf\xe9", b""))).observation.message == "File caf\\xe9 written."


# Interrupt


async def test_interrupt_ends_the_command(game: Game) -> None:
    """Interrupt ends the running command; the step has its result and the episode goes on."""
    player = await game.reset()
    call = player.begin("sleep 25")
    await settle()
    player.interrupt(0, 2.5)
    result = await call.last()
    assert result.observation.ended.reason is EndReason.INTERRUPTED
    assert player.sandbox.commands[0].grace_s == 2.5
    assert (await player.step("echo on")).observation.output == b"on\n"


async def test_interrupt_before_the_command_runs_is_not_lost(game: Game) -> None:
    """An Interrupt that overtakes the start of its command strikes as soon as it runs."""
    player = await game.reset()
    stream = game.episodes.step(*player.key, 0, RunCommand(b"sleep 25"), stream_output=False)
    player.interrupt(0)
    assert (await game.follow(stream).last()).observation.ended.reason is EndReason.INTERRUPTED


async def test_interrupt_of_an_ended_step_is_harmless(game: Game) -> None:
    """Interrupt may come too late; then it succeeds and does nothing."""
    player = await game.reset()
    await player.step("true")
    player.interrupt(0)
    player.interrupt(0)
    assert (await player.step("echo on")).observation.output == b"on\n"


async def test_interrupt_of_a_step_that_never_was_is_refused(game: Game) -> None:
    """Interrupt of an index that no step had is refused, and so is a grace out of range."""
    player = await game.reset()
    with pytest.raises(NoStepRunningError):
        player.interrupt(0)
    for grace_s in (-0.1, 10.1, math.nan):
        with pytest.raises(InvalidFieldError, match="grace"):
            player.interrupt(0, grace_s)


async def test_a_shell_that_can_not_be_started_any_more_is_an_observation(game: Game) -> None:
    """An agent that has used up its memory gets no fault for it, which would spare it the grading; the time counts."""

    class Failing:
        async def events(self) -> AsyncIterator[CommandEvent]:
            await asyncio.sleep(0)
            raise FileProblem(FileProblemKind.IO, "the shell does not answer")
            yield  # type: ignore[unreachable]

    async def run(*_: object, **__: object) -> Failing:
        return Failing()

    player = await game.reset()
    player.sandbox.run = run  # type: ignore[method-assign, assignment]
    result = await player.step("true")
    assert (result.fault, result.outcome, result.observation.error) == (None, None, ActionError.OTHER)
    assert result.observation.message == "the shell does not answer"
