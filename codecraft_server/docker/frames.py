"""The guest protocol's frames, and the engine's stream multiplexing around them: bytes in, frames out.

Owns both codecs (docs/guest-protocol.md; Engine API, "Attach to a container": stream format). Must not know sockets, requests or what
a frame means. Nothing here copies a body more than once, however the bytes were cut on their way.
"""

import base64
import binascii
import json
import struct
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview
Header: TypeAlias = Mapping[str, Any] | bytes
"""As a mapping, or encoded already."""

MAX_HEADER_BYTES = 65_535
MAX_BODY_TO_GUEST = 2 * 1024 * 1024
MAX_BODY_FROM_GUEST = 64 * 1024

_PREFIX = struct.Struct(">BBHII")
_CHECKSUM = struct.Struct(">I")
_FRAME_START = _PREFIX.size + _CHECKSUM.size
_FIRST_FROM_GUEST = 128


class FrameType(IntEnum):
    """Every type of frame; below 128 the server sends it, else the guest."""

    CONFIGURE = 1
    RENEW = 2
    RUN = 3
    STDIN = 4
    CREDIT = 5
    INTERRUPT = 6
    READ = 7
    WRITE = 8
    WRITE_DATA = 9
    LIST = 10
    REMOVE = 11
    STAT = 12
    EXEC = 13
    KILL_ALL = 14
    CLOSE_SESSION = 15
    ATTACH = 16
    SHUTDOWN = 17
    RELEASE = 18
    PROCESSES = 19
    PACK = 20
    UNPACK = 21
    UNPACK_DATA = 22
    FREEZE = 32
    THAW = 33
    LOOK = 34
    HELLO = 129
    DONE = 130
    FAILED = 131
    OUTPUT = 132
    GAP = 133
    END = 134
    DATA = 135
    SYNC = 136
    NOTE = 137


_JSON = json.JSONEncoder(separators=(",", ":"))  # `json.dumps` would make one for each frame
_JSON_READER = json.JSONDecoder()
_JSON_BLANKS = " \t\n\r"
_TYPES: dict[int, FrameType] = {int(kind): kind for kind in FrameType}


class FrameError(Exception):
    """The bytes are no frames. `kind` is one of: unknown_type, body_too_long, crc, header, multiplex."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame. `body` is a view into what was received: copy what is to live on."""

    type: FrameType
    id: int
    header: dict[str, Any]
    body: Buffer = b""


def encode_header(header: Header) -> bytes:
    """A header as it stands in a frame, which may have it so as often as is wished."""
    return header if isinstance(header, bytes) else _JSON.encode(header).encode()


def encode(kind: FrameType, request_id: int, header: Header | None = None, body: Buffer = b"") -> bytes:
    """One frame as bytes. The caller keeps within the bounds; ValueError where it does not."""
    text = encode_header(header) if header else b""
    limit = MAX_BODY_TO_GUEST if kind < _FIRST_FROM_GUEST else MAX_BODY_FROM_GUEST
    if len(text) > MAX_HEADER_BYTES or len(body) > limit:
        raise ValueError(f"{kind.name}: header of {len(text)} and body of {len(body)} bytes exceed a frame")
    prefix = _PREFIX.pack(kind, 0, len(text), request_id, len(body))
    checksum = zlib.crc32(body, zlib.crc32(text, zlib.crc32(prefix)))
    return b"".join((prefix, _CHECKSUM.pack(checksum), text, body))


def pack_bytes(raw: bytes) -> str:
    """A byte string as it stands in a header."""
    return base64.b64encode(raw).decode("ascii")


