"""WriteStdin: each byte once."""

import asyncio

import pytest
from fakes import settle
from fakes.game import Follower, Game, Player

from codecraft_server.episodes.events import RunCommand
from codecraft_server.errors import InvalidFieldError, NoStepRunningError, StdinFullError
from codecraft_server.sandbox import EndReason

CAT = RunCommand(b"cat", stdin_open=True)


async def write(player: Player, offset: int, data: bytes, *, end: bool = False, index: int = 0) -> int:
    return await player.game.episodes.write_stdin(*player.key, index, offset, data, end_of_file=end)


@pytest.fixture
async def player(game: Game) -> Player:
    return await game.reset()


async def test_stdin_is_given_whole(player: Player) -> None:
    """Bytes that come with the command are its standard input, then its end."""
    assert (await player.step(RunCommand(b"cat", stdin=b"\x00\xff"))).observation.output == b"\x00\xff"


async def test_pieces_are_written_by_offset(player: Player) -> None:
    """Pieces add up, and each answer says how far they reach."""
    call = player.begin(CAT, stream=False)
    assert await write(player, 0, b"one ") == 4
    assert await write(player, 4, b"two") == 7
    assert await write(player, 7, b"", end=True) == 7
    assert (await call.last()).observation.output == b"one two"


async def test_repeats_are_ignored(player: Player) -> None:
    """Bytes before the accepted offset are not written again, whole or in part; the end may be repeated."""
    call = player.begin(CAT, stream=False)
    await write(player, 0, b"abc")
    assert await write(player, 0, b"abc") == 3
    assert await write(player, 1, b"bcd") == 4
    assert await write(player, 2, b"cd", end=True) == 4
    assert (await call.last()).observation.output == b"abcd"


async def test_bytes_after_the_first_piece_come_after_stdin(player: Player) -> None:
    """Offsets count what is written by WriteStdin only, after what came with the command."""
    call = player.begin(RunCommand(b"cat", stdin=b"first ", stdin_open=True), stream=False)
    await write(player, 0, b"second", end=True)
    assert (await call.last()).observation.output == b"first second"


@pytest.mark.parametrize(("offset", "data", "field"), [(1, b"x", "offset"), (-1, b"x", "offset"), (0, b"x" * 65_537, "data")])
async def test_gaps_and_sizes_are_refused(player: Player, offset: int, data: bytes, field: str) -> None:
    """An offset ahead of what was accepted, a negative one and too large a piece are invalid."""
    call = player.begin(CAT)
    with pytest.raises(InvalidFieldError) as refused:
        await write(player, offset, data)
    assert refused.value.field == field
    player.interrupt(0)
    await call.last()


async def test_nothing_follows_the_end(player: Player) -> None:
    """After the end more bytes are refused, but a repeat of what was written is not."""
    call = player.begin(RunCommand(b"cat; sleep 5", stdin_open=True))
    await write(player, 0, b"abc", end=True)
    assert await write(player, 0, b"abc", end=True) == 3
    with pytest.raises(InvalidFieldError, match="has ended"):
        await write(player, 3, b"d")
    player.interrupt(0)
    await call.last()


async def test_a_full_buffer_takes_nothing(player: Player) -> None:
    """When the command does not read, a piece is refused whole with a retry delay, and what was accepted stays."""
    call = player.begin(RunCommand(b"sleep 5; cat", stdin_open=True), stream=False)
    for number in range(4):
        assert await write(player, number * 65_536, b"x" * 65_536) == (number + 1) * 65_536
    with pytest.raises(StdinFullError):
        await write(player, 4 * 65_536, b"y")
    await player.game.clock.advance(5.0)
    assert await write(player, 4 * 65_536, b"y", end=True) == 4 * 65_536 + 1
    assert (await call.last()).observation.ended.out_bytes == 4 * 65_536 + 1


async def test_a_command_without_open_stdin_takes_none(player: Player) -> None:
    """A command that was not started with stdin_open can't be written to."""
    call = player.begin("sleep 5")
    await settle()
    with pytest.raises(InvalidFieldError, match="stdin_open"):
        await write(player, 0, b"x")
    player.interrupt(0)
    await call.last()


async def test_an_ended_command_takes_none(player: Player) -> None:
    """Once the step has ended, or where there was none, no step is running."""
    await player.step("true")
    for index in (0, 1):
        with pytest.raises(NoStepRunningError):
            await write(player, 0, b"x", index=index)


async def test_writes_that_come_before_the_command_runs_wait(player: Player) -> None:
    """A write that overtakes the start of its command is not lost."""
    stream = player.game.episodes.step(*player.key, 0, CAT, stream_output=False)
    assert await write(player, 0, b"early", end=True) == 5
    assert (await Follower(stream).last()).observation.output == b"early"


async def test_writes_at_once_come_in_order_of_offset(player: Player) -> None:
    """Two writes of the same bytes at the same time are one."""
    call = player.begin(CAT, stream=False)
    assert await asyncio.gather(write(player, 0, b"abc"), write(player, 0, b"abc")) == [3, 3]
    await write(player, 3, b"", end=True)
    assert (await call.last()).observation.output == b"abc"


async def test_a_dropped_write_is_finished(player: Player) -> None:
    """A write whose caller goes is written or not, and the next answer says which."""
    call = player.begin(CAT, stream=False)
    await settle()
    dropped = asyncio.ensure_future(write(player, 0, b"abc"))
    await asyncio.sleep(0)
    dropped.cancel()
    await settle()
    assert await write(player, 0, b"abc", end=True) == 3
    assert (await call.last()).observation.output == b"abc"


async def test_a_lost_sandbox_takes_none(player: Player) -> None:
    """A write into a sandbox that is lost finds no running step."""
    call = player.begin(CAT)
    await settle()
    player.sandbox.lose()
    with pytest.raises(NoStepRunningError):
        await write(player, 0, b"x")
    assert (await call.last()).fault is not None


async def test_an_interrupted_command_had_its_input(player: Player) -> None:
    """What was written before an interrupt was read."""
    call = player.begin(CAT, stream=False)
    await write(player, 0, b"abc")
    await settle()
    player.interrupt(0)
    seen = (await call.last()).observation
    assert (seen.ended.reason, seen.output) == (EndReason.INTERRUPTED, b"abc")
