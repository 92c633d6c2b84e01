"""What a running command has printed, for several readers, each at its own offsets. Pure; knows nothing of tasks or sandboxes.

The fastest reader sets the pace: bytes are acknowledged to the sandbox (which blocks the process beyond its credit) when the first
reader has taken them. So a single slow reader slows the process, and one that hangs on a dead connection does not slow the one that came
back for it. Bytes that were taken stay for `window_bytes`; who falls further behind than that gets a `Gap`. Bytes that nobody has taken
are never dropped here: the sandbox's credit bounds them.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from codecraft_server.sandbox import Gap, Output, Stream

PIECE_BYTES = 65_536  # the largest piece that an event carries
JOINED_BYTES = 4096  # pieces up to this size are put together, so that a million one-byte writes are no million objects
PIECE_COST = 256  # what a piece takes besides its bytes


@dataclass(slots=True)
class _Piece:
    """Bytes in a row, or (no data) a row of bytes that were dropped before they came here."""

    serial: int
    offset: int
    length: int
    data: bytes | bytearray | None

    @property
    def end(self) -> int:
        return self.offset + self.length


@dataclass(slots=True)
class _Track:
    """One stream. Offsets: `first` kept, `taken` by at least one reader, `end` of what was printed."""

    pieces: deque[_Piece] = field(default_factory=deque)
    first: int = 0
    taken: int = 0
    end: int = 0


class Ring:
    """The output of one command. `acknowledge` is told how many bytes were taken for the first time."""

    __slots__ = ("_acknowledge", "_kept", "_serial", "_tracks", "_window_bytes")

    def __init__(self, window_bytes: int, acknowledge: Callable[[int], None]) -> None:
        self._window_bytes = window_bytes
        self._acknowledge = acknowledge
        self._tracks: dict[Stream, _Track] = {}
        self._kept = 0
        self._serial = 0

    @property
    def kept_bytes(self) -> int:
        """What it holds, in bytes of memory, roughly."""
        return self._kept

    def end(self, stream: Stream) -> int:
        """Offset after the last byte that was printed."""
        track = self._tracks.get(stream)
        return track.end if track else 0

    def first_kept(self, stream: Stream) -> int:
        """Offset of the first byte that is still here."""
        track = self._tracks.get(stream)
        return track.first if track else 0

    def append(self, event: Output | Gap) -> None:
        """Add what came from the sandbox, in order within its stream."""
        track = self._tracks.get(event.stream)
        if track is None:
            track = self._tracks[event.stream] = _Track()
        if isinstance(event, Gap):
            self._add(track, None, event.dropped)
        elif not self._joined(track, event.data):
            data = bytearray(event.data) if len(event.data) <= JOINED_BYTES else event.data
            self._add(track, data, len(event.data))

    def forget(self) -> None:
        """Let all bytes go; the offsets stay."""
        for track in self._tracks.values():
            track.pieces.clear()
            track.first = track.taken = track.end
        self._kept = 0

    def _add(self, track: _Track, data: bytes | bytearray | None, length: int) -> None:
        self._serial += 1
        track.pieces.append(_Piece(self._serial, track.end, length, data))
        track.end += length
        self._kept += PIECE_COST + (length if data is not None else 0)

    def _joined(self, track: _Track, data: bytes) -> bool:
        if not track.pieces or len(data) > JOINED_BYTES:
            return False
        tail = track.pieces[-1]
        if not isinstance(tail.data, bytearray) or tail.length + len(data) > PIECE_BYTES:
            return False
        tail.data += data
        tail.length += len(data)
        track.end += len(data)
        self._kept += len(data)
        return True

    def take(self, stream: Stream, end: int) -> None:
        """A reader has all of `stream` up to `end`."""
        track = self._tracks.get(stream)
        if track is None or end <= track.taken:
            return
        fresh = 0
        for piece in reversed(track.pieces):
            if piece.end <= track.taken:
                break
            if piece.data is not None:  # dropped bytes never used any credit
                fresh += max(0, min(piece.end, end) - max(piece.offset, track.taken))
        track.taken = end
        self._evict()
        if fresh:
            self._acknowledge(fresh)

    def _evict(self) -> None:
        while self._kept > self._window_bytes:
            oldest = min(
                (track for track in self._tracks.values() if track.pieces and track.pieces[0].end <= track.taken),
                key=lambda track: track.pieces[0].serial,
                default=None,
            )
            if oldest is None:
                return
            piece = oldest.pieces.popleft()
            oldest.first = piece.end
            self._kept -= PIECE_COST + (piece.length if piece.data is not None else 0)

    def read(self, out_offset: int, err_offset: int) -> Output | Gap | None:
        """What a reader that has these offsets should be given next; None when it has all."""
        best: tuple[Stream, int, _Piece] | None = None
        for stream, track in self._tracks.items():
            offset = out_offset if stream is Stream.OUT else err_offset
            if offset >= track.end:
                continue
            if offset < track.first:
                return Gap(stream, offset, track.first - offset)
            piece = _piece_at(track.pieces, offset)
            if best is None or piece.serial < best[2].serial:
                best = (stream, offset, piece)
        return None if best is None else _event(*best)


def _piece_at(pieces: deque[_Piece], offset: int) -> _Piece:
    for piece in reversed(pieces):  # readers are near the end
        if piece.offset <= offset:
            return piece
    raise AssertionError("offset is not below the first piece: `read` has looked")


def _event(stream: Stream, offset: int, piece: _Piece) -> Output | Gap:
    if piece.data is None:
        return Gap(stream, offset, piece.end - offset)
    if offset == piece.offset and isinstance(piece.data, bytes):
        return Output(stream, offset, piece.data)
    return Output(stream, offset, bytes(memoryview(piece.data)[offset - piece.offset :]))


class Cursor:
    """One reader's place in a ring."""

    __slots__ = ("_next", "_offsets", "_ring")

    def __init__(self, ring: Ring, out_offset: int = 0, err_offset: int = 0) -> None:
        self._ring = ring
        self._offsets = {Stream.OUT: out_offset, Stream.ERR: err_offset}
        self._next: Output | Gap | None = None
        for stream, offset in self._offsets.items():
            ring.take(stream, offset)  # what a client has, was delivered, even if the call broke in that moment

    def next(self) -> Output | Gap | None:
        """The next event; None when there is none yet. The same again until `took`."""
        self._next = self._ring.read(self._offsets[Stream.OUT], self._offsets[Stream.ERR])
        return self._next

    def took(self) -> None:
        """The event of the last `next` has been passed on."""
        event = self._next
        if event is not None:
            length = event.dropped if isinstance(event, Gap) else len(event.data)
            self._offsets[event.stream] = event.offset + length
            self._ring.take(event.stream, event.offset + length)
