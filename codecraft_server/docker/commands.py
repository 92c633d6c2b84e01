"""A command that runs in a guest: its frames as the events of `sandbox.Command`, its credit, its standard input.

Owns what is buffered for a reader who has not come yet: at most the command's window when streamed, at most `kept` when not; a guest that
sends more broke the protocol. Must not know containers.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from codecraft_server.docker.frames import Frame, FrameError, FrameType, Header, unpack_bytes
from codecraft_server.docker.link import GuestRefusalError, Link, Timer, again, refusal
from codecraft_server.errors import SandboxLostError
from codecraft_server.sandbox import (
    BackgroundProcess,
    CommandEvent,
    Ended,
    EndReason,
    FileProblem,
    FileProblemKind,
    Gap,
    Output,
    OutputPolicy,
    Stream,
    Usage,
)

STDIN_BUFFER_BYTES = 1024 * 1024  # what a guest buffers; more than that it would drop
_ACKNOWLEDGE_PART = 4  # credit is sent on when a quarter of the window has gathered: few frames, and the guest never runs dry

_STREAMS = {"out": Stream.OUT, "err": Stream.ERR}
_REASONS = {reason.value: reason for reason in EndReason}
_PROBLEMS = {kind.value: kind for kind in FileProblemKind}


def problem(error: GuestRefusalError) -> FileProblem | SandboxLostError:
    """What the guest refused, as the learner's problem where it is one, else as the sandbox's failure."""
    kind = _PROBLEMS.get(error.word)
    if kind is None:
        return SandboxLostError(f"the sandbox's guest refused: {error.word}: {error.message}", "protocol")
    return FileProblem(kind, " ".join(error.message.split()) or kind.value.replace("_", " "))


def output_header(policy: OutputPolicy, timeout_s: float) -> dict[str, Any]:
    """The part of a RUN or EXEC header that says what becomes of time and output."""
    return {
        "output": "separate" if policy.separate else "merged",
        "timeout_ms": max(1, round(timeout_s * 1000)),
        "grace_ms": 0,
        "stream": policy.stream,
        "credit": policy.window if policy.stream else 0,
        "kept": policy.kept,
        "max_output": policy.max_output,
        "stall_ms": round(policy.stall_s * 1000),
        "stall_total_ms": round(policy.stall_total_s * 1000),
    }


class GuestCommand:
    """Implements `sandbox.Command` and the link's `Exchange`."""

    def __init__(self, policy: OutputPolicy, *, stdin_open: bool, patience_s: float, on_over: Callable[[], None]) -> None:
        """`patience_s`: from an interrupt's grace to the end that must follow. `on_over` is called once, when it has ended or is lost."""
        self._policy = policy
        self._window = policy.window if policy.stream else policy.kept
        self._room = self._window  # bytes the guest may still send
        self._unsent = 0  # acknowledged, credit not sent yet
        self._stdin_open = stdin_open
        self._unwritten: deque[int] = deque()
        self._patience_s = patience_s
        self._on_over = on_over
        self._queue: deque[CommandEvent] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._read = False  # to its end
        self._error: SandboxLostError | FileProblem | None = None
        self._over = False
        self._link: Link | None = None
        self._id = 0
        self._timers: list[Timer] = []
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self, link: Link, kind: FrameType, header: Header, body: bytes, overdue_s: float) -> None:
        """Send it off. If it has not ended `overdue_s` from now its guest is given up. Raises SandboxLostError."""
        self._link = link
        self._id = link.open(kind, header, body, self)
        self._expect_end_within(overdue_s)

    def _expect_end_within(self, delay_s: float) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(delay_s, self._overdue))

    def _overdue(self) -> None:
        if self._link is not None:
            self._link.lose(SandboxLostError("a command did not end when it had to", "overdue"))

    # From the link

    def on_frame(self, frame: Frame) -> bool:
        """Take one frame of the guest."""
        if frame.type is FrameType.OUTPUT:
            self._take_output(frame)
        elif frame.type is FrameType.GAP:
            header = frame.header
            self._put(Gap(_STREAMS[header["stream"]], int(header["offset"]), int(header["bytes"])))
        elif frame.type is FrameType.DONE:
            if self._unwritten:
                self._unwritten.popleft()
        elif frame.type is FrameType.END:
            self._put(_ended(frame.header))
            self._finish(None)
            if self._link is not None:
                self._link.release(self._id)
            return True
        elif frame.type is FrameType.FAILED:
            error = problem(refusal(frame))
            self._finish(error)
            return True
        elif frame.type is not FrameType.NOTE:
            raise FrameError("unexpected", f"{frame.type.name} for a command")
        if not self.begun.done():
            self.begun.set_result(None)
        return False

    def _take_output(self, frame: Frame) -> None:
        data = bytes(frame.body)
        self._room -= len(data)
        if self._room < 0 or not data:
            raise FrameError("credit", f"{len(data)} bytes of output where {self._room + len(data)} were granted")
        self._put(Output(_STREAMS[frame.header["stream"]], int(frame.header["offset"]), data))

    def on_lost(self, error: SandboxLostError) -> None:
        """The link is lost."""
        self._finish(again(error))

    def _put(self, event: CommandEvent) -> None:
        self._queue.append(event)
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _finish(self, error: SandboxLostError | FileProblem | None) -> None:
        self._over = True
        self._error = error
        for timer in self._timers:
            timer.cancel()
        if not self.begun.done():
            self.begun.set_result(None)
        self._wake_reader()
        self._on_over()

    # sandbox.Command

    @property
    def failure(self) -> SandboxLostError | FileProblem | None:
        """What kept it from running to its end; None while it runs or when it ended."""
        return self._error

    @property
    def has_events(self) -> bool:
        """Whether something waits to be read."""
        return bool(self._queue)

    def events(self) -> AsyncIterator[CommandEvent]:
        """See `sandbox.Command.events`. Raises SandboxLostError."""
        return self  # no generator: one for each step would cost as much again as all that it yields

    def __aiter__(self) -> AsyncIterator[CommandEvent]:
        """See `events`."""
        return self

    async def __anext__(self) -> CommandEvent:
        """Wait for the next event."""
        if self._read:
            raise StopAsyncIteration
        while not self._queue:
            if self._error is not None:
                raise self._error
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        event = self._queue.popleft()
        self._read = isinstance(event, Ended)
        return event

    def acknowledge(self, byte_count: int) -> None:
        """See `sandbox.Command.acknowledge`."""
        if self._over or not self._policy.stream or self._link is None:
            return
        self._unsent += byte_count
        if self._unsent * _ACKNOWLEDGE_PART >= self._window:
            self._link.send(FrameType.CREDIT, self._id, {"bytes": self._unsent})
            self._room += self._unsent
            self._unsent = 0

    async def write_stdin(self, data: bytes, *, end_of_file: bool) -> bool:
        """See `sandbox.Command.write_stdin`. Raises SandboxLostError."""
        if isinstance(self._error, SandboxLostError):
            raise again(self._error)
        if self._over or not self._stdin_open or sum(self._unwritten) + len(data) > STDIN_BUFFER_BYTES:
            return False
        self.put_stdin(data, end_of_file=end_of_file)
        if self._link is not None:
            await self._link.drained()
        return True

    def put_stdin(self, data: bytes, *, end_of_file: bool) -> None:
        """Send input that is known to fit."""
        if self._link is not None:
            self._unwritten.append(len(data))
            self._stdin_open = not end_of_file
            self._link.send(FrameType.STDIN, self._id, {"eof": end_of_file}, data)

    def interrupt(self, grace_s: float = 0.0) -> None:
        """See `sandbox.Command.interrupt`."""
        if not self._over and self._link is not None:
            self._link.send(FrameType.INTERRUPT, self._id, {"grace_ms": round(grace_s * 1000)})
            self._expect_end_within(grace_s + self._patience_s)


def _ended(header: dict[str, Any]) -> Ended:
    """An END's header as a value. KeyError, TypeError, ValueError, FrameError where it is none."""
    cpu_us = header.get("cpu_us")
    return Ended(
        reason=_REASONS[header["reason"]],
        exit_code=header.get("exit_code"),
        signal=header.get("signal"),
        session_restarted=bool(header.get("session_restarted", False)),
        cwd=unpack_bytes(header.get("cwd_b64", "")),
        out_bytes=int(header["out_bytes"]),
        err_bytes=int(header["err_bytes"]),
        dropped_bytes=int(header["dropped_bytes"]),
        wall_s=int(header["wall_us"]) / 1e6,
        stalled_s=int(header["stalled_us"]) / 1e6,
        usage=Usage(
            cpu_s=None if cpu_us is None else int(cpu_us) / 1e6,
            memory_peak_bytes=header.get("memory_peak"),
            oom_kills=header.get("oom_kills"),
        ),
        background=tuple(
            BackgroundProcess(int(job["pid"]), unpack_bytes(job["command_b64"])[:256]) for job in header.get("background") or ()
        ),
        unkilled=int(header.get("unkilled", 0)),
    )
