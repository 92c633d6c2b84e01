"""The link to one guest: requests with their answers, the lease, and the one moment when all of it is lost.

Owns request ids and who waits for which. Must not know containers or what a command's frames mean (`commands` does). There is no task
and no thread per link: bytes come in through `receive`, a timer of the loop renews the lease. Reading is never paused, for that would let
one slow reader hold up all the others of a sandbox: what may arrive is bounded beforehand, by credit for commands, by length for files.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from codecraft_server.docker.frames import Buffer, Demultiplexer, Frame, FrameDecoder, FrameError, FrameType, Header, encode
from codecraft_server.errors import SandboxLostError

_LAST_WORDS_BYTES = 8 * 1024
_ENDS = frozenset({FrameType.DONE, FrameType.FAILED})
MAX_REQUEST_ID = 2**32 - 1


class GuestRefusalError(Exception):
    """The guest answered FAILED; `word` is one of docs/guest-protocol.md's."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word
        self.message = message


class Timer(Protocol):
    """What `call_later` gives."""

    def cancel(self) -> None:
        """Don't call."""
        ...


class Clock(Protocol):
    """The part of an event loop that the link needs to know time by."""

    def call_later(self, delay: float, callback: Callable[[], None], /) -> Timer:
        """Call back once, in `delay` seconds."""
        ...


class Wire(Protocol):
    """Where frames are written to."""

    def write(self, data: bytes) -> None:
        """Send in order; without effect once closed."""
        ...

    @property
    def takes_more(self) -> bool:
        """Whether more may be written at once."""
        ...

    async def drained(self) -> None:
        """Return when more may be written."""
        ...


class Exchange(Protocol):
    """Whatever waits for the frames of one request id."""

    def on_frame(self, frame: Frame) -> bool:
        """Take a frame; True: it was the last. FrameError, KeyError, TypeError, ValueError: the guest broke the protocol."""
        ...

    def on_lost(self, error: SandboxLostError) -> None:
        """No frame will come any more."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a plain request: the header of DONE and the bodies of the DATA frames before it."""

    header: dict[str, Any]
    data: list[bytes] = field(default_factory=list)


class _Request:
    """A plain request under way."""

    def __init__(self) -> None:
        self.reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._data: list[bytes] = []

    def on_frame(self, frame: Frame) -> bool:
        if frame.type is FrameType.DATA:
            self._data.append(bytes(frame.body))
            return False
        if frame.type not in _ENDS:
            raise FrameError("unexpected", f"{frame.type.name} is no answer to a request")
        if not self.reply.done():
            if frame.type is FrameType.DONE:
                self.reply.set_result(Reply(frame.header, self._data))
            else:
                self.reply.set_exception(refusal(frame))
        return True

    def on_lost(self, error: SandboxLostError) -> None:
        if not self.reply.done():
            self.reply.set_exception(error)


def refusal(frame: Frame) -> GuestRefusalError:
    """A FAILED frame as an exception."""
    return GuestRefusalError(str(frame.header["error"]), str(frame.header.get("message", "")))


