"""Steps of which only the result is wanted, over streams that stay open: that spares both sides the beginning and the end of a call.

A lane is a Rollout with one request under way at the most. Knows how lanes are shared, and when one is given up; what to do when one breaks
the exchange decides, as for any call.

Who takes a step only puts its request into one queue and waits at another, whose locks no interrupt can leave taken; those of gRPC's calls
with a stream of requests can be left so (grpcio 1.85), and then all of its threads wait for ever. Hence each lane has a thread that reads.
"""

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol, cast

from google.protobuf.message import Message

from codecraft.v1 import environment_pb2 as env
from codecraft_client.errors import CodecraftError, ConnectionLostError, ProtocolError
from codecraft_client.exchange import Call
from codecraft_client.fork import GUARD
from codecraft_client.wire import rollouts

MOST = 8  # of one client, for each has two threads; steps of further threads are calls of their own
PIECE_S = 0.2  # of waiting; a signal that another thread was sent, or any on Windows, is heard of in between

Outbox = SimpleQueue[env.RolloutRequest | None]  # None: the stream is over
Inbox = SimpleQueue[Message | BaseException | None]  # likewise


class Line(Protocol):
    """A call under way."""

    def read(self) -> Message | None:
        """Wait for the next message; None when the call has ended well. Raises errors of ours only."""
        ...

    def drop(self) -> None:
        """Give the call up, from any thread. Harmless when it has ended."""
        ...


class Stream(Protocol):
    """A call under way that is there for others. `call` is what it fails as."""

    call: Call

    @property
    def fetch(self) -> Callable[[], Message | None]:
        """Waits for the next message; None when the call has ended well. Raises gRPC's own errors. It holds nothing but the call."""
        ...

    def failed(self, failure: BaseException) -> CodecraftError:
        """Translate what `fetch` raised."""
        ...

    def drop(self) -> None:
        """Give it up, from any thread. Harmless when it has ended."""
        ...

    @property
    def alive(self) -> bool:
        """Whether neither side has ended it, as far as is known here."""
        ...


class Lanes:
    """The lanes of one transport. Of its methods `line` is called with `Guard.opening` held, as is `hang_up`."""

    def __init__(self) -> None:
        """No I/O."""
        self._idle: list[_Lane] = []
        self._all: weakref.WeakSet[_Lane] = weakref.WeakSet()
        self._served = True  # as far as is known

    def line(self, call: Call, converse: Callable[[Iterator[Message]], Stream], otherwise: Callable[[Call], Line]) -> Line:
        """Ask for a step, on a lane where there is one or may be one more. `otherwise` makes the call by itself."""
        lane = self._free(converse) if self._served else None
        return otherwise(call) if lane is None else _Turn(self, lane, call, otherwise)

    def hang_up(self) -> None:
        """End all of them: the channel is about to be closed, or the process to fork."""
        for lane in list(self._all):
            lane.end()
        self._idle, self._all = [], weakref.WeakSet()

    @property
    def idle(self) -> "list[_Lane]":
        """Where a lane goes whose turn has ended well. After `hang_up` another list: no lane gets among those of the next channel."""
        return self._idle

    def unserved(self) -> None:
        """Have no more of them: what answers has no Rollout."""
        self._served = False

    def _free(self, converse: Callable[[Iterator[Message]], Stream]) -> "_Lane | None":
        while self._idle:
            lane = self._idle.pop()
            if lane.stream.alive:
                return lane
            lane.end()
        if sum(lane.end.alive for lane in self._all) >= MOST:
            return None
        try:
            lane = _Lane(converse)
        except RuntimeError:  # threads are scarce
            return None
        self._all.add(lane)
        return lane


class _Lane:
    """One of them. Its threads, ours and the one of gRPC's that takes its requests, end with it, also where nobody says so."""

    def __init__(self, converse: Callable[[Iterator[Message]], Stream]) -> None:
        outbox: Outbox = SimpleQueue()
        self.answers: Inbox = SimpleQueue()
        self.send = outbox.put
        self.end = weakref.finalize(self, outbox.put, None)
        self.stream = converse(until_over(outbox))
        threading.Thread(target=_pass_on, args=(self.stream.fetch, self.answers), name="codecraft lane", daemon=True).start()


def _pass_on(fetch: Callable[[], Message | None], answers: Inbox) -> None:
    """What the lane's thread does. It holds neither the lane nor its client, so that both may be dropped."""
    message: Message | None
    while True:
        try:
            message = fetch()
        except BaseException as failure:  # noqa: BLE001 - whoever waits for the answer makes of it what it is
            answers.put(failure)
            return
        answers.put(message)
        if message is None:
            return


def until_over(outbox: Outbox) -> Iterator[Message]:
    """What gRPC's thread sends."""
    while (request := outbox.get()) is not None:
        yield request


class _Turn:
    """A step on a lane: a line of one message."""

    def __init__(self, lanes: Lanes, lane: _Lane, call: Call, otherwise: Callable[[Call], Line]) -> None:
        self._lanes = lanes
        self._idle = lanes.idle
        self._lane: _Lane | None = lane
        self._call = call
        self._otherwise = otherwise
        self._instead: Line | None = None  # the call that was made in place of this
        self._given_up: Callable[[], None] | None = lane.stream.drop  # None: there is nothing to give up any more
        self._dropped = False
        lane.stream.call = call
        lane.send(env.RolloutRequest(step=cast(env.StepRequest, call.request)))

    def read(self) -> Message | None:
        """See Line."""
        lane, self._lane = self._lane, None
        if lane is None:
            return None if self._instead is None else self._instead.read()
        answer = self._answer(lane)
        if isinstance(answer, BaseException):
            lane.end()
            error = lane.stream.failed(answer)
            if isinstance(error, ProtocolError):  # what answers there has no Rollout, so nothing has happened
                self._lanes.unserved()
                return self._by_itself().read()
            raise error from answer
        if answer is None:
            lane.end()
            raise ConnectionLostError("the server ended the stream", where=self._call.where)
        self._given_up = None
        self._idle.append(lane)
        return rollouts.step_answer(answer, self._call.where)

    def _answer(self, lane: _Lane) -> Message | BaseException | None:
        """Who does not wait to the end leaves an answer to come, which nobody else must get."""
        end = time.monotonic() + self._call.timeout_s
        try:
            while (left_s := end - time.monotonic()) > 0:
                with suppress(Empty):
                    return lane.answers.get(timeout=min(left_s, PIECE_S))
        except BaseException:
            self._leave(lane)
            raise
        self._leave(lane)
        raise self._call.overdue()

    @staticmethod
    def _leave(lane: _Lane) -> None:
        lane.end()
        lane.stream.drop()

    def drop(self) -> None:
        """See Line."""
        self._dropped = True
        if self._given_up is None:
            return
        with GUARD.opening():  # so that a lane whose turn ends in the very moment has no other one before it is known to be lost
            give_up = self._given_up
            if give_up is not None:
                give_up()

    def _by_itself(self) -> Line:
        self._instead = line = self._otherwise(self._call)
        self._given_up = line.drop
        if self._dropped:  # in the very moment
            line.drop()
        return line
