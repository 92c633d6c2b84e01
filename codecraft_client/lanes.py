"""Steps of which only the result is wanted, over streams that stay open: that spares both sides the beginning and the end of a call.

A lane is a Rollout with one request under way at the most. Knows how lanes are shared, and when one is given up. A step whose lane is lost
goes by itself at once: the server takes it once, by its index, and whatever has happened to the line that call will tell.
"""

import math
import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol

from google.protobuf.message import DecodeError, Message

from codecraft.v1 import environment_pb2 as env
from codecraft_client.errors import ConnectionLostError, ProtocolError
from codecraft_client.exchange import Call
from codecraft_client.fork import GUARD
from codecraft_client.wire import rollouts

REFUSALS = 3  # streams in a row that are lost before they have been of use; then there are no more of them
RETRY_S = 0.2  # until what could not be given up is looked at again
LONGEST_WAIT_S = 3600.0  # some systems can't wait for ever in one go
MOST = 8  # of one client; steps that are under way beside them are calls of their own


class Line(Protocol):
    """A call under way. `over`: nothing can come behind what was read."""

    @property
    def over(self) -> bool: ...  # noqa: D102 - said above

    def read(self) -> Message | None:
        """Wait for the next message; None when the call has ended well. Raises errors of ours only."""
        ...

    def drop(self) -> None:
        """Give the call up, from any thread. Harmless when it has ended."""
        ...


class Stream(Protocol):
    """A stream of requests and one of responses. One thread at a time may use it, and `cancel` any."""

    unimplemented: bool  # as the other side has said

    def ask(self, request: bytes) -> None:
        """Send a request. Never waits."""
        ...

    def answer(self) -> bytes | None:
        """Wait for the response; None when the stream is over."""
        ...

    def cancel(self) -> None:
        """End it. Harmless when it has ended."""
        ...

    def end(self) -> None:
        """End it, and free what it has. Nobody may be using it."""
        ...


class Lanes:
    """The lanes of one transport. Of its methods `line` is called with `Guard.opening` held, as is `hang_up`."""

    def __init__(self, interrupted: Callable[[], None]) -> None:
        """No I/O. `interrupted` is called when an interrupt has fallen on who waited: nobody knows in what state gRPC is then."""
        self.interrupted = interrupted
        self._idle: list[_Lane] = []
        self._all: weakref.WeakSet[_Lane] = weakref.WeakSet()
        self._refused = 0  # in a row

    def line(self, call: Call, converse: Callable[[], Stream | None], otherwise: Callable[[Call], Line]) -> Line:
        """Ask for a step, on a lane where there is one or may be one more. `otherwise` makes the call by itself."""
        lane = self._free(converse) if self.served else None
        return otherwise(call) if lane is None else _Turn(self, lane, call, otherwise)

    def hang_up(self) -> None:
        """End all of them: the channel is about to be closed, or the process to fork."""
        for lane in self._idle:
            lane.end()
        for lane in list(self._all):
            WATCHDOG.forget(lane)
            lane.stream.cancel()  # of those under way, who waits ends them
        self._idle, self._all = [], weakref.WeakSet()

    @property
    def idle(self) -> "list[_Lane]":
        """Where a lane goes whose turn has ended well. After `hang_up` another list: no lane gets among those of the next channel."""
        return self._idle

    @property
    def served(self) -> bool:
        """Whether there may be some, as far as is known: not where no Rollout is known, or whenever one is opened it is lost."""
        return self._refused < REFUSALS

    def opened(self, *, answered: bool, unimplemented: bool = False) -> None:
        """Learn how one has fared."""
        self._refused = 0 if answered else REFUSALS if unimplemented else self._refused + 1

    def _free(self, converse: Callable[[], Stream | None]) -> "_Lane | None":
        if self._idle:
            return self._idle.pop()
        if sum(lane.end.alive for lane in self._all) >= MOST:
            return None
        stream = converse()
        if stream is None:
            return None
        lane = _Lane(stream)
        try:
            WATCHDOG.watch(lane)
        except RuntimeError:  # threads are scarce
            lane.end()
            return None
        self._all.add(lane)
        return lane


