"""How a row is played on a real sandbox: every step checked to the byte, then the session's state, then that nothing was left behind."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from nasty_row import Printed, Repeated, Row, Step, exited

from codecraft_server.sandbox import Ended, EndReason, FileProblem, Gap, Output, Sandbox, Stream

ARRANGE = (
    b"mkdir -p /workspace/row && cd /workspace/row && : >marker\n"
    b'export NASTY=exported NASTY_PATH="$PATH" NASTY_HOME="$HOME"\n'
    b"nasty_plain=plain\n"
    b"nasty_function() { nasty_result=function; }"
)
PROBE = b'nasty_result=; nasty_function 2>/dev/null; echo "[$NASTY|$nasty_plain|$nasty_result]"'
CLEAN = (
    b"unset NASTY NASTY_PATH NASTY_HOME; cd /workspace; chmod -R u+rwx row 2>/dev/null; rm -rf row; unset OLDPWD\n"
    b"echo $-; umask; ulimit -a; alias; export -p; ls -A /workspace /tmp /home/agent /dev/shm"
)
LONGEST_S = 60.0


@dataclass
class Played:
    """What a command really came to."""

    ended: Ended
    pieces: list[Output] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def printed(self, stream: Stream) -> bytes:
        """The bytes of one stream."""
        return b"".join(piece.data for piece in self.pieces if piece.stream is stream)


async def play(sandbox: Sandbox, step: Step) -> Played:
    """Run one command to its end, taking whatever it prints."""
    pieces: list[Output] = []
    gaps: list[Gap] = []
    async with asyncio.timeout(LONGEST_S):
        command = await sandbox.run(step.command, session="main", timeout_s=step.timeout_s, output=step.policy, stdin=step.stdin)
        async for event in command.events():
            if isinstance(event, Ended):
                return Played(event, pieces, gaps)
            if isinstance(event, Gap):
                gaps.append(event)
            else:
                pieces.append(event)
                command.acknowledge(len(event.data))
    raise AssertionError("the events ended without Ended")


async def check(sandbox: Sandbox, step: Step) -> Ended | None:
    """Run one command and hold every promise of its step against what it came to."""
    if step.refused is not None:
        with pytest.raises(FileProblem) as refusal:
            await play(sandbox, step)
        assert refusal.value.kind is step.refused
        return None
    played = await play(sandbox, step)
    ended = played.ended
    assert (ended.reason, ended.exit_code, ended.signal, ended.session_restarted) == (
        step.ending.reason,
        step.ending.code,
        step.ending.signal,
        step.ending.restarted,
    ), (ended, played.printed(Stream.OUT)[:2000])
    _check_printed(played, step.printed)
    assert played.printed(Stream.ERR) == step.errors
    assert ended.unkilled == 0
    if step.cwd is not None:
        assert ended.cwd == step.cwd
    if isinstance(step.background, int):
        assert len(ended.background) == step.background
    elif step.background is not None:
        assert sorted(process.command for process in ended.background) == sorted(step.background)
    return ended


def _check_printed(played: Played, expected: Printed) -> None:
    out = played.printed(Stream.OUT)
    if isinstance(expected, Repeated):
        _check_repeated(played, expected)
        return
    if isinstance(expected, re.Pattern):
        assert expected.fullmatch(out), (out[:2000], expected.pattern)
    elif len(expected) > 10_000:
        assert len(out) == len(expected)
        assert out == expected, "same length, other bytes"
    else:
        assert out == expected
    assert played.gaps == []
    assert played.ended.dropped_bytes == 0
    assert (played.ended.out_bytes, played.ended.err_bytes) == (len(out), len(played.printed(Stream.ERR)))


def _check_repeated(played: Played, expected: Repeated) -> None:
    """Head, one gap, tail: nothing missing, nothing twice, each byte where it was printed."""
    kept = expected.head + expected.tail
    total = played.ended.out_bytes
    assert total > kept
    assert played.gaps == [Gap(Stream.OUT, expected.head, total - kept)]
    assert played.ended.dropped_bytes == total - kept
    spans = [(piece.offset, piece.offset + len(piece.data)) for piece in played.pieces]
    covered = {offset for start, end in spans for offset in range(start, end)}
    assert covered == {*range(expected.head), *range(total - expected.tail, total)}
    assert sum(end - start for start, end in spans) == kept
    for piece in played.pieces:
        phase = piece.offset % len(expected.unit)
        endless = expected.unit * (len(piece.data) // len(expected.unit) + 2)
        assert piece.data == endless[phase : phase + len(piece.data)]


class House:
    """One sandbox that serves row after row, each of which must leave it as it was. After a row that did not, the next gets a new one."""

    def __init__(self, open_sandbox: Callable[[], Awaitable[Sandbox]], shell: str, user: str) -> None:
        self._open_sandbox = open_sandbox
        self._sandbox: Sandbox | None = None
        self._pristine = b""
        self.shell = shell
        self.user = user

    async def play(self, row: Row) -> None:
        """Play a row: scene, command, what comes next, state, and that nothing is left."""
        try:
            await self._play(await self._ready(), row)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Remove the sandbox."""
        if self._sandbox is not None:
            sandbox, self._sandbox = self._sandbox, None
            await sandbox.close()

    async def _ready(self) -> Sandbox:
        """The sandbox; a new one is first asked what an untouched one looks like."""
        if self._sandbox is None:
            self._sandbox = await self._open_sandbox()
            await _quiet(self._sandbox, ARRANGE)
            self._pristine = await _cleaned(self._sandbox)
        return self._sandbox

    async def _play(self, sandbox: Sandbox, row: Row) -> None:
        for command in (ARRANGE, *row.before):
            await _quiet(sandbox, command)
        restarted = False
        for step in (row.step, *row.after):
            ended = await check(sandbox, step.resolved(self.shell, self.user))
            restarted |= ended is not None and ended.session_restarted
        await check(sandbox, Step(PROBE, _state(row, restarted=restarted), cwd=None, background=None))
        if row.undo:
            await _quiet(sandbox, row.undo)
        if row.spoils:
            assert await sandbox.kill_all() == 0
            await self.close()
            return
        assert await _cleaned(sandbox) == self._pristine, "the sandbox is not as it was"


async def _cleaned(sandbox: Sandbox) -> bytes:
    """End all processes, remove the row's directory, and describe what a new shell finds."""
    assert await sandbox.kill_all() == 0
    played = await play(sandbox, Step(CLEAN))
    assert (played.ended.reason, played.ended.exit_code) == (EndReason.EXITED, 0)
    assert played.ended.session_restarted, "KILL_ALL took the shell, and nobody said so"
    assert played.ended.background == ()
    return played.printed(Stream.OUT)


async def _quiet(sandbox: Sandbox, command: bytes) -> None:
    await check(sandbox, Step(command, b"", exited(), cwd=None, background=None))


def _state(row: Row, *, restarted: bool) -> bytes:
    """What the probe must print: a restart keeps what is exported and loses the rest, and nothing else loses anything."""
    held = {"exported": True, "plain": not restarted, "function": not restarted}
    words = (word if held[word] and word not in row.loses else "" for word in ("exported", "plain", "function"))
    return ("[" + "|".join(words) + "]\n").encode()
