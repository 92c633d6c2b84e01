"""Steps of which only the result is wanted, over streams that stay open: that spares both sides the beginning and the end of a call.

A lane is a Rollout with one request under way at the most, so whoever waits for its answer reads it himself. Knows how lanes are shared,
and when one is given up; what to do when one breaks the exchange decides, as for any call.
"""

import math
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Protocol, cast

from google.protobuf.message import Message

from codecraft.v1 import environment_pb2 as env
from codecraft_client.errors import CodecraftError, ConnectionLostError, DeadlineExceededError, ProtocolError
from codecraft_client.exchange import Call
from codecraft_client.fork import GUARD
from codecraft_client.wire import rollouts

MOST = 8  # of one client, for each has a thread of gRPC's; steps of further threads are calls of their own
LINGER_S = 5.0  # how long the thread of the watch may outlive its last turn

Outbox = SimpleQueue[env.RolloutRequest | None]  # None: the stream is over


class Line(Protocol):
    """A call under way."""

    def read(self) -> Message | None:
        """Wait for the next message; None when the call has ended well. Raises errors of ours only."""
        ...

    def drop(self) -> None:
        """Give the call up, from any thread. Harmless when it has ended."""
        ...


class Stream(Line, Protocol):
    """A call under way that is there for others. `call` is what it fails as."""

    call: Call

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
        self._watch = _Watch()
        self._served = True  # as far as is known

    def line(self, call: Call, converse: Callable[[Iterator[Message]], Stream], otherwise: Callable[[Call], Line]) -> Line:
        """Ask for a step, on a lane where there is one or may be one more. `otherwise` makes the call by itself."""
        lane = self._free(converse) if self._served else None
        return otherwise(call) if lane is None else _Turn(self, lane, call, otherwise)

    def hang_up(self) -> None:
        """End all of them: the channel is about to be closed, or the process to fork."""
        for lane in list(self._all):
            lane.end()
        self._watch.stop()
        self._idle, self._all, self._watch = [], weakref.WeakSet(), _Watch()

    @property
    def idle(self) -> "list[_Lane]":
        """Where a lane goes whose turn has ended well. After `hang_up` another list: no lane gets among those of the next channel."""
        return self._idle

    @property
    def watch(self) -> "_Watch":
        """What sees to it that a turn ends in time."""
        return self._watch

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
        lane = _Lane(converse)
        self._all.add(lane)
        return lane


class _Lane:
    """One of them. The thread of gRPC's that takes its requests ends with it, also where nobody says so."""

    def __init__(self, converse: Callable[[Iterator[Message]], Stream]) -> None:
        outbox: Outbox = SimpleQueue()
        self.send = outbox.put
        self.stream = converse(_until_over(outbox))
        self.end = weakref.finalize(self, outbox.put, None)


def _until_over(outbox: Outbox) -> Iterator[Message]:
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
        self._line: Line = lane.stream  # what to give up; itself: nothing any more
        self._watch = lanes.watch
        self._overdue = self._dropped = False
        lane.stream.call = call
        self._watch.add(self, time.monotonic() + call.timeout_s)
        lane.send(env.RolloutRequest(step=cast(env.StepRequest, call.request)))

    def read(self) -> Message | None:
        """See Line."""
        lane, self._lane = self._lane, None
        if lane is None:
            return None if self._line is self else self._line.read()
        try:
            message = lane.stream.read()
        except ProtocolError:  # what answers there has no Rollout, so nothing has happened
            self._lost(lane)
            self._lanes.unserved()
            return self._instead().read()
        except CodecraftError as error:
            self._lost(lane)
            if self._overdue:
                told = f"{self._call.method} took longer than {self._call.timeout_s:g} s"
                raise DeadlineExceededError(told, where=self._call.where) from error
            raise
        except BaseException:  # what interrupts a reader leaves an answer to come, which nobody else must get
            lane.stream.drop()
            self._lost(lane)
            raise
        if message is None:
            self._lost(lane)
            raise ConnectionLostError("the server ended the stream", where=self._call.where)
        self._watch.forget(self)
        self._line = self
        self._idle.append(lane)
        return rollouts.step_answer(message, self._call.where)

    def drop(self) -> None:
        """See Line."""
        self._dropped = True
        if self._line is self:
            return
        with GUARD.opening():  # so that a lane whose turn ends in the very moment has no other one before it is known to be lost
            if self._line is not self:
                self._line.drop()

    def expire(self) -> None:
        """It has taken too long."""
        self._overdue = True
        self._line.drop()

    def _instead(self) -> Line:
        self._line = line = self._otherwise(self._call)
        if self._dropped:  # in the very moment
            line.drop()
        return line

    def _lost(self, lane: _Lane) -> None:
        self._watch.forget(self)
        lane.end()


class _Watch:
    """Ends turns that are overdue, for a stream has no deadline for each of its answers. Has a thread while there may be one to end."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # taken itself, not through the condition, which an interrupt may leave locked
        self._changed = threading.Condition(self._lock)
        self._due: dict[_Turn, float] = {}
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None
        self._stopped = False

    def add(self, turn: _Turn, due: float) -> None:
        """Have it end at `due` of the monotonic clock."""
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="codecraft lanes", daemon=True)
                thread.start()  # where that fails there is none
                self._thread = thread
            elif due < self._wakes_at:
                self._changed.notify()
            self._due[turn] = due

    def forget(self, turn: _Turn) -> None:
        """It has ended. It is not touched any more once this has returned."""
        with self._lock:
            self._due.pop(turn, None)

    def stop(self) -> None:
        """End the thread; what is under way is somebody else's to end."""
        with self._lock:
            self._stopped = True
            self._changed.notify()

    def _run(self) -> None:
        with self._lock:
            while self._due and not self._stopped:
                now = time.monotonic()
                for turn in [turn for turn, due in self._due.items() if due <= now]:
                    del self._due[turn]
                    turn.expire()
                self._wakes_at = min(now + LINGER_S, min(self._due.values(), default=now))
                self._changed.wait(self._wakes_at - now)
            self._thread = None
