"""A stream of requests and one of responses without a thread: who waits for a response takes it off gRPC's queue himself.

gRPC's Python has that for calls with one request only (channel option SingleThreadedUnaryStream). For a stream of requests it has a thread
that sends and one that receives, and a short exchange takes a fifth longer by waking them. So this is made of what gRPC makes the former
of, which is not public (grpcio 1.85: `_channel._SingleThreadedRendezvous`, `cygrpc.SegregatedCall`): where that is not as it is known here
there is no duplex, and who wanted one makes calls.
"""

import os
from typing import Any

import grpc

try:
    from grpc._cython import cygrpc  # type: ignore[attr-defined]
except ImportError:  # another gRPC than the one known here
    cygrpc = None

_FLAGS = 0


class Duplex:
    """One request at a time, and its response. One thread at a time may use it, and `cancel` any.

    To wait for more batches than are due is to wait at a queue that is freed. So none are due as long as gRPC is at work: an interrupt
    (KeyboardInterrupt), wherever it falls, leaves it at that. What stays behind then goes with the channel.
    """

    def __init__(self, call: Any, due: int) -> None:
        """See `opened`. `due`: batches of operations that gRPC has not returned yet; with the last one it frees its queue."""
        self._call = call
        self._due = due
        self._process = os.getpid()
        self.unimplemented = False  # as the other side has said

    def ask(self, request: bytes) -> None:
        """Send a request, and have the response received. Never waits; what is over says so in `answer`."""
        if self._stands:
            due, self._due = self._due, 0
            batch = (cygrpc.SendMessageOperation(request, _FLAGS), cygrpc.ReceiveMessageOperation(_FLAGS))
            self._due = due + 1 if self._call.operate(batch, None) else due

    def answer(self) -> bytes | None:
        """Wait for the response; None when the stream is over, by whatever cause, and for a process that was forked meanwhile."""
        while self._stands:
            response = self._next()
            if response is not None:
                return response
        return None

    def cancel(self) -> None:
        """End it, from any thread. Harmless when it has ended."""
        if self._process == os.getpid():
            self._call.cancel(cygrpc.StatusCode.cancelled, "given up")

    def end(self) -> None:
        """End it, and have gRPC free what it has of it. Nobody may be using it."""
        self.cancel()
        while self.answer() is not None:
            pass

    @property
    def _stands(self) -> bool:
        return self._due > 0 and self._process == os.getpid()

    def _next(self) -> bytes | None:
        """Wait for the next batch to return; what was received with it."""
        due, self._due = self._due, 0
        event = self._call.next_event()
        self._due = due - 1
        received: bytes | None = None
        for operation in event.batch_operations:
            kind = operation.type()
            if kind == cygrpc.OperationType.receive_message:
                received = operation.message()
            elif kind == cygrpc.OperationType.receive_status_on_client:
                self.unimplemented = operation.code() == cygrpc.StatusCode.unimplemented
        return received


def opened(channel: grpc.Channel, path: str, metadata: tuple[tuple[str, str], ...]) -> Duplex | None:
    """Begin a call; never waits. None where this gRPC is not known here, or the channel is closed."""
    try:
        batches = (
            (cygrpc.SendInitialMetadataOperation(metadata, _FLAGS),),
            (cygrpc.ReceiveInitialMetadataOperation(_FLAGS),),
            (cygrpc.ReceiveStatusOnClientOperation(_FLAGS),),
        )
        call = channel._channel.segregated_call(  # type: ignore[attr-defined]  # noqa: SLF001 - see above
            cygrpc.PropagationConstants.GRPC_PROPAGATE_DEFAULTS,
            path.encode(),
            None,
            None,
            metadata,
            None,
            tuple((batch, None) for batch in batches),
        )
    except (AttributeError, TypeError, ValueError):
        return None
    return Duplex(call, len(batches))
