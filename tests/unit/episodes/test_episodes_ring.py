"""The ring of a command's output, by properties: whatever readers do, bytes come once, in order, and nothing goes missing unsaid."""

from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from codecraft_server.episodes.ring import PIECE_BYTES, PIECE_COST, Cursor, Ring
from codecraft_server.sandbox import Gap, Output, Stream

MODERATE = examples(0.6)
PATTERN = bytes(range(251)) * 100  # no power of two divides its period, so that bytes tell their place


class Source:
    """Prints into a ring, and knows what was printed."""

    def __init__(self, window_bytes: int) -> None:
        self.acknowledged = 0
        self.ring = Ring(window_bytes, self._acknowledge)
        self.printed = {Stream.OUT: bytearray(), Stream.ERR: bytearray()}
        self.dropped = {Stream.OUT: set[int](), Stream.ERR: set[int]()}
        self._byte = 0

    def _acknowledge(self, byte_count: int) -> None:
        assert byte_count > 0
        self.acknowledged += byte_count

    def output(self, stream: Stream, length: int) -> None:
        """Print bytes that tell their place."""
        begin = self._byte % 251
        data = PATTERN[begin : begin + length]
        assert len(data) == length
        self._byte += length
        self.ring.append(Output(stream, len(self.printed[stream]), data))
        self.printed[stream] += data

    def gap(self, stream: Stream, length: int) -> None:
        """Drop bytes before they come to the ring."""
        offset = len(self.printed[stream])
        self.ring.append(Gap(stream, offset, length))
        self.printed[stream] += bytes(length)
        self.dropped[stream].update(range(offset, offset + length))


class Reader:
    """Takes what a cursor gives and checks each event against the source."""

    def __init__(self, source: Source, out: int = 0, err: int = 0) -> None:
        self.source = source
        self.cursor = Cursor(source.ring, out, err)
        self.position = {Stream.OUT: out, Stream.ERR: err}
        self.missed = 0

    def read(self) -> bool:
        """Take one event, if there is one."""
        event = self.cursor.next()
        if event is None:
            return False
        start = self.position[event.stream]
        assert event.offset == start
        if isinstance(event, Output):
            end = start + len(event.data)
            assert 1 <= len(event.data) <= PIECE_BYTES
            assert event.data == self.source.printed[event.stream][start:end]
            assert self.source.dropped[event.stream].isdisjoint(range(start, end))
        else:
            end = start + event.dropped
            self.missed += event.dropped - len(self.source.dropped[event.stream].intersection(range(start, end)))
        self.cursor.took()
        self.position[event.stream] = end
        return True

    def finish(self) -> None:
        """Take all that is there."""
        while self.read():
            pass
        assert self.position == {stream: len(data) for stream, data in self.source.printed.items()}


deeds = st.lists(
    st.one_of(
        st.tuples(st.just("print"), st.sampled_from(Stream), st.integers(1, 3000)),
        st.tuples(st.just("gap"), st.sampled_from(Stream), st.integers(1, 500)),
        st.tuples(st.just("read"), st.integers(0, 2), st.integers(1, 5)),
    ),
    max_size=60,
)


@MODERATE
@given(deeds=deeds, window_bytes=st.integers(1000, 20_000))
def test_any_interleaving_of_readers_gets_the_same_bytes(deeds: list[tuple[str, object, int]], window_bytes: int) -> None:
    """Three readers, each at its own pace: each sees every byte in order, or a gap exactly where bytes are missing; credit adds up."""
    source = Source(window_bytes)
    readers = [Reader(source) for _ in range(3)]
    for deed, what, number in deeds:
        if deed == "print" and isinstance(what, Stream):
            source.output(what, number)
        elif deed == "gap" and isinstance(what, Stream):
            source.gap(what, number)
        elif isinstance(what, int):
            for _ in range(number):
                readers[what].read()
    for reader in readers:
        reader.finish()
    printed = sum(len(data) for data in source.printed.values()) - sum(len(places) for places in source.dropped.values())
    assert source.acknowledged == printed
    assert source.ring.kept_bytes <= window_bytes


@MODERATE
@given(deeds=deeds)
def test_within_the_window_nobody_misses_anything(deeds: list[tuple[str, object, int]]) -> None:
    """With a window larger than the output no reader ever misses a byte, however late it comes."""
    source = Source(10_000_000)
    reader = Reader(source)
    for deed, what, number in deeds:
        if deed == "print" and isinstance(what, Stream):
            source.output(what, number)
        elif deed == "gap" and isinstance(what, Stream):
            source.gap(what, number)
        else:
            reader.read()
    late = Reader(source)
    for each in (reader, late):
        each.finish()
        assert each.missed == 0


@MODERATE
@given(lengths=st.lists(st.integers(1, 5000), max_size=40), window_bytes=st.integers(1000, 20_000))
def test_the_only_reader_misses_nothing(lengths: list[int], window_bytes: int) -> None:
    """Bytes that nobody has taken are never dropped, whatever the window."""
    source = Source(window_bytes)
    reader = Reader(source)
    for length in lengths:
        source.output(Stream.OUT, length)
    reader.finish()
    assert reader.missed == 0


@MODERATE
@given(lengths=st.lists(st.integers(1, 5000), min_size=1, max_size=20), data=st.data())
def test_a_resumed_reader_goes_on_at_any_byte(lengths: list[int], data: st.DataObject) -> None:
    """A reader may begin at any offset that is kept, in the middle of a piece too."""
    source = Source(1_000_000)
    for length in lengths:
        source.output(Stream.OUT, length)
    offset = data.draw(st.integers(0, sum(lengths)))
    Reader(source, offset).finish()
    assert source.acknowledged == sum(lengths)


def test_bytes_are_acknowledged_when_the_first_reader_has_them() -> None:
    """Credit is given once for each byte, when the fastest reader has passed it on."""
    source = Source(100_000)
    fast, slow = Reader(source), Reader(source)
    source.output(Stream.OUT, 5000)
    assert source.acknowledged == 0
    fast.read()
    assert source.acknowledged == 5000
    slow.read()
    assert source.acknowledged == 5000


def test_an_event_counts_only_when_it_was_passed_on() -> None:
    """Looking at the next event takes nothing."""
    source = Source(100_000)
    source.output(Stream.OUT, 10)
    cursor = Cursor(source.ring)
    assert cursor.next() == cursor.next()
    assert source.acknowledged == 0


def test_small_pieces_are_joined() -> None:
    """A million writes of few bytes become few pieces."""
    source = Source(10_000_000)
    for _ in range(10_000):
        source.ring.append(Output(Stream.OUT, 0, b"ten bytes\n"))
    assert source.ring.kept_bytes == 100_000 + 2 * PIECE_COST


def test_forgotten_output_keeps_its_offsets() -> None:
    """After `forget` a reader is told how much there was."""
    source = Source(100_000)
    source.output(Stream.OUT, 1000)
    source.ring.forget()
    assert source.ring.kept_bytes == 0
    assert source.ring.first_kept(Stream.OUT) == source.ring.end(Stream.OUT) == 1000
    assert Cursor(source.ring).next() == Gap(Stream.OUT, 0, 1000)
