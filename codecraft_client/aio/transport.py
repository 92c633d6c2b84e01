"""The asynchronous side of the room that knows gRPC (see `codecraft_client.transport`): a channel and calls on it. Decides nothing.

A transport belongs to one event loop. gRPC's own tasks do not survive a fork, so neither does a transport that was used.
"""

import asyncio
from functools import cache
from typing import Any, TypeAlias

import grpc
import grpc.aio
from google.protobuf.message import Message

from codecraft.v1.control_pb2_grpc import ControlServiceStub
from codecraft.v1.environment_pb2_grpc import EnvironmentServiceStub
from codecraft_client.aio import lanes
from codecraft_client.errors import CodecraftError, ConnectionLostError, DetachedError, ServerError
from codecraft_client.exchange import Call
from codecraft_client.transport import CONTROL, UNARY, channel_options, translated

Line: TypeAlias = lanes.Line


class Transport:
    """Calls to one target."""

    def __init__(self, target: str, token: str) -> None:
        """No I/O: opened at first use. `token` empty: none is sent."""
        self.target = target
        self.answered = False  # somebody has answered here before
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._channel: grpc.aio.Channel | None = None
        self._stubs: tuple[Any, Any] | None = None  # asynchronous ones, which have no class at run time
        self._lanes = lanes.Lanes(self)
        self._closed = False

    def open(self, call: Call) -> Line:
        """Make a call. DetachedError after `close`."""
        return self._lanes.line(call) if call.result_only else self.by_itself(call)

    def by_itself(self, call: Call) -> Line:
        """Make a call that shares no stream with others. DetachedError after `close`."""
        method = getattr(self._connected(call), call.method)
        begun = method(call.request, timeout=call.timeout_s, metadata=self._metadata)
        return _UnaryLine(self, call, begun) if call.method in UNARY else _StreamLine(self, call, begun)

    def rollout(self, call: Call) -> Any:
        """Begin a Rollout for `call` and those after it: a grpc.aio.StreamStreamCall. DetachedError after `close`."""
        return self._connected(call).Rollout(metadata=self._metadata)

    async def close(self) -> None:
        """Give up all calls and close the channel. Idempotent; final."""
        self._closed = True
        channel, self._channel, self._stubs = self._channel, None, None
        if channel is not None:
            await channel.close()

    def failed(self, failure: BaseException, call: Call) -> CodecraftError | None:
        """Translate what reading or writing raised; None: it is the reader who was cancelled."""
        if isinstance(failure, grpc.aio.AioRpcError):
            return self.error(failure, call)
        task = asyncio.current_task()
        if isinstance(failure, asyncio.CancelledError) and task is not None and task.cancelling():
            return None
        return self.hung_up(call)  # it was the call that was cancelled

    def error(self, failure: grpc.aio.AioRpcError, call: Call) -> CodecraftError:
        """Translate a failure of `call`."""
        if self._closed:
            return self.hung_up(call)
        error = translated(failure, call, self.target, answered=self.answered)
        self.answered = self.answered or isinstance(error, ServerError)
        return error

    def hung_up(self, call: Call) -> CodecraftError:
        """The error of a call that was cancelled while its reader was not: it was given up, or its channel was closed."""
        if self._closed:
            return DetachedError("the client was closed", where=call.where)
        return ConnectionLostError("the call was given up", where=call.where)

    def _connected(self, call: Call) -> Any:
        if self._closed:
            raise DetachedError("the client is closed", where=call.where)
        if self._stubs is None:
            _stay_up()
            self._channel = grpc.aio.insecure_channel(self.target, options=channel_options(self.target))
            self._stubs = EnvironmentServiceStub(self._channel), ControlServiceStub(self._channel)
        return self._stubs[call.method in CONTROL]


@cache
def _stay_up() -> None:
    """Have gRPC keep its thread: with the last channel it would stop it, and have the event loop wait for that."""
    grpc.aio.init_grpc_aio()


class _Line:
    """What both kinds have in common."""

    def __init__(self, transport: Transport, call: Call, begun: Any) -> None:
        self._transport = transport
        self._call = call
        self._begun = begun
        self.over = False  # as far as is known before it says so

    async def read(self) -> Message | None:
        """See Line."""
        try:
            message = await self._next()
        except (grpc.aio.AioRpcError, asyncio.CancelledError) as failure:
            error = self._transport.failed(failure, self._call)
            if error is None:
                raise
            raise error from failure
        self._transport.answered = True
        return message

    def drop(self) -> None:
        """See Line."""
        self._begun.cancel()

    async def _next(self) -> Message | None:
        raise NotImplementedError


class _StreamLine(_Line):
    """A response stream."""

    async def _next(self) -> Message | None:
        message = await self._begun.read()
        return None if message is grpc.aio.EOF else message


class _UnaryLine(_Line):
    """A single response."""

    async def _next(self) -> Message | None:
        if self.over:
            return None
        message: Message = await self._begun
        self.over = True
        return message
