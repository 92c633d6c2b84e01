"""The one room that knows gRPC: a channel, calls on it, and the translation of what goes wrong. Decides nothing; `exchange` does.

A transport may be used from several threads. Its channel is opened at the first call, and in each process anew (see `fork`).
"""

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from codecraft.v1.control_pb2_grpc import ControlServiceStub
from codecraft.v1.environment_pb2_grpc import EnvironmentServiceStub
from codecraft_client import duplex
from codecraft_client.errors import (
    CodecraftError,
    ConnectionLostError,
    DetachedError,
    ProtocolError,
    Refusal,
    ServerError,
    ServerUnavailableError,
)
from codecraft_client.exchange import Call
from codecraft_client.fork import GUARD, stand_guard
from codecraft_client.lanes import Lanes, Stream
from codecraft_client.lanes import Line as AnyLine
from codecraft_client.wire.status import server_error

Line: TypeAlias = AnyLine

CONTROL = frozenset({"ListEpisodes", "Prewarm", "Regrade", "ListTaskStatistics"})
"""The methods of ControlService; all others are those of EnvironmentService."""
UNARY = frozenset({"GetServerInfo", "ListTasks", "GetTask", "Interrupt", "WriteStdin", "GetEpisode", "Close"}) | (CONTROL - {"Regrade"})

ROLLOUT = Call("Rollout", Empty(), 0.0)
ROLLOUT_PATH = "/codecraft.v1.EnvironmentService/Rollout"

OPTIONS: tuple[tuple[str, int], ...] = (
    # A stream is read by the thread that asks for its next event: without a helper thread a step takes half the time.
    ("SingleThreadedUnaryStream", 1),
    # Each client its own connection: closing one, or losing one, is nothing to the others.
    ("grpc.use_local_subchannel_pool", 1),
    # What may be on the way at once. Left to itself gRPC grows this to several MiB, more than a server keeps for Resume, and all of it is
    # lost with the line. 1 MiB is still 10 MB/s where a round trip takes 100 ms.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 1024 * 1024),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # A peer that vanished without a word is noticed within 40 s; servers take pings every 10 s.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)

# How gRPC words it when a line that was there breaks, and the codes it does that under for lack of a code of its own.
BROKEN = ("RST_STREAM", "Stream removed", "GOAWAY", "Socket closed", "Connection reset", "Broken pipe", "Channel closed")
VAGUE = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN})


class _Anchor:
    """Keeps gRPC itself up in a process that has used it.

    Closing the last channel shuts gRPC down in the background, and a fork in the midst of that hangs in gRPC's own fork handler (with
    grpcio 1.85 one fork in a hundred). So there is always one more channel, which is never used and hence never connected.
    """

    def __init__(self) -> None:
        self._process = 0
        self._channel: grpc.Channel | None = None

    def hold(self) -> None:
        """Hold it in this process, too."""
        if self._process != os.getpid():
            first, self._process = self._process == 0, os.getpid()
            self._channel = grpc.insecure_channel("unix:/nowhere")
            if first:
                stand_guard()


ANCHOR = _Anchor()


class Transport:
    """Calls to one target."""

    def __init__(self, target: str, token: str) -> None:
        """No I/O: opened at first use. `token` empty: none is sent."""
        self.target = target
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._channel: grpc.Channel | None = None
        self._stubs: tuple[EnvironmentServiceStub, ControlServiceStub] | None = None
        self._lanes = Lanes(self.interrupted)
        self._closed = False
        self.answered = False  # somebody has answered here before
        GUARD.watch(self)

    def open(self, call: Call) -> Line:
        """Make a call. A stream starts at once, a unary call when its line is read. DetachedError after `close`."""
        try:
            with GUARD.opening():
                if not call.result_only:
                    return self._by_itself(call)
                self._connected(call)
                return self._lanes.line(call, self._lane, self._by_itself)
        except BaseException as error:
            self.failing(error)
            raise

    def _by_itself(self, call: Call) -> Line:
        with GUARD.opening():
            method = getattr(self._connected(call), call.method)
            if call.method in UNARY:
                return _UnaryLine(self, call, lambda: method(call.request, timeout=call.timeout_s, metadata=self._metadata))
            return _StreamLine(self, call, method(call.request, timeout=call.timeout_s, metadata=self._metadata))

    def _lane(self) -> Stream | None:
        return None if self._channel is None else duplex.opened(self._channel, ROLLOUT_PATH, self._metadata)

    def converse(self, requests: Iterator[Message]) -> Line:
        """Open a Rollout, whose requests a thread of gRPC's takes from the iterator. Without a deadline. DetachedError."""
        with GUARD.opening():
            rollout = getattr(self._connected(ROLLOUT), ROLLOUT.method)
            return _StreamLine(self, ROLLOUT, rollout(requests, metadata=self._metadata))

    def close(self) -> None:
        """Give up all calls and close the channel. Idempotent; final."""
        with GUARD.opening():
            self._closed = True
            self.hang_up()

    def interrupted(self) -> None:
        """Go on with another channel: an interrupt that falls on a call can leave locks of gRPC's taken, which are its channel's."""
        with GUARD.opening():
            self.hang_up()

    def failing(self, error: BaseException) -> None:
        """Learn what a call is about to raise."""
        if not isinstance(error, Exception):
            self.interrupted()

    def hang_up(self) -> None:
        """See `fork`."""
        self._lanes.hang_up()
        channel, self._channel, self._stubs = self._channel, None, None
        if channel is not None:
            channel.close()

    def error(self, failure: grpc.RpcError, call: Call) -> CodecraftError:
        """Translate a failure of `call`."""
        if self._closed:
            return self.hung_up(call)
        error = translated(failure, call, self.target, answered=self.answered)
        self.answered = self.answered or isinstance(error, ServerError)
        return error

    def hung_up(self, call: Call) -> CodecraftError:
        """The error of a call that came upon a closed channel."""
        if self._closed:
            return DetachedError("the client was closed", where=call.where)
        return ConnectionLostError("the connection was closed for a fork or upon an interrupt", where=call.where)

    def _connected(self, call: Call) -> EnvironmentServiceStub | ControlServiceStub:
        if self._closed:
            raise DetachedError("the client is closed", where=call.where)
        if self._stubs is None:
            ANCHOR.hold()
            self._channel = grpc.insecure_channel(self.target, options=channel_options(self.target))
            self._stubs = EnvironmentServiceStub(self._channel), ControlServiceStub(self._channel)
        return self._stubs[call.method in CONTROL]