class Link:
    """One guest, from its HELLO on.

    Attributes:
        hello: Resolves to the header of the guest's first frame.
        lost: Why nothing goes any more; None while all is well.
    """

    def __init__(
        self, *, lease_s: float, renew_every_s: float, patience_s: float, on_lost: Callable[[], None], clock: Clock | None = None
    ) -> None:
        """`on_lost` is called once, when the link is lost by whatever cause, after all who waited were told.

        A guest that takes nothing off the wire for `patience_s` is given up: one that has no memory left may have stopped for good.
        """
        self._wire: Wire | None = None
        self._clock: Clock = clock or asyncio.get_running_loop()
        self._renew_every_s = renew_every_s
        self._patience_s = patience_s
        self._renewal = encode(FrameType.RENEW, 0, {"lease_ms": int(lease_s * 1000)})
        self._on_lost = on_lost
        self._timer: Timer | None = None
        self._demultiplexer = Demultiplexer()
        self._decoder = FrameDecoder()
        self._exchanges: dict[int, Exchange] = {}
        self._last_id = 0
        self._last_words = bytearray()
        self._released = b""
        self.hello: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.lost: SandboxLostError | None = None

    def connect(self, wire: Wire) -> None:
        """Write to this from now on; nothing can be sent before."""
        self._wire = wire

    def _write(self, data: bytes) -> None:
        if self._wire is not None:
            self._wire.write(data)

    def receive(self, data: Buffer) -> None:
        """Take bytes of the attach stream as they come. Never raises: what breaks the protocol loses the link."""
        if self.lost is not None:
            return
        try:
            for stream, piece in self._demultiplexer.feed(data):
                if stream == Demultiplexer.STDERR:
                    self._hear(piece)
                else:
                    self._take(piece)
        except (FrameError, KeyError, TypeError, ValueError) as error:
            self.lose(SandboxLostError(f"the sandbox's guest broke the protocol: {type(error).__name__}: {error}", "protocol"))

    def _hear(self, piece: memoryview) -> None:
        self._last_words += piece[-_LAST_WORDS_BYTES:]
        del self._last_words[:-_LAST_WORDS_BYTES]

    @property
    def last_words(self) -> str:
        """The end of what the guest wrote to standard error, for the log."""
        return self._last_words.decode("utf-8", "replace").strip()

    def _take(self, piece: memoryview) -> None:
        for frame in self._decoder.feed(piece):
            if self.lost is not None:
                return
            exchange = self._exchanges.get(frame.id)
            if exchange is not None:
                if exchange.on_frame(frame):
                    self._exchanges.pop(frame.id, None)
            elif frame.id == 0:
                self._take_own(frame)
            elif frame.id > self._last_id:
                raise FrameError("unexpected", f"{frame.type.name} for request {frame.id}, which was never made")
            # Else nobody waits any more: a request that was given up, or input for a command that had just ended.

    def _take_own(self, frame: Frame) -> None:
        if frame.type is FrameType.HELLO and not self.hello.done():
            self.hello.set_result(frame.header)
        elif frame.type is FrameType.FAILED:
            raise FrameError("refused", str(frame.header.get("message", "")))

    def start_renewing(self) -> None:
        """Renew the lease from now on, until the link is lost."""
        self._timer = self._clock.call_later(self._renew_every_s, self._renew)

    def _renew(self) -> None:
        if self.lost is None:
            self._write(self._renewal)
            self._timer = self._clock.call_later(self._renew_every_s, self._renew)

    def open(self, kind: FrameType, header: Header, body: Buffer, exchange: Exchange) -> int:
        """Send the first frame of a new request; `exchange` gets all that comes back. Raises SandboxLostError."""
        if self.lost is not None:
            raise again(self.lost)
        if self._last_id >= MAX_REQUEST_ID:
            raise SandboxLostError("the sandbox has used up its request ids", "protocol")
        self._last_id += 1
        self._exchanges[self._last_id] = exchange
        released, self._released = self._released, b""
        self._write(released + encode(kind, self._last_id, header, body))
        return self._last_id

    def send(self, kind: FrameType, request_id: int, header: Mapping[str, Any] | None = None, body: Buffer = b"") -> None:
        """Send a further frame; without effect once lost."""
        if self.lost is None:
            self._write(encode(kind, request_id, header, body))

    async def drained(self) -> None:
        """Wait until more may be sent. Raises SandboxLostError, also when the guest takes nothing for too long."""
        if self._wire is not None and not self._wire.takes_more:
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._wire.drained()
            except TimeoutError:
                self.lose(SandboxLostError(f"the sandbox's guest took nothing for {self._patience_s:g} s", "gone"))
        if self.lost is not None:
            raise again(self.lost)

    async def request(self, kind: FrameType, header: Mapping[str, Any], body: Buffer = b"", *, timeout_s: float) -> Reply:
        """Send one frame and wait for its answer. Raises GuestRefusalError, SandboxLostError (also when no answer comes in time)."""
        with self.conversation(kind, header, body) as (_, reply):
            return await self.answer(reply, timeout_s)

    def conversation(
        self, kind: FrameType, header: Mapping[str, Any], body: Buffer = b""
    ) -> AbstractContextManager[tuple[int, "asyncio.Future[Reply]"]]:
        """A request of several frames: its id and its reply to come. Leaving it ends all interest in the reply. Raises SandboxLostError."""
        return _Conversation(self, kind, header, body)

    async def answer(self, reply: "asyncio.Future[Reply]", timeout_s: float) -> Reply:
        """Wait for a reply; a guest that does not answer in time is given up."""
        try:
            async with asyncio.timeout(timeout_s):
                return await reply
        except TimeoutError:
            error = SandboxLostError(f"the sandbox's guest did not answer within {timeout_s:g} s", "gone")
            self.lose(error)
            raise again(error) from None
        except SandboxLostError as error:
            raise again(error) from None

    def release(self, request_id: int) -> None:
        """Let the guest forget a command that has ended; it hears of it with the next request."""
        self._released += encode(FrameType.RELEASE, request_id)

    def forget(self, request_id: int) -> None:
        """Let nobody get the frames of this request any more."""
        self._exchanges.pop(request_id, None)

    def lose(self, error: SandboxLostError) -> None:
        """Tell everybody that it is over. The first cause stands; repeating is harmless."""
        if self.lost is not None:
            return
        self.lost = error
        if self._timer is not None:
            self._timer.cancel()
        if not self.hello.done():
            self.hello.set_exception(error)
            self.hello.exception()  # it may be that nobody waits for it
        exchanges, self._exchanges = self._exchanges, {}
        for exchange in exchanges.values():
            exchange.on_lost(error)
        self._on_lost()


class _Conversation:
    """See `Link.conversation`."""

    def __init__(self, link: Link, kind: FrameType, header: Mapping[str, Any], body: Buffer) -> None:
        self._link = link
        self._first = (kind, header, body)
        self._request = _Request()
        self._id = 0

    def __enter__(self) -> tuple[int, "asyncio.Future[Reply]"]:
        self._id = self._link.open(*self._first, self._request)
        return self._id, self._request.reply

    def __exit__(self, *_: object) -> None:
        self._link.forget(self._id)
        reply = self._request.reply
        if not reply.cancel() and not reply.cancelled():
            reply.exception()  # taken note of, whoever else raised


def again(error: SandboxLostError) -> SandboxLostError:
    """A fresh exception of the same content: one object raised in many places would gather all their tracebacks."""
    return SandboxLostError(error.message, error.cause)