def unpack_bytes(text: str) -> bytes:
    """The reverse; FrameError where it is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise FrameError("header", f"no base64: {error}") from error


class _Pieces:
    """Received bytes in order, from which exact numbers of bytes are taken: as a view when they lie in one piece, else joined once."""

    def __init__(self) -> None:
        self._pieces: deque[memoryview] = deque()
        self.length = 0

    def add(self, piece: memoryview) -> None:
        if piece:
            self._pieces.append(piece)
            self.length += len(piece)

    def first_byte(self) -> int:
        return self._pieces[0][0]

    def take(self, count: int) -> memoryview:
        """The first `count` bytes; there must be as many."""
        self.length -= count
        if count == 0:
            return memoryview(b"")
        if len(self._pieces[0]) > count:
            first = self._pieces[0]
            self._pieces[0] = first[count:]
            return first[:count]
        if len(self._pieces[0]) == count:
            return self._pieces.popleft()
        return self._join(count)

    def _join(self, count: int) -> memoryview:
        parts = []
        while count:
            piece = self._pieces.popleft()
            if len(piece) > count:
                self._pieces.appendleft(piece[count:])
                piece = piece[:count]
            parts.append(piece)
            count -= len(piece)
        return memoryview(b"".join(parts))


class FrameDecoder:
    """Turns bytes of the guest, cut anywhere, into frames.

    A wrong checksum is an error at once: the rule that forgives a torn frame is the guest's alone, for a server that attaches again
    finds its first frame by the guest's mark.
    """

    def __init__(self) -> None:
        self._pieces = _Pieces()
        self._prefix: tuple[FrameType, int, int, int, bytes, int] | None = None

    def feed(self, data: Buffer) -> Iterator[Frame]:
        """Yield the frames that are complete with `data`. Raises FrameError; the decoder is of no use after that."""
        self._pieces.add(memoryview(data))
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        if self._prefix is None:
            while self._pieces.length and self._pieces.first_byte() == 0:
                self._pieces.take(1)  # padding
            if self._pieces.length < _FRAME_START:
                return None
            self._prefix = _parse_start(self._pieces.take(_FRAME_START))
        kind, header_length, request_id, body_length, prefix, checksum = self._prefix
        if self._pieces.length < header_length + body_length:
            return None
        self._prefix = None
        text = self._pieces.take(header_length)
        body = self._pieces.take(body_length)
        if zlib.crc32(body, zlib.crc32(text, zlib.crc32(prefix))) != checksum:
            raise FrameError("crc", f"wrong checksum in a {kind.name} frame of id {request_id}")
        return Frame(kind, request_id, _parse_header(text), body)


def _parse_start(start: memoryview) -> tuple[FrameType, int, int, int, bytes, int]:
    prefix = bytes(start[: _PREFIX.size])
    number, _, header_length, request_id, body_length = _PREFIX.unpack(prefix)
    kind = _TYPES.get(number)
    if kind is None:
        raise FrameError("unknown_type", f"no frame has type {number}")
    limit = MAX_BODY_TO_GUEST if kind < _FIRST_FROM_GUEST else MAX_BODY_FROM_GUEST
    if body_length > limit:
        raise FrameError("body_too_long", f"a {kind.name} frame with a body of {body_length} bytes")
    (checksum,) = _CHECKSUM.unpack(start[_PREFIX.size :])
    return kind, header_length, request_id, body_length, prefix, checksum


def _parse_header(text: memoryview) -> dict[str, Any]:
    if not text:
        return {}
    try:
        words = str(text, "utf-8").strip(_JSON_BLANKS)
        header, end = _JSON_READER.raw_decode(words)  # half of `json.loads` is to look for the blanks
    except (ValueError, RecursionError) as error:
        raise FrameError("header", f"no JSON: {error}") from error
    if end != len(words) or not isinstance(header, dict):
        raise FrameError("header", "no JSON object, or more than one")
    return header


class Demultiplexer:
    """Takes the engine's 8-byte stream headers out of an attach stream, cut anywhere."""

    STDOUT = 1
    STDERR = 2
    _HEADER = struct.Struct(">B3xI")

    def __init__(self) -> None:
        self._header = b""  # of the packet whose header is not whole yet; under 8 bytes
        self._stream = 0
        self._left = 0  # bytes of the current packet still to come

    def feed(self, data: Buffer) -> Iterator[tuple[int, memoryview]]:
        """Yield (stream, bytes) in order; no slice is copied. Raises FrameError for a stream that does not exist."""
        view = memoryview(data)
        while view:
            if not self._left:
                view = self._begin(view)
                continue
            piece, view = view[: self._left], view[self._left :]
            self._left -= len(piece)
            yield self._stream, piece

    def _begin(self, view: memoryview) -> memoryview:
        missing = self._HEADER.size - len(self._header)
        self._header += bytes(view[:missing])
        if len(self._header) == self._HEADER.size:
            self._stream, self._left = self._HEADER.unpack(self._header)
            self._header = b""
            if self._stream not in (self.STDOUT, self.STDERR):
                raise FrameError("multiplex", f"the engine sent a stream of number {self._stream}")
        return view[missing:]
