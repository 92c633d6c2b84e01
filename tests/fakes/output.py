"""What a fake command prints: credit, stalls, gaps, head and tail, as `OutputPolicy` wants them."""

import asyncio
from collections.abc import AsyncIterator, Callable

from codecraft_server.clock import Clock
from codecraft_server.sandbox import CommandEvent, Gap, Output, OutputPolicy, Stream

PIECE = 65_536


class TooMuchOutput(Exception):  # noqa: N818 - not an error: how a command may end
    """More than max_output was printed."""


class FakeOutput:
    """The events of one command. `stalled_s` does not count while a stall goes on."""

    def __init__(self, policy: OutputPolicy, clock: Clock, stall: Callable[[bool], None]) -> None:
        self.policy = policy
        self.printed = {Stream.OUT: 0, Stream.ERR: 0}
        self.dropped = 0
        self.stalled_s = 0.0
        self.acknowledged = 0
        self._clock = clock
        self._stall = stall  # told when a stall begins and ends
        self._credit = policy.window
        self._gaps: dict[Stream, Gap] = {}
        self._kept: list[tuple[Stream, int, bytes]] = []
        self._events: list[CommandEvent | BaseException] = []
        self._arrived = asyncio.Event()
        self._granted = asyncio.Event()

    def acknowledge(self, byte_count: int) -> None:
        self.acknowledged += byte_count
        self._credit += byte_count
        self._granted.set()

    async def write(self, stream: Stream, data: bytes) -> None:
        """Print; blocks for want of credit as the real one does."""
        stream = stream if self.policy.separate else Stream.OUT
        room = self.policy.max_output - sum(self.printed.values())
        await self._pass(stream, data[:room])
        if len(data) > room:
            raise TooMuchOutput

    async def _pass(self, stream: Stream, data: bytes) -> None:
        while data:
            if not self.policy.stream:
                self._kept.append((stream, self.printed[stream], data))
                self.printed[stream] += len(data)
                return
            if self._credit <= 0 and not await self._credit_again():
                self._drop(stream, data)
                return
            self._flush_gaps()
            piece = data[: min(PIECE, self._credit)]
            self._push(Output(stream, self.printed[stream], piece))
            self.printed[stream] += len(piece)
            self._credit -= len(piece)
            data = data[len(piece) :]

    async def _credit_again(self) -> bool:
        left_s = min(self.policy.stall_s, self.policy.stall_total_s - self.stalled_s)
        if left_s <= 0 or self._gaps:
            return False
        self._granted.clear()
        began = self._clock.monotonic()
        timer = self._clock.call_later(left_s, self._granted.set)
        self._stall(True)
        try:
            await self._granted.wait()
        finally:
            timer.cancel()
            self._stall(False)
            self.stalled_s += self._clock.monotonic() - began
        return self._credit > 0

    def _drop(self, stream: Stream, data: bytes) -> None:
        old = self._gaps.get(stream)
        offset = old.offset if old else self.printed[stream]
        self._gaps[stream] = Gap(stream, offset, (old.dropped if old else 0) + len(data))
        self.printed[stream] += len(data)
        self.dropped += len(data)

    def _flush_gaps(self) -> None:
        for gap in self._gaps.values():
            self._push(gap)
        self._gaps.clear()

    def finish(self) -> None:
        """What was kept comes now, and what was dropped is told."""
        self._flush_gaps()
        if self.policy.stream:
            return
        total = sum(len(data) for _, _, data in self._kept)
        head = total if total <= self.policy.kept else self.policy.kept // 5
        tail = total if total <= self.policy.kept else total - (self.policy.kept - head)
        position = 0
        for stream, offset, data in self._kept:
            begin = max(0, min(len(data), head - position))
            resume = max(begin, min(len(data), tail - position))
            self._push_pieces(stream, offset, data[:begin])
            if resume > begin:
                self._drop_kept(Gap(stream, offset + begin, resume - begin))
            self._push_pieces(stream, offset + resume, data[resume:])
            position += len(data)
        self._flush_gaps()

    def _drop_kept(self, gap: Gap) -> None:
        old = self._gaps.get(gap.stream)
        self._gaps[gap.stream] = Gap(gap.stream, old.offset, old.dropped + gap.dropped) if old else gap
        self.dropped += gap.dropped

    def _push_pieces(self, stream: Stream, offset: int, data: bytes) -> None:
        if data:
            self._flush_gaps()
        for start in range(0, len(data), PIECE):
            self._push(Output(stream, offset + start, data[start : start + PIECE]))

    def end(self, last: CommandEvent | BaseException) -> None:
        """The last event, or what its reader shall have raised."""
        self._push(last)

    def _push(self, event: CommandEvent | BaseException) -> None:
        self._events.append(event)
        self._arrived.set()

    async def events(self) -> AsyncIterator[CommandEvent]:
        position = 0
        while True:
            while position == len(self._events):
                self._arrived.clear()
                await self._arrived.wait()
            event = self._events[position]
            position += 1
            if isinstance(event, BaseException):
                raise event
            yield event
            if not isinstance(event, Output | Gap):
                return
