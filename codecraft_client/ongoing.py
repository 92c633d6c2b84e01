"""Drives an exchange over a transport, with the caller's thread and clock. The client's only loop; all decisions are the exchange's."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, Self, TypeVar

from codecraft_client.errors import CodecraftError, DetachedError
from codecraft_client.exchange import Exchange
from codecraft_client.transport import Line, Transport

EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")


class Ongoing(Generic[EventT, ResultT]):
    """A call under way. Iterate over it to follow what happens; `result` waits for what it comes to.

    One thread at a time may iterate or wait; `detach` may be called from any. Whoever is interrupted while waiting (KeyboardInterrupt) has
    dropped the call; to iterate or wait again is to take it up where it was left.
    """

    def __init__(
        self,
        transport: Transport,
        exchange: Exchange[EventT, ResultT],
        *,
        told: Callable[[EventT], None] | None = None,
        settled: Callable[[CodecraftError | None], None] | None = None,
        lost: Callable[[CodecraftError], None] | None = None,
    ) -> None:
        """Make the first call.

        Args:
            transport: What carries it.
            exchange: What is said.
            told: Given each event as it is iterated over.
            lost: Told, in the iterating thread, of each error that is about to be waited out.
            settled: Told once, in the iterating thread, how it ended: None when there is a result.
        """
        self._transport = transport
        self._exchange = exchange
        self._told = told
        self._settled = settled
        self._lost = lost
        self._detached = False
        self._waiting: threading.Event | None = None  # for the next attempt
        self._error: CodecraftError | None = None
        self._over = False
        self._news: deque[EventT] = deque()  # what has come and was not iterated over yet: of one message, at the most
        self._line: Line | None = None
        self._open()

    def __iter__(self) -> Self:
        """Iterate over the events; the result is not among them."""
        return self

    def __next__(self) -> EventT:
        """Wait for the next event."""
        self.wait_for_first()
        if not self._news:
            raise StopIteration
        event = self._news.popleft()
        if self._told is not None:
            self._told(event)
        return event

    def wait_for_first(self) -> None:
        """Wait for the next event; it will still be iterated over."""
        while not self._news and not self._over:
            self._advance()

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
        self._detached = True
        if self._waiting is not None:
            self._waiting.set()
        line = self._line
        if line is not None:
            line.drop()

    def _advance(self) -> None:
        """Take one message in, or the end of the line, or do what the exchange says where the line broke."""
        try:
            line = self._line or self._open()
            message = line.read()
            if message is not None:
                self._news.extend(self._exchange.received(message))
                if not line.over:
                    return
            self._exchange.ended()
        except CodecraftError as error:
            self._hang_up()
            if not self._exchange.done:  # a line that breaks behind the result is nobody's loss
                self._again(error)
                return
        except BaseException:
            self._hang_up()
            raise
        self._end(None)

    def _again(self, error: CodecraftError) -> None:
        """Wait as long as the exchange says, or raise what it raises."""
        try:
            self._waiting = threading.Event()
            self._check_detached(error)
            delay, meanwhile = self._exchange.failed(error, time.monotonic())
            self._news.extend(meanwhile)
            if self._lost is not None:
                self._lost(error)
            self._waiting.wait(delay)
            self._check_detached(error)
        except CodecraftError as final:
            self._end(final)
            raise

    def _check_detached(self, error: CodecraftError) -> None:
        if self._detached:
            raise DetachedError("this call was given up", where=error.where) from error

    def _end(self, error: CodecraftError | None) -> None:
        self._hang_up()
        self._over, self._error = True, error
        if self._settled is not None:
            self._settled(error)

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.drop()

    def _open(self) -> Line:
        self._line = line = self._transport.open(self._exchange.next_call())
        if self._detached:  # in the very moment
            line.drop()
        return line
