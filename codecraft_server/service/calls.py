"""What every call of ours goes through: its service token is compared, its errors become statuses, and it is logged in one line.

Health and reflection pass by: they need no token and say nothing of anybody's episode.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message
from google.rpc import status_pb2

from codecraft.v1 import environment_pb2 as pb
from codecraft_server.errors import CodecraftError, InvalidFieldError, WrongServiceTokenError
from codecraft_server.service.tokens import ServiceToken
from codecraft_server.wire.status import INTERNAL, internal, mapping, status

_log = logging.getLogger(__name__)
_OURS = "/codecraft."
_QUIET = ("Get", "List", "Step", "WriteStdin")  # what there is thousands of
_ABOUT = ("episode_id", "task_id", "trainer")  # fields of requests that say whom a call is about
_MOST_CHARS = 128  # of each of them in the log
_UNEVENTFUL = ("OK", "CANCELLED")  # a client that has its result may drop the call before the server has ended it

_Context = grpc.aio.ServicerContext[Any, Any]
_Continuation = Callable[[grpc.HandlerCallDetails], Awaitable["grpc.RpcMethodHandler[Any, Any]"]]
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method of our services; `tokens` has, by full service name, the token it wants, empty where it wants none."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}  # by method, of which there are as many as our services have

    async def intercept_service(  # type: ignore[override]  # the stubs know only unary handlers
        self, continuation: _Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """Return the handler with our wrapping, or None for a method that does not exist."""
        method = handler_call_details.method
        if method in self._wrapped:
            return self._wrapped[method]
        handler = await continuation(handler_call_details)
        if handler is not None and method.startswith(_OURS):
            handler = self._wrapped[method] = self._wrap(handler, method)
        return handler

    def _wrap(self, handler: "grpc.RpcMethodHandler[Any, Any]", path: str) -> "grpc.RpcMethodHandler[Any, Any]":
        service, _, method = path[1:].partition("/")
        guarded = _Guarded(handler, method, ServiceToken(service, self._tokens.get(service, "")))
        if handler.request_streaming:
            return grpc.stream_stream_rpc_method_handler(guarded.both, None, handler.response_serializer)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(guarded.stream, None, handler.response_serializer)
        return grpc.unary_unary_rpc_method_handler(guarded.unary, None, handler.response_serializer)


@dataclass(slots=True)
class _Call:
    """What the log says of a call."""

    method: str
    episode: str = ""
    task: str = ""
    trainer: str = ""
    peer: str = ""  # of a call that was not let in
    code: str = "CANCELLED"  # unless it comes to an end of its own
    incident: str = ""
    requests: int | None = None  # of a stream of them

    def asked(self, request: Any) -> None:
        """Take from a request what it names; it is not checked yet."""
        self.episode, self.task, self.trainer = (getattr(request, name, "")[:_MOST_CHARS] for name in _ABOUT)

    def opened(self, ready: pb.Ready) -> None:
        """Take from an opened episode what its request could not name."""
        self.episode, self.task = ready.episode_id, ready.task.task_id


@dataclass(frozen=True, slots=True)
class _Guarded:
    """A method of ours, wrapped. Requests arrive as bytes, so that one which can't be decoded is refused in our words too."""

    handler: Any  # a grpc.RpcMethodHandler, of which the stubs know only the synchronous kind
    method: str
    token: ServiceToken

    async def unary(self, raw: bytes, context: _Context) -> Message:
        """Answer a call with one response."""
        call, began = _Call(self.method), time.monotonic()
        try:
            response: Message = await self.handler.unary_unary(self._request(raw, context, call), context)
        except Exception as error:  # noqa: BLE001 - the one place where whatever went wrong becomes a status
            await _refuse(context, call, error)
        else:
            call.code = "OK"
            return response
        finally:
            _report(call, began)

    async def stream(self, raw: bytes, context: _Context) -> None:
        """Answer a call with a stream. However it ends, the method's own clean-up has run before this returns."""
        call, began = _Call(self.method), time.monotonic()
        try:
            responses: AsyncIterator[Message] = self.handler.unary_stream(self._request(raw, context, call), context)
            async with aclosing(responses):  # type: ignore[type-var]  # all of ours are generators
                async for response in responses:
                    if isinstance(response, pb.ResetResponse) and response.HasField("ready"):
                        call.opened(response.ready)
                    await context.write(response)
            call.code = "OK"
        except Exception as error:  # noqa: BLE001 - likewise
            await _refuse(context, call, error)
        finally:
            _report(call, began)

    async def both(self, raw: AsyncIterator[bytes], context: _Context) -> None:
        """Let a method answer a stream of requests, one by one: it writes for itself, and an error that gets here ends the stream."""
        call, began = _Call(self.method, requests=0), time.monotonic()
        try:
            self._admit(context)
            await self.handler.stream_stream(self._requests(raw, call), context)
            call.code = "OK"
        except Exception as error:  # noqa: BLE001 - likewise
            await _refuse(context, call, _first(error))
        finally:
            _report(call, began)

    async def _requests(self, raw: AsyncIterator[bytes], call: _Call) -> AsyncIterator[Message]:
        async for each in raw:
            call.requests = (call.requests or 0) + 1
            yield self._decoded(each)

    def _request(self, raw: bytes, context: _Context, call: _Call) -> Message:
        self._admit(context)
        request = self._decoded(raw)
        call.asked(request)
        return request

    def _admit(self, context: _Context) -> None:
        if self.token.wanted:
            self.token.check(context.invocation_metadata())

    def _decoded(self, raw: bytes) -> Message:
        try:
            request: Message = self.handler.request_deserializer(raw)
        except DecodeError:
            raise InvalidFieldError("", f"these bytes are no request of {self.method} in this schema") from None
        return request


