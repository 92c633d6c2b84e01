"""Our own connections to the engine: an HTTP request over a unix socket, TCP or TLS whose answer is a stream of bytes both ways.

Owns the dialling, the few lines of HTTP and the flow control of the socket. Must not know what the bytes mean. docker-py would give a
blocking socket and a thread per stream; this is one `asyncio.Protocol` per stream and neither thread nor task.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from codecraft_server.errors import EngineUnavailableError

_MAX_ANSWER_BYTES = 64 * 1024  # of HTTP status and headers
_CONNECT_S = 10.0
_SWITCHED = (101, 200)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the engine listens: a unix socket's path, or host and port, with TLS where `tls` is given."""

    path: str = ""
    host: str = ""
    port: int = 0
    tls: ssl.SSLContext | None = None


class HijackError(Exception):
    """The engine refused: its HTTP status and its message in one line."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class HijackedStream(asyncio.Protocol):
    """One such connection. `on_data` gets what arrives after the HTTP headers, `on_lost` is called once when the connection is gone."""

    def __init__(self, request: bytes, on_data: Callable[[bytes], None], on_lost: Callable[[Exception | None], None]) -> None:
        self._request = request
        self._on_data = on_data
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._answer = bytearray()
        self._open = False
        self._may_write = asyncio.Event()
        self._may_write.set()
        self.switched: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        self._transport = cast("asyncio.Transport", transport)  # what create_connection gives; another loop's has another base
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take the answer's headers, then pass everything on."""
        if self._open:
            self._on_data(data)
            return
        self._answer += data
        end = self._answer.find(b"\r\n\r\n")
        if end >= 0:
            self._take_answer(bytes(self._answer[:end]), bytes(self._answer[end + 4 :]))
        elif len(self._answer) > _MAX_ANSWER_BYTES:
            self._refuse(HijackError(0, "an answer without end"))

    def _take_answer(self, head: bytes, rest: bytes) -> None:
        self._answer = bytearray()
        line = head.split(b"\r\n", 1)[0].decode("latin-1")
        parts = line.split(" ", 2)
        status = int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 0
        if status not in _SWITCHED:
            self._refuse(HijackError(status, " ".join((line, rest.decode("utf-8", "replace"))).strip()[:500]))
            return
        self._open = True
        if not self.switched.done():
            self.switched.set_result(None)
        if rest:
            self._on_data(rest)

    def _refuse(self, error: HijackError) -> None:
        if not self.switched.done():
            self.switched.set_exception(error)
        self.close()

    def eof_received(self) -> bool:
        """The engine has ended the stream: so do we."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits, in whatever way."""
        self._may_write.set()
        if not self.switched.done():
            self.switched.set_exception(HijackError(0, f"the engine closed the connection ({exc or 'end of stream'})"))
        if self._open:
            self._open = False
            self._on_lost(exc)

    def pause_writing(self) -> None:
        """The socket's buffer is full."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The socket's buffer has room again."""
        self._may_write.set()

    def write(self, data: bytes) -> None:
        """Send, or queue, in order; without effect once closed."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    @property
    def takes_more(self) -> bool:
        """Whether the socket takes more at once, or is gone."""
        return self._may_write.is_set()

    async def drained(self) -> None:
        """Return when the socket takes more, or is gone."""
        await self._may_write.wait()

    def close(self) -> None:
        """Send what is queued, then close; at once where so much is queued that nobody seems to read."""
        if not self._may_write.is_set():
            self.abort()
        elif self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()


async def hijack(
    address: Address,
    method: str,
    target: str,
    on_data: Callable[[bytes], None],
    on_lost: Callable[[Exception | None], None],
    *,
    upgrade: bool,
) -> HijackedStream:
    """Open a stream. With `upgrade` it goes both ways, else the answer's body simply flows (HTTP/1.0, so that it is not chunked).

    Raises:
        EngineUnavailableError: Nobody answers there.
        HijackError: The engine answered with another status.
    """
    version, extra = ("1.1", "Connection: Upgrade\r\nUpgrade: tcp\r\n") if upgrade else ("1.0", "")
    request = f"{method} {target} HTTP/{version}\r\nHost: docker\r\n{extra}Content-Length: 0\r\n\r\n".encode("ascii")
    stream: HijackedStream | None = None
    switched = False
    try:
        async with asyncio.timeout(_CONNECT_S):
            stream = await _dial(address, lambda: HijackedStream(request, on_data, on_lost))
            await stream.switched
        switched = True
    except (OSError, TimeoutError) as error:
        raise EngineUnavailableError("the Docker Engine does not accept connections") from error
    finally:
        if stream is not None and not switched:
            stream.abort()
    return stream


async def _dial(address: Address, factory: Callable[[], HijackedStream]) -> HijackedStream:
    loop = asyncio.get_running_loop()
    if address.path:
        _, stream = await loop.create_unix_connection(factory, address.path)
        return stream
    name = address.host if address.tls is not None else None
    transport, stream = await loop.create_connection(factory, address.host, address.port, ssl=address.tls, server_hostname=name)
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # an idle sandbox's stream must outlive a NAT's patience
    return stream
