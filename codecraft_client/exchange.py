"""Calls with their repeats, as pure state machines.

An exchange says which call comes next, takes what arrives, and says what to do when the line breaks. No I/O, no clock: `ongoing` drives
them with threads and sockets, `aio.ongoing` on an event loop.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from google.protobuf.message import Message

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as env
from codecraft_client.errors import CodecraftError, DeadlineExceededError, ProtocolError, Where
from codecraft_client.events import Heartbeat, Progress, Pulling, Ready, RegradeResult, SubmitEvent, SubmitResult
from codecraft_client.retry import Backoff
from codecraft_client.wire import events as decode

EventT = TypeVar("EventT", covariant=True)  # noqa: PLC0105 - the names say what they stand for
ResultT = TypeVar("ResultT", covariant=True)  # noqa: PLC0105
MessageT = TypeVar("MessageT", bound=Message)


@dataclass(frozen=True, slots=True)
class Call:
    """One call to make: the method's name in the schema, what to send, and the seconds it may take.

    `result_only`: of its events nobody wants to know, so it may go another way on which only the result comes.
    """

    method: str
    request: Message
    timeout_s: float
    episode_id: str = ""
    result_only: bool = False

    @property
    def where(self) -> Where:
        """For errors."""
        return Where(self.method, self.episode_id)

    def overdue(self, metadata: Mapping[str, str] | None = None) -> DeadlineExceededError:
        """The error of a call that took longer than it may."""
        return DeadlineExceededError(f"{self.method} took longer than {self.timeout_s:g} s", where=self.where, metadata=metadata)


class Exchange(Protocol[EventT, ResultT]):
    """A call and its repeats until there is a result."""

    @property
    def done(self) -> bool:
        """Whether the result is there."""
        ...

    @property
    def result(self) -> ResultT:
        """The result. ProtocolError when there is none."""
        ...

    def next_call(self) -> Call:
        """Return the call to make now: the first one, or the one that goes on where the last one broke."""
        ...

    def received(self, message: Message) -> Iterator[EventT]:
        """Take what has arrived and yield what is new in it. ProtocolError."""
        ...

    def ended(self) -> None:
        """Take notice that the call has ended well. ProtocolError when the result has not come."""
        ...

    def failed(self, error: CodecraftError, now: float) -> tuple[float, tuple[EventT, ...]]:
        """Return the seconds to wait before `next_call`, and what to report meanwhile; raise where another attempt makes no sense."""
        ...


class Repeating(Generic[EventT, ResultT]):
    """What exchanges have in common whose call is simply repeated."""

    def __init__(self, call: Call, backoff: Backoff) -> None:
        self._call = call
        self._backoff = backoff
        self._result: ResultT | None = None

    @property
    def done(self) -> bool:
        """See Exchange."""
        return self._result is not None

    @property
    def result(self) -> ResultT:
        """See Exchange."""
        if self._result is None:
            raise ProtocolError(f"the server ended {self._call.method} without a result", where=self._call.where)
        return self._result

    def next_call(self) -> Call:
        """See Exchange."""
        return self._call

    def ended(self) -> None:
        """See Exchange."""
        _ = self.result

    def failed(self, error: CodecraftError, now: float) -> tuple[float, tuple[EventT, ...]]:
        """See Exchange."""
        return self._backoff.wait(error, now), ()


class Unary(Repeating[None, MessageT]):
    """A call with one answer of type `answer`."""

    def __init__(self, call: Call, backoff: Backoff, answer: type[MessageT]) -> None:
        super().__init__(call, backoff)
        self._answer = answer

    def received(self, message: Message) -> Iterator[None]:
        """See Exchange."""
        self._result = _of(message, self._answer)
        return iter(())


class Telling(Repeating[EventT, ResultT]):
    """A call with a stream of events and a result; repeated, it may tell everything from the beginning."""

    def __init__(
        self,
        call: Call,
        backoff: Backoff,
        answer: type[MessageT],
        decode: Callable[[MessageT], EventT | ResultT | None],
        result: type[ResultT],
    ) -> None:
        """`answer` is what arrives, `decode` makes an event or a `result` of it, or None of what is not known here."""
        super().__init__(call, backoff)
        self._decode: Callable[[Message], Any] = lambda message: decode(_of(message, answer))
        self._kind = result
        self._told = Told()

    def received(self, message: Message) -> Iterator[EventT]:
        """See Exchange."""
        event = self._decode(message)
        if isinstance(event, self._kind):
            self._result = event
        elif event is not None and self._told.is_new(event):
            if not isinstance(event, Heartbeat):
                self._backoff.progressed()
            yield event


def opening(call: Call, backoff: Backoff) -> Telling[Progress, Ready]:
    """Reset: repeated with the same request_id, it attaches to the same opening."""
    return Telling(call, backoff, env.ResetResponse, decode.reset_event, Ready)


def submission(call: Call, backoff: Backoff) -> Telling[SubmitEvent, SubmitResult]:
    """Submit: repeated, it attaches to the running grading or gets the kept result."""
    return Telling(call, backoff, env.SubmitResponse, decode.submit_event, SubmitResult)


def regrading(call: Call, backoff: Backoff) -> Telling[SubmitEvent, RegradeResult]:
    """Regrade: repeated, it grades anew, and what was told already is not told again."""
    return Telling(call, backoff, ctl.RegradeResponse, decode.regrade_event, RegradeResult)


class Told:
    """Remembers what was reported: a call that attaches again is told everything from the beginning, and that is neither news nor progress.

    What comes often is always news: heartbeats, and an image being pulled, which would be too much to remember.
    """

    def __init__(self) -> None:
        self._seen: set[object] = set()

    def is_new(self, event: object) -> bool:
        """Whether `event` is to be reported."""
        if isinstance(event, Heartbeat | Pulling):
            return True
        new = event not in self._seen
        self._seen.add(event)
        return new


def _of(message: Message, kind: type[MessageT]) -> MessageT:
    if not isinstance(message, kind):
        raise ProtocolError(f"expected a {kind.__name__}, got a {type(message).__name__}")
    return message
