"""The head and the tail of something long, as text that says what is missing. Bounded memory; knows nothing of what it keeps."""

import codecs

HEAD_SHARE = 0.2  # as the server keeps output: the end is where errors stand


class Excerpt:
    """Takes bytes as they come and keeps what a model may read of them."""

    def __init__(self, bound_bytes: int) -> None:
        self._head_bound = int(bound_bytes * HEAD_SHARE)
        self._tail_bound = bound_bytes - self._head_bound
        self._head = bytearray()
        self._tail = bytearray()
        self._taken = 0

    def add(self, data: bytes) -> None:
        """Take more."""
        self._taken += len(data)
        room = self._head_bound - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._tail_bound:  # now and then, so that many small pieces do not cost a copy each
            del self._tail[: -self._tail_bound]

    def missing(self, byte_count: int) -> None:
        """Note that bytes are missing here."""
        self.add(b"\n[%d bytes were lost here]\n" % byte_count)

    @property
    def text(self) -> str:
        """What is kept. Bytes that are no UTF-8 show as U+FFFD; none shows because of a cut."""
        tail = bytes(self._tail[-self._tail_bound :])
        cut = self._taken - len(self._head) - len(tail)
        if not cut:
            return (bytes(self._head) + tail).decode("utf-8", errors="replace")
        return f"{_whole_head(bytes(self._head))}\n[... {cut} bytes cut here ...]\n{_whole_tail(tail)}"


def excerpt(data: bytes, bound_bytes: int) -> str:
    """Return the excerpt of what is there already."""
    kept = Excerpt(bound_bytes)
    kept.add(data)
    return kept.text


def _whole_head(data: bytes) -> str:
    """Decode, without the beginning of a character whose end was cut off."""
    return codecs.getincrementaldecoder("utf-8")(errors="replace").decode(data)


def _whole_tail(data: bytes) -> str:
    """Decode, without the end of a character whose beginning was cut off."""
    start = 0
    while start < min(3, len(data)) and data[start] & 0xC0 == 0x80:  # noqa: PLR2004 - a UTF-8 character has 3 such bytes at the most
        start += 1
    return data[start:].decode("utf-8", errors="replace")