class _Lane:
    """One of them. Its stream ends with it, also where nobody says so.

    Attributes:
        answered: Whether it has been of use.
        due: When the step on it has to be over, in seconds of the monotonic clock.
        given_up: Whether it was not, and that was seen to.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.answered = False
        self.due = math.inf
        self.given_up = False
        self.end = weakref.finalize(self, _end, stream)
        self.end.atexit = False


def _end(stream: Stream) -> None:
    stream.end()
    WATCHDOG.look()


class Watchdog:
    """Gives up what is overdue, for who waits for gRPC's queue waits for ever. Its thread is there as long as there are lanes.

    It is woken by a queue, whose locks neither an interrupt nor a finalizer, a signal's handler or a fork in the midst can leave taken.
    """

    def __init__(self) -> None:
        """No I/O."""
        self._process = 0
        self._lanes: weakref.WeakSet[_Lane] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._until = math.inf  # when it looks next by itself; while it looks, what is due at any time makes it look again

    def watch(self, lane: "_Lane") -> None:
        """Watch over a lane from now on. Called with `Guard.opening` held. RuntimeError where no thread can be started."""
        if self._process != os.getpid():  # its thread and its lanes are the parent's
            self._process, self._lanes, self._thread, self._wake = os.getpid(), weakref.WeakSet(), None, SimpleQueue()
        if self._thread is None:
            thread = threading.Thread(target=self._watch, name="codecraft lanes", daemon=True)
            thread.start()
            self._thread = thread
        self._lanes.add(lane)

    def forget(self, lane: "_Lane") -> None:
        """Watch over it no longer. Called with `Guard.opening` held."""
        self._lanes.discard(lane)
        self.look()

    def look(self) -> None:
        """Have it look what there is."""
        if self._process == os.getpid():
            self._wake.put(None)

    def expect(self, lane: "_Lane", within_s: float) -> None:
        """Give `lane` up if it is still `due` then."""
        lane.due, lane.given_up = time.monotonic() + within_s, False
        if lane.due < self._until:
            self.look()

    def _watch(self) -> None:
        while True:
            self._until = math.inf
            self._forget_calls()
            with GUARD.opening():
                lanes = [lane for lane in self._lanes if lane.end.alive]
                if not lanes:
                    self._thread = None
                    return
            now = time.monotonic()
            for lane in lanes:
                if lane.due <= now and not lane.given_up:
                    lane.given_up = _given_up(lane.stream)
            self._until = min((lane.due if lane.due > now else now + RETRY_S for lane in lanes if not lane.given_up), default=math.inf)
            del lanes, lane
            with suppress(Empty):
                self._wake.get(timeout=min(self._until - now, LONGEST_WAIT_S))

    def _forget_calls(self) -> None:
        with suppress(Empty):
            while True:
                self._wake.get_nowait()


def _given_up(stream: Stream) -> bool:
    """Give it up in a thread of its own: another one may hold what that takes, and this one is all others'. False: threads are scarce."""
    try:
        threading.Thread(target=stream.cancel, name="codecraft overdue", daemon=True).start()
    except RuntimeError:
        return False
    return True


WATCHDOG = Watchdog()


class _Turn:
    """A step on a lane: a line of one message."""

    def __init__(self, lanes: Lanes, lane: _Lane, call: Call, otherwise: Callable[[Call], Line]) -> None:
        self._lanes = lanes
        self._idle = lanes.idle
        self._lane: _Lane | None = lane
        self._call = call
        self._otherwise = otherwise
        self._instead: Line | None = None  # the call that was made in place of this
        self._given_up: Callable[[], None] | None = lane.stream.cancel  # None: there is nothing to give up any more
        self._dropped = False
        lane.stream.ask(rollouts.asking_for_step(call).SerializeToString())

    @property
    def over(self) -> bool:
        """See Line."""
        return self._lane is None and (self._instead is None or self._instead.over)

    def read(self) -> Message | None:
        """See Line."""
        lane, self._lane = self._lane, None
        if lane is None:
            return None if self._instead is None else self._instead.read()
        WATCHDOG.expect(lane, self._call.timeout_s)
        try:
            answer = lane.stream.answer()
        except BaseException:
            lane.end()
            self._lanes.interrupted()
            raise
        if answer is None:
            return self._lost(lane)
        lane.due, lane.answered = math.inf, True
        self._lanes.opened(answered=True)
        self._given_up = None
        try:
            response = rollouts.answer_to_step(self._understood(answer), self._call)
        except ProtocolError:  # whoever answers so may answer anything
            lane.end()
            raise
        self._idle.append(lane)
        return rollouts.accepted(response, self._call)

    def _understood(self, answer: bytes) -> env.RolloutResponse:
        try:
            return env.RolloutResponse.FromString(answer)
        except DecodeError as error:
            raise ProtocolError(f"an answer could not be understood: {error}", where=self._call.where) from error

    def _lost(self, lane: _Lane) -> Message | None:
        lane.end()
        if lane.due <= time.monotonic():
            raise self._call.overdue()
        self._check_wanted()
        self._lanes.opened(answered=lane.answered, unimplemented=lane.stream.unimplemented)
        self._instead = line = self._otherwise(self._call)
        self._given_up = line.drop
        if self._dropped:  # in the very moment
            line.drop()
        return line.read()

    def _check_wanted(self) -> None:
        if self._dropped:
            raise ConnectionLostError("the call was given up", where=self._call.where)

    def drop(self) -> None:
        """See Line. A lane whose turn ends in the very moment may have another one by then: that is lost, and goes by itself."""
        self._dropped = True
        give_up = self._given_up
        if give_up is not None:
            give_up()
