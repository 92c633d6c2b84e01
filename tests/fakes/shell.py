"""A shell that knows a dozen words: the language of `contract.sandbox_contract`, and `yes`, `oom` and `date` for tests of our own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from codecraft_server.clock import Clock, Timer
from codecraft_server.errors import SandboxLostError
from codecraft_server.sandbox import CommandEvent, Ended, EndReason, OutputPolicy, Stream, Usage
from fakes.files import FakeFiles
from fakes.output import FakeOutput, TooMuchOutput

STDIN_BUFFER = 262_144
LINES_AT_ONCE = 5000


@dataclass
class FakeShell:
    """What lives on between the commands of a session."""

    cwd: bytes
    variables: dict[bytes, bytes] = field(default_factory=dict)
    uid: int = 1000
    busy: bool = False


class _Exit(Exception):  # noqa: N818 - not an error: how a shell may end
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class FakeCommand:
    """A `Command`, run by a task of its own. `session` False: a program outside of any session."""

    def __init__(
        self,
        line: bytes,
        shell: FakeShell,
        files: FakeFiles,
        clock: Clock,
        policy: OutputPolicy,
        *,
        timeout_s: float,
        stdin: bytes | None,
        stdin_open: bool = False,
        session: bool = True,
    ) -> None:
        self.line = line
        self.timeout_s = timeout_s
        self.grace_s: float | None = None
        self.output = FakeOutput(policy, clock, self._stalls)
        self._shell = shell
        self._files = files
        self._clock = clock
        self._session = session
        self._stdin = bytearray(stdin or b"")
        self._stdin_complete = not stdin_open
        self._stdin_came = asyncio.Event()
        self._killed: EndReason | SandboxLostError | None = None
        self._began = clock.monotonic()
        self._left_s = timeout_s
        self._armed_at = self._began
        self._timer: Timer | None = None
        self._running = False
        self.task = asyncio.ensure_future(self._run())

    # Command

    def events(self) -> AsyncIterator[CommandEvent]:
        return self.output.events()

    def acknowledge(self, byte_count: int) -> None:
        self.output.acknowledge(byte_count)

    async def write_stdin(self, data: bytes, *, end_of_file: bool) -> bool:
        if isinstance(self._killed, SandboxLostError):
            raise self._killed
        if self.task.done() or self._stdin_complete or len(self._stdin) + len(data) > STDIN_BUFFER:
            return False
        self._stdin += data
        self._stdin_complete = end_of_file
        self._stdin_came.set()
        return True

    def interrupt(self, grace_s: float = 0.0) -> None:
        self.grace_s = grace_s
        self.kill(EndReason.INTERRUPTED)

    def kill(self, why: EndReason | SandboxLostError) -> None:
        """End it from outside; the first word counts."""
        if self._killed is None and not self.task.done():
            self._killed = why
            if self._running:  # a task cancelled before its first step would never say how it ended
                self.task.cancel()

    # The run

    async def _run(self) -> None:
        before = FakeShell(self._shell.cwd, dict(self._shell.variables))
        self._shell.busy = True
        try:
            self._running = True
            if self._killed is None:
                self._arm()
                reason, code = EndReason.EXITED, await self._line()
        except _Exit as left:
            reason, code = (EndReason.SHELL_ENDED if self._session else EndReason.EXITED), left.code
        except TooMuchOutput:
            self._killed = EndReason.OUTPUT_LIMIT
        except MemoryError:
            reason, code = EndReason.OUT_OF_MEMORY, 137
        except asyncio.CancelledError:
            pass
        finally:
            self._disarm()
            self._shell.busy = False
        if isinstance(self._killed, SandboxLostError):
            self.output.end(self._killed)
            return
        if self._killed is not None:
            reason, code = self._killed, None
        restarted = self._session and reason is not EndReason.EXITED and reason is not EndReason.OUT_OF_MEMORY
        if restarted:
            self._shell.cwd, self._shell.variables = before.cwd, before.variables
        self.output.finish()
        self.output.end(self._ended(reason, code, restarted=restarted))

    def _ended(self, reason: EndReason, code: int | None, *, restarted: bool) -> Ended:
        output = self.output
        return Ended(
            reason=reason,
            exit_code=code,
            signal=9 if reason is EndReason.OUT_OF_MEMORY else None,
            session_restarted=restarted,
            cwd=self._shell.cwd,
            out_bytes=output.printed[Stream.OUT],
            err_bytes=output.printed[Stream.ERR],
            dropped_bytes=output.dropped,
            wall_s=self._clock.monotonic() - self._began,
            stalled_s=output.stalled_s,
            usage=Usage(cpu_s=0.01, oom_kills=1 if reason is EndReason.OUT_OF_MEMORY else 0),
        )

    def _arm(self) -> None:
        self._armed_at = self._clock.monotonic()
        self._timer = self._clock.call_later(self._left_s, lambda: self.kill(EndReason.TIMED_OUT))

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._left_s -= self._clock.monotonic() - self._armed_at

    def _stalls(self, begins: bool) -> None:
        if begins:
            self._disarm()
        else:
            self._arm()

    # The language

    async def _line(self) -> int:
        status = 0
        for part in self.line.split(b";"):
            words = part.split()
            if not words:
                continue
            stream = Stream.ERR if words[-1] == b">&2" else Stream.OUT
            if stream is Stream.ERR:
                words.pop()
            word = _WORDS.get(words[0])
            if word is None:
                await self.output.write(Stream.ERR, b"sh: %s: not found\n" % words[0])
                status = 127
            else:
                status = await word(self, stream, words[1:])
        return status

    async def _echo(self, stream: Stream, words: list[bytes]) -> int:
        expanded = [self._shell.variables.get(word[1:], b"") if word.startswith(b"$") else word for word in words]
        await self.output.write(stream, b" ".join(word for word in expanded if word) + b"\n")
        return 0

    async def _true(self, _stream: Stream, _words: list[bytes]) -> int:
        return 0

    async def _false(self, _stream: Stream, _words: list[bytes]) -> int:
        return 1

    async def _exit(self, _stream: Stream, words: list[bytes]) -> int:
        raise _Exit(int(words[0]) if words else 0)

    async def _sleep(self, _stream: Stream, words: list[bytes]) -> int:
        over = asyncio.Event()
        timer = self._clock.call_later(float(words[0]), over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()
        return 0

    async def _cd(self, _stream: Stream, words: list[bytes]) -> int:
        target = self._files.absolute(words[0], self._shell.cwd)
        if not self._files.is_directory(target):
            return 1
        self._shell.cwd = target
        return 0

    async def _pwd(self, stream: Stream, _words: list[bytes]) -> int:
        await self.output.write(stream, self._shell.cwd + b"\n")
        return 0

    async def _export(self, _stream: Stream, words: list[bytes]) -> int:
        name, _, value = words[0].partition(b"=")
        self._shell.variables[name] = value
        return 0

    async def _cat(self, stream: Stream, _words: list[bytes]) -> int:
        while True:
            if self._stdin:
                data = bytes(self._stdin)
                self._stdin.clear()
                await self.output.write(stream, data)
            elif self._stdin_complete:
                return 0
            else:
                self._stdin_came.clear()
                await self._stdin_came.wait()

    async def _seq(self, stream: Stream, words: list[bytes]) -> int:
        first, last = int(words[0]), int(words[1])
        for start in range(first, last + 1, LINES_AT_ONCE):
            stop = min(start + LINES_AT_ONCE, last + 1)
            await self.output.write(stream, "\n".join([*map(str, range(start, stop)), ""]).encode())
            await asyncio.sleep(0)
        return 0

    async def _yes(self, stream: Stream, _words: list[bytes]) -> int:
        while True:
            await self.output.write(stream, b"y\n" * 512)
            await asyncio.sleep(0)

    async def _oom(self, _stream: Stream, _words: list[bytes]) -> int:
        raise MemoryError

    async def _id(self, stream: Stream, _words: list[bytes]) -> int:
        await self.output.write(stream, b"%d\n" % self._shell.uid)
        return 0


_WORDS: dict[bytes, Callable[[FakeCommand, Stream, list[bytes]], Awaitable[int]]] = {
    b"echo": FakeCommand._echo,
    b"true": FakeCommand._true,
    b"false": FakeCommand._false,
    b"exit": FakeCommand._exit,
    b"sleep": FakeCommand._sleep,
    b"cd": FakeCommand._cd,
    b"pwd": FakeCommand._pwd,
    b"export": FakeCommand._export,
    b"cat": FakeCommand._cat,
    b"seq": FakeCommand._seq,
    b"yes": FakeCommand._yes,
    b"oom": FakeCommand._oom,
    b"id": FakeCommand._id,
}
