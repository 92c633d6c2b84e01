"""Drives an exchange over a transport, with the caller's thread and clock. The client's only loop; all decisions are the exchange's."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Generic, Self, TypeVar

from codecraft_client.errors import CodecraftError, DetachedError
from codecraft_client.exchange import Exchange
from codecraft_client.transport import Line, Transport

EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")


class Ongoing(Generic[EventT, ResultT]):
    """A call under way. Iterate over it to follow what happens; `result` waits for what it comes to.

    One thread at a time may iterate or wait; `detach` may be called from any.
    """

    def __init__(
        self,
        transport: Transport,
        exchange: Exchange[EventT, ResultT],
        *,
        settled: Callable[[CodecraftError | None], None] | None = None,
    ) -> None:
        """Make the first call. `settled` is told once, in the iterating thread, how it ended: None when there is a result."""
        self._transport = transport
        self._exchange = exchange
        self._settled = settled
        self._detached = threading.Event()
        self._error: CodecraftError | None = None
        self._line: Line | None = None
        self._open()
        self._events: Iterator[EventT] = self._follow()

    def __iter__(self) -> Self:
        """Iterate over the events; the result is not among them."""
        return self

    def __next__(self) -> EventT:
        """Wait for the next event."""
        return next(self._events)

    def wait_for_first(self) -> None:
        """Wait for the first event; it will still be iterated over."""
        events = self._events
        self._events = chain(tuple(islice(events, 1)), events)

    @property
    def finished(self) -> bool:
        """Whether the result, or the error, is there."""
        return self._exchange.done or self._error is not None

    def result(self) -> ResultT:
        """Wait for the result, passing over the events still to come. Raises what the call failed with, each time."""
        for _ in self:
            pass
        if self._error is not None:
            raise self._error
        return self._exchange.result

    def detach(self) -> None:
        """Stop following; who iterates or waits gets a DetachedError. What runs on the server runs on."""
        self._detached.set()
        line = self._line
        if line is not None:
            line.cancel()

    def _follow(self) -> Iterator[EventT]:
        error: CodecraftError | None = None
        try:
            while not self._exchange.done:
                yield from self._attempt()
        except CodecraftError as failure:
            error = self._error = failure
            raise
        finally:
            if self._settled is not None and self.finished:
                self._settled(error)

    def _attempt(self) -> Iterator[EventT]:
        try:
            for message in self._line or self._open():
                yield from self._exchange.received(message)
            self._exchange.ended()
        except CodecraftError as error:
            if not self._exchange.done:  # a line that breaks behind the result is nobody's loss
                yield from self._again(error)
        finally:
            line, self._line = self._line, None
            if line is not None:
                line.cancel()

    def _again(self, error: CodecraftError) -> Iterator[EventT]:
        """Wait as long as the exchange says, or raise what it raises."""
        if self._detached.is_set():
            raise DetachedError("this call was given up", where=error.where) from error
        delay, meanwhile = self._exchange.failed(error, time.monotonic())
        yield from meanwhile
        if self._detached.wait(delay):
            raise DetachedError("this call was given up", where=error.where) from error

    def _open(self) -> Line:
        self._line = self._transport.open(self._exchange.next_call())
        return self._line
