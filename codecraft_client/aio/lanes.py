"""The asynchronous side of `codecraft_client.lanes`: steps of which only the result is wanted, over streams that stay open.

A part of the room that knows gRPC: what a stream of requests does when it is given up is gRPC's own affair, and has to be known here.
"""

import asyncio
import weakref
from typing import Any, Protocol

import grpc.aio
from google.protobuf.message import Message

from codecraft_client.errors import CodecraftError, ConnectionLostError, ProtocolError
from codecraft_client.exchange import Call
from codecraft_client.lanes import MOST
from codecraft_client.wire import rollouts

AT_ONCE = 0.0  # of an event loop's clock: long ago


class Line(Protocol):
    """A call under way. `over`: nothing can come behind what was read."""

    @property
    def over(self) -> bool: ...  # noqa: D102 - said above

    async def read(self) -> Message | None:
        """Wait for the next message; None when the call has ended well. Raises errors of ours, or that the caller is cancelled."""
        ...

    def drop(self) -> None:
        """Give the call up. Harmless when it has ended."""
        ...


class Caller(Protocol):
    """What makes calls, by themselves and as streams, and knows what it means when they fail."""

    def rollout(self, call: Call) -> Any:
        """Begin a Rollout: a grpc.aio.StreamStreamCall."""
        ...

    def by_itself(self, call: Call) -> Line:
        """Make a call of its own."""
        ...

    def failed(self, failure: BaseException, call: Call) -> CodecraftError | None:
        """Translate a failure of gRPC's; None: it is the caller who is cancelled."""
        ...


class Lanes:
    """The lanes of one transport."""

    def __init__(self, caller: Caller) -> None:
        """No I/O."""
        self.caller = caller
        self._idle: list[_Lane] = []
        # A call under way is held by a task of gRPC's, so that a client that is dropped would leave its idle ones to the event loop.
        weakref.finalize(self, _end, self._idle).atexit = False
        self._count = 0
        self.served = True  # as far as is known

    def line(self, call: Call) -> Line:
        """Ask for a step, on a lane where there is one or may be one more."""
        lane = self._free(call) if self.served else None
        return self.caller.by_itself(call) if lane is None else _Turn(self, lane, call)

    def give_back(self, lane: "_Lane") -> None:
        """Its turn has ended well."""
        self._idle.append(lane)

    def lost(self, lane: "_Lane", *, served: bool = True) -> None:
        """It is of no use any more. `served` False: nor would any other be."""
        self.served = self.served and served
        self._count -= 1
        lane.stream.cancel()

    def _free(self, call: Call) -> "_Lane | None":
        while self._idle:
            lane = self._idle.pop()
            if not lane.stream.done():
                return lane
            self.lost(lane)
        if self._count >= MOST:
            return None
        lane = _Lane(self.caller.rollout(call))
        self._count += 1
        return lane


class _Lane:
    """One of them.

    Attributes:
        stream: A grpc.aio.StreamStreamCall.
        writing: The patience of who writes to it. It ends with the stream, for gRPC's `write` to one that ends before it has begun does not
            (grpcio 1.85).
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.writing: asyncio.Timeout | None = None
        stream.add_done_callback(self._ended)

    def _ended(self, stream: object) -> None:
        del stream
        if self.writing is not None and not self.writing.expired():
            self.writing.reschedule(AT_ONCE)


def _end(idle: list[_Lane]) -> None:
    for lane in idle:
        lane.stream.cancel()


class _UnsaidError(Exception):
    """A stream ended as the step was being written to it. How it ended gRPC does not tell then, but an error of its own (grpcio 1.85)."""


class _Turn:
    """A step on a lane: a line of one message."""

    def __init__(self, lanes: Lanes, lane: _Lane, call: Call) -> None:
        self._lanes = lanes
        self._lane: _Lane | None = lane  # None: its turn has ended
        self._call = call
        self._line: Line | None = None  # the call that was made instead

    @property
    def over(self) -> bool:
        """See Line."""
        return self._lane is None and (self._line is None or self._line.over)

    async def read(self) -> Message | None:
        """See Line."""
        if self._line is not None:
            return await self._line.read()
        lane = self._lane
        if lane is None:
            return None
        try:
            message = await self._asked(lane)
        except ProtocolError:  # what answers there has no Rollout, so nothing has happened
            return await self._instead(served=False).read()
        except _UnsaidError:
            return await self._instead(served=True).read()
        except BaseException:
            self._over()
            raise
        try:
            answer = rollouts.answer_to_step(message, self._call)
        except ProtocolError:  # whoever answers so may answer anything
            self._over()
            raise
        if self._lane is not None:  # else it was dropped in the very moment
            self._lane = None
            self._lanes.give_back(lane)
        return rollouts.accepted(answer, self._call)

    def _instead(self, *, served: bool) -> Line:
        self._over(served=served)
        self._line = self._lanes.caller.by_itself(self._call)
        return self._line

    async def _asked(self, lane: _Lane) -> Message:
        try:
            message: Any = await self._answer(lane)
        except TimeoutError as late:
            raise self._call.overdue() from late
        except (grpc.aio.AioRpcError, asyncio.CancelledError, asyncio.InvalidStateError) as failure:
            error = self._lanes.caller.failed(failure, self._call)
            if error is None:
                raise
            raise error from failure
        if message is grpc.aio.EOF:
            raise ConnectionLostError("the server ended the stream", where=self._call.where)
        said: Message = message
        return said

    async def _answer(self, lane: _Lane) -> Any:
        try:
            async with asyncio.timeout(self._call.timeout_s) as patience:
                lane.writing = patience
                await self._say(lane)
                lane.writing = None
                return await lane.stream.read()
        except TimeoutError:
            if patience.when() != AT_ONCE:
                raise
            return await lane.stream.read()  # which knows how the stream has ended
        finally:
            lane.writing = None

    async def _say(self, lane: _Lane) -> None:
        try:
            await lane.stream.write(rollouts.asking_for_step(self._call))
        except grpc.aio.AioRpcError as failure:
            raise _UnsaidError from failure

    def drop(self) -> None:
        """See Line."""
        if self._line is not None:
            self._line.drop()
        elif self._lane is not None:
            self._over()

    def _over(self, *, served: bool = True) -> None:
        lane, self._lane = self._lane, None
        if lane is not None:
            self._lanes.lost(lane, served=served)
