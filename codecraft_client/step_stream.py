"""A step and its re-attachments, as a pure state machine: whatever the line does, bytes come out once, in order and without a hole.

The first call is Step. Once anything of it has arrived, the step was taken up, and a broken line is answered with Resume from the exact
offsets; before that, with the same Step again, which the server takes up once by its index: by itself, so that it is known when it is.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

from google.protobuf.message import Message

from codecraft.v1 import environment_pb2 as env
from codecraft_client.errors import CodecraftError, OutputNotKeptError, ProtocolError
from codecraft_client.events import Heartbeat, Output, StepEvent, StepResult
from codecraft_client.exchange import Call, Told
from codecraft_client.retry import Backoff
from codecraft_client.types import Gap, Stream
from codecraft_client.wire import events as decode

Piece: TypeAlias = Output | Gap


class StepStream:
    """An Exchange of step events for a step result."""

    def __init__(self, request: env.StepRequest, backoff: Backoff, timeout_s: float, *, result_only: bool = False) -> None:
        """`timeout_s` bounds each single call; it is the transport's clock, not the command's. `result_only`: see Call."""
        self._request = request
        self._result_only = result_only
        self._backoff = backoff
        self._timeout_s = timeout_s
        self._next: dict[Stream, int] = defaultdict(int)  # first byte that has not been yielded
        self._told = Told()
        self._taken = False  # surely, by the server
        self._result: StepResult | None = None

    @property
    def step_index(self) -> int:
        """Of the step."""
        return self._request.step_index

    @property
    def done(self) -> bool:
        """See Exchange."""
        return self._result is not None

    @property
    def result(self) -> StepResult:
        """See Exchange."""
        if self._result is None:
            raise ProtocolError("the server ended the step's stream without a result", where=self.next_call().where)
        return self._result

    def next_call(self) -> Call:
        """See Exchange."""
        asked = self._request
        if not self._taken:
            return Call("Step", asked, self._timeout_s, asked.episode_id, self._result_only)
        resume = env.ResumeRequest(
            episode_id=asked.episode_id,
            episode_token=asked.episode_token,
            step_index=asked.step_index,
            out_offset=self._next[Stream.OUT],
            err_offset=self._next[Stream.ERR],
        )
        return Call("Resume", resume, self._timeout_s, asked.episode_id)

    def received(self, message: Message) -> Iterator[StepEvent]:
        """See Exchange."""
        event = decode.step_result(message.step) if isinstance(message, env.RolloutResponse) else decode.step_event(_step_response(message))
        self._taken = True
        if isinstance(event, StepResult):
            self._result = event
        elif event is not None:
            for new in self._new(event):
                if not isinstance(new, Heartbeat):
                    self._backoff.progressed()
                yield new

    def _new(self, event: StepEvent) -> Iterator[StepEvent]:
        """Yield what of an event was not told before."""
        if isinstance(event, Output | Gap):
            yield from self._advance(event)
        elif self._told.is_new(event):
            yield event

    def ended(self) -> None:
        """See Exchange."""
        _ = self.result

    def failed(self, error: CodecraftError, now: float) -> tuple[float, tuple[StepEvent, ...]]:
        """See Exchange. Output that is no longer kept is reported as a gap, and the stream goes on behind it."""
        if isinstance(error, OutputNotKeptError):
            return 0.0, tuple(self._advance(self._lost(error)))
        self._result_only = False
        return self._backoff.wait(error, now), ()

    def _advance(self, piece: Piece) -> Iterator[Piece]:
        """Yield what is new of a piece; pieces seen before are passed over, a hole is the server's mistake."""
        expected = self._next[piece.stream]
        end = piece.offset + (len(piece.data) if isinstance(piece, Output) else piece.dropped_bytes)
        if piece.offset > expected:
            raise ProtocolError(
                f"output of {piece.stream.value} went on at {piece.offset} instead of {expected}", where=self.next_call().where
            )
        if end <= expected:
            return
        self._next[piece.stream] = end
        if piece.offset == expected:
            yield piece
        elif isinstance(piece, Output):
            yield Output(piece.stream, expected, piece.data[expected - piece.offset :])
        else:
            yield Gap(piece.stream, expected, end - expected)

    def _lost(self, error: OutputNotKeptError) -> Gap:
        try:
            stream = Stream(error.metadata["stream"])
            kept = int(error.metadata["first_kept_offset"])
        except (KeyError, ValueError):
            raise error from None
        missing = kept - self._next[stream]
        if missing <= 0:
            raise error
        return Gap(stream, self._next[stream], missing)


def _step_response(message: Message) -> env.StepResponse:
    if isinstance(message, env.ResumeResponse):
        return message.event
    if isinstance(message, env.StepResponse):
        return message
    raise ProtocolError(f"expected an event of a step, got a {type(message).__name__}")