def _first(error: Exception) -> Exception:
    """The first error of a group: the others failed with it, or because of it. Any other error is itself."""
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


async def _refuse(context: _Context, call: _Call, error: Exception) -> NoReturn:
    """End a call with the status of an error."""
    if not _has_status(error) and _connection_is_gone(context, error):
        raise asyncio.CancelledError from error
    answer, call.incident = told(error, call.method, call.episode)
    code = _CODES[answer.code]
    call.code = code.name
    call.peer = context.peer() if isinstance(error, WrongServiceTokenError) else ""
    await context.abort(code, answer.message, _trailers(answer))


def told(error: Exception, method: str, episode: str) -> tuple[status_pb2.Status, str]:
    """Return the status of an error; of one that has none of its own nothing gets out but an incident id, which is returned, too."""
    if isinstance(error, CodecraftError) and _has_status(error):
        return status(error), ""
    incident = secrets.token_hex(6)
    _log.error("incident", extra={"incident": incident, "method": method, "episode": episode}, exc_info=error)
    return internal(incident), incident


def _has_status(error: Exception) -> bool:
    return isinstance(error, CodecraftError) and mapping(error) is not INTERNAL


def _connection_is_gone(context: _Context, error: Exception) -> bool:
    """Writing to a call that was dropped raises gRPC's own error before the cancellation arrives."""
    return isinstance(error, grpc.aio.InternalError | grpc.RpcError) or context.cancelled()


def _trailers(answer: status_pb2.Status) -> tuple[tuple[str, bytes], ...]:
    return (("grpc-status-details-bin", answer.SerializeToString()),)


def _report(call: _Call, began: float) -> None:
    """Log a call in one line: at info where it opens, ends or stops something, or fails; else, a step that was taken included, at debug."""
    level = logging.DEBUG if call.code in _UNEVENTFUL and call.method.startswith(_QUIET) else logging.INFO
    if not _log.isEnabledFor(level):
        return
    fields = {"method": call.method, "code": call.code, "ms": round(1000 * (time.monotonic() - began), 1)}
    said = {name: getattr(call, name) for name in ("episode", "task", "trainer", "peer", "incident")}
    fields |= {name: value for name, value in said.items() if value}
    if call.requests is not None:
        fields["requests"] = call.requests
    _log.log(level, "call", extra=fields)
