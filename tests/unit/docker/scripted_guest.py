"""A guest that says what a test tells it to, at the other end of a link without sockets; and a clock that a test moves."""

import asyncio
import struct
from collections.abc import Callable, Mapping
from typing import Any

from codecraft_server.docker.frames import Frame, FrameDecoder, FrameType, encode
from codecraft_server.docker.link import Link
from codecraft_server.docker.sandbox import DockerSandbox
from codecraft_server.settings import SandboxSettings


def packet(data: bytes, stream: int = 1) -> bytes:
    """`data` as the engine sends it."""
    return struct.pack(">B3xI", stream, len(data)) + data


class FakeTimer:
    """A call that a FakeClock owes."""

    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Don't call."""
        self.cancelled = True


class FakeClock:
    """Time stands still but for `advance`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[FakeTimer] = []

    def call_later(self, delay: float, callback: Callable[[], None], /) -> FakeTimer:
        """See `link.Clock`."""
        self.timers.append(FakeTimer(self.now + delay, callback))
        return self.timers[-1]

    def advance(self, seconds: float) -> None:
        """Let time pass, and what is due happen in order."""
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer.due <= end]:
            timer = min(due, key=lambda one: one.due)
            self.timers.remove(timer)
            self.now = timer.due
            if not timer.cancelled:
                timer.callback()
        self.now = end


class ScriptedGuest:
    """The other end of `link`: `got` has the frames the server sent, `say` sends one back."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.lost = 0
        self.got: list[Frame] = []
        self._decoder = FrameDecoder()
        self._written = asyncio.Event()
        self.takes = asyncio.Event()  # cleared: nothing is taken off the wire any more
        self.takes.set()
        self.link = Link(lease_s=30.0, renew_every_s=8.0, patience_s=0.05, on_lost=self._on_lost, clock=self.clock)
        self.link.connect(self)

    def _on_lost(self) -> None:
        self.lost += 1

    def write(self, data: bytes) -> None:
        """See `link.Wire`."""
        self.got += [Frame(frame.type, frame.id, frame.header, bytes(frame.body)) for frame in self._decoder.feed(data)]
        self._written.set()

    @property
    def takes_more(self) -> bool:
        """See `link.Wire`."""
        return self.takes.is_set()

    async def drained(self) -> None:
        """See `link.Wire`: it is full while `takes` is cleared."""
        await self.takes.wait()

    def sandbox(self) -> DockerSandbox:
        """A sandbox of this guest's."""
        return DockerSandbox("scripted", "sha256:0", self.link, (), SandboxSettings())

    def say(self, kind: FrameType, request_id: int, header: Mapping[str, Any] | None = None, body: bytes = b"") -> None:
        """Send one frame to the server."""
        self.link.receive(packet(encode(kind, request_id, header, body)))

    def end(self, request_id: int, **changes: object) -> None:
        """Say that a command has exited with status 0, but for `changes`."""
        header = {"reason": "exited", "exit_code": 0, "session_restarted": False, "cwd_b64": "Lw==", "out_bytes": 0, "err_bytes": 0}
        header |= {"dropped_bytes": 0, "wall_us": 1000, "stalled_us": 0, "background": [], "unkilled": 0}
        self.say(FrameType.END, request_id, header | changes)

    async def next_request(self, kind: FrameType) -> Frame:
        """The last frame of this type that the server sent, as soon as there is one."""
        async with asyncio.timeout(5.0):
            while not (found := [frame for frame in self.got if frame.type is kind]):
                self._written.clear()
                await self._written.wait()
        return found[-1]