class _StreamLine:
    """A response stream."""

    over = False  # before it says so

    def __init__(self, transport: Transport, call: Call, responses: Any) -> None:
        self._transport = transport
        self._call = call
        self._responses = responses

    def read(self) -> Message | None:
        """See Line."""
        try:
            message: Message | None = next(self._responses, None)
        except grpc.RpcError as failure:
            raise self._transport.error(failure, self._call) from failure
        except BaseException as error:
            self._transport.failing(error)
            raise
        self._transport.answered = True
        return message

    def drop(self) -> None:
        """See Line."""
        self._responses.cancel()


class _UnaryLine:
    """A single response, asked for in the reading thread: that is faster than a future, and nobody has to give such a call up."""

    def __init__(self, transport: Transport, call: Call, ask: Callable[[], Message]) -> None:
        self._transport = transport
        self._call = call
        self._ask = ask
        self.over = False

    def read(self) -> Message | None:
        """See Line."""
        if self.over:
            return None
        try:
            message = self._ask()
        except grpc.RpcError as failure:
            raise self._transport.error(failure, self._call) from failure
        except ValueError as failure:  # gRPC's word for a channel that was closed since: by `close`, or by a fork
            raise self._transport.hung_up(self._call) from failure
        except BaseException as error:
            self._transport.failing(error)
            raise
        self._transport.answered = self.over = True
        return message

    def drop(self) -> None:
        """See Line; its deadline is near."""


def channel_options(target: str) -> tuple[tuple[str, int], ...]:
    """Proxies of the environment are never meant for this machine's own address, but gRPC would ask them unless `no_proxy` says so."""
    local = target.startswith(("127.", "localhost", "[::1]", "unix:"))
    return (*OPTIONS, ("grpc.enable_http_proxy", 0)) if local else OPTIONS


def translated(failure: Any, call: Call, target: str, *, answered: bool) -> CodecraftError:
    """Return the error of ours for gRPC's. `answered`: somebody has answered at the target before."""
    code, details = failure.code(), failure.details() or ""
    trailers = dict(failure.trailing_metadata() or ())
    said = server_error(code.name, details, trailers.get("grpc-status-details-bin"), call.where)
    return said or _unsaid(code, details, call, target, answered=answered)


def _unsaid(code: grpc.StatusCode, details: str, call: Call, target: str, *, answered: bool) -> CodecraftError:
    """The failure is the line's, or a stranger's."""
    where, told = call.where, {"detail": details}
    torn = code in VAGUE and any(mark in details for mark in BROKEN)
    if code is grpc.StatusCode.UNAVAILABLE and not torn and not answered:
        remedy = "start one with `make serve` or `codecraft-server serve`"
        return ServerUnavailableError(f"no server at {target}; {remedy}", where=where, metadata=told)
    # What is cancelled, and not by us, lost its channel to a fork.
    if torn or code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}:
        return ConnectionLostError(
            f"the connection to {target} broke during {call.method} and did not come back in time; is the server still running?",
            where=where,
            metadata=told,
        )
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return call.overdue(told)
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return ProtocolError(f"what answers at {target} does not serve codecraft.v1 {call.method}", where=where, metadata=told)
    error = ServerError(f"{call.method} failed: {details or code.name}", where=where, metadata=told)
    error.refusal = Refusal(code.name)
    return error
