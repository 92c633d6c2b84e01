"""Many episodes over one stream: requests go out, answers come back as they complete, and what the line loses is asked again.

    with Rollout() as rollout:
        for place in range(64):
            rollout.send(place, Reset("1"))
        for _ in range(64):
            answer = rollout.receive()

Everything that is asked over a rollout may be repeated without harm (by request id or step index), so when a stream breaks, all that is
unanswered is sent over another. One thread reads; it and the stream are there from the first request on, in each process anew (`fork`).
"""

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from queue import SimpleQueue

from google.protobuf.message import Message

from codecraft.v1 import environment_pb2 as env
from codecraft_client.calls import Answer, Request
from codecraft_client.configured import DEFAULT_TARGET, Configured
from codecraft_client.connection import Connection
from codecraft_client.errors import (
    CodecraftError,
    ConnectionLostError,
    DeadlineExceededError,
    DetachedError,
    ProtocolError,
    UsageError,
    Where,
)
from codecraft_client.fork import GUARD
from codecraft_client.retry import Backoff, RetryPolicy
from codecraft_client.timeouts import Timeouts
from codecraft_client.transport import Line
from codecraft_client.wire import rollouts

LIMIT = 1024  # requests sent and not received yet: more than a server has episodes; beyond it a caller forgets to receive
END_S = 10.0  # for the reading thread to end at `close`
WHERE = Where("Rollout")

Outbox = SimpleQueue[env.RolloutRequest | None]  # None: the stream is over


class Rollout(Configured):
    """One stream to one server; `token` is the server's agent token. Whoever receives gets the next answer, whichever request it is to."""

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        token: str | None = None,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        limit: int = LIMIT,
    ) -> None:
        """No I/O. `limit`: requests that may be unanswered or unreceived; everything else as for Client."""
        super().__init__(target, token=token, timeouts=timeouts, retry=retry)
        self._limit = limit
        self._conversation = _Conversation(self._connection, limit)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as the configuration; what is outstanding stays here."""
        return partial(type(self), self.target, token=self._token, timeouts=self._timeouts, retry=self._retry, limit=self._limit), ()

    @property
    def outstanding(self) -> int:
        """Requests sent in this process whose answers were not received yet."""
        return self._here().outstanding

    def send(self, correlation_id: int, request: Request) -> None:
        """Ask something; never waits for the server.

        Args:
            correlation_id: Any number of 64 bits that no other outstanding request has; the answer has it.
            request: What is asked.

        Raises:
            UsageError: The number is in use, too much is outstanding, or the wire can't carry the request.
            DetachedError: It was closed.
        """
        self._here().send(rollouts.request(correlation_id, request))

    def receive(self, timeout_s: float | None = None) -> Answer:
        """Wait for the next answer. What the server refuses, and what the line has lost for good, is an answer, too.

        Raises:
            DeadlineExceededError: There was none within `timeout_s`; everything outstanding stays so.
            UsageError: Nothing is outstanding.
            DetachedError: It was closed.
        """
        return self._here().receive(timeout_s)

    def close(self) -> None:
        """Close the stream and its channel; who waits gets a DetachedError. Idempotent. Episodes live on until their lease ends."""
        self._here().close()

    def _here(self) -> "_Conversation":
        if not self._conversation.here:  # what a parent has asked is the parent's
            self._conversation = _Conversation(self._connection, self._limit)
        return self._conversation


class _Conversation:
    """What belongs to one process: what is unanswered, the answers that came, the stream and the thread that reads it."""

    def __init__(self, connection: Connection, limit: int) -> None:
        self._connection = connection
        self._limit = limit
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._unanswered: dict[int, env.RolloutRequest] = {}  # in the order in which they were sent
        self._answers: deque[Answer] = deque()
        self._outbox: Outbox | None = None
        self._line: Line | None = None
        self._reader: threading.Thread | None = None
        self._closed = threading.Event()
        GUARD.watch(self)

    @property
    def here(self) -> bool:
        """Whether it belongs to this process."""
        return self._process == os.getpid()

    @property
    def outstanding(self) -> int:
        """Unanswered and unreceived."""
        return len(self._unanswered) + len(self._answers)

    def send(self, request: env.RolloutRequest) -> None:
        """See Rollout."""
        with self._changed:
            self._check(request)
            self._unanswered[request.correlation_id] = request
            if self._outbox is not None:
                self._outbox.put(request)
            elif self._reader is None:
                self._reader = threading.Thread(target=self._read, name="codecraft rollout", daemon=True)
                self._reader.start()

    def _check(self, request: env.RolloutRequest) -> None:
        if self._closed.is_set():
            raise DetachedError("this rollout is closed", where=WHERE)
        number = request.correlation_id
        if number in self._unanswered or any(answer.correlation_id == number for answer in self._answers):
            raise UsageError(f"the request with correlation id {number} is still outstanding", where=WHERE)
        if self.outstanding >= self._limit:
            raise UsageError(f"{self._limit} requests are outstanding; receive some answers first", where=WHERE)

    def receive(self, timeout_s: float | None) -> Answer:
        """See Rollout."""
        with self._changed:
            if not self.outstanding and not self._closed.is_set():
                raise UsageError("nothing was asked that is not answered", where=WHERE)
            if not self._changed.wait_for(lambda: self._answers or self._closed.is_set(), timeout_s):
                raise DeadlineExceededError(f"no answer came within {timeout_s} s", where=WHERE)
            if self._closed.is_set():
                raise DetachedError("this rollout was closed", where=WHERE)
            return self._answers.popleft()

    def close(self) -> None:
        """See Rollout."""
        with self._changed:
            self._closed.set()
            self._changed.notify_all()
            reader, line = self._reader, self._line
        self._connection.transport.close()
        if line is not None:
            line.drop()
        if reader is not None and reader is not threading.current_thread():
            reader.join(END_S)

    def hang_up(self) -> None:
        """See `fork`: gRPC's own thread must not wait for a request while the process forks."""
        outbox = self._outbox
        if outbox is not None and self.here:
            outbox.put(None)

    # The reading thread

    def _read(self) -> None:
        backoff = self._connection.backoff()
        while self._goes_on():
            try:
                self._follow(backoff)
            except CodecraftError as error:
                self._again(error, backoff)
            except Exception as defect:  # noqa: BLE001 - else whoever waits for an answer would wait for ever
                self._give_up(ProtocolError(f"an answer could not be understood: {defect!r}", where=WHERE))

    def _goes_on(self) -> bool:
        """Whether there is anything to be read; otherwise the thread ends, and the next request starts another."""
        with self._changed:
            if self._unanswered and not self._closed.is_set():
                return True
            self._reader = None
            return False

    def _again(self, error: CodecraftError, backoff: Backoff) -> None:
        """Wait before the next attempt; where another makes no sense the error is everybody's answer."""
        try:
            self._closed.wait(backoff.wait(error, time.monotonic()) if self._unanswered else 0.0)
        except CodecraftError as final:
            self._give_up(final)

    def _give_up(self, error: CodecraftError) -> None:
        with self._changed:
            self._answers.extend(Answer(number, error) for number in self._unanswered)
            self._unanswered.clear()
            self._changed.notify_all()

    def _follow(self, backoff: Backoff) -> None:
        """Send all that is unanswered over a new stream and take answers in until it breaks."""
        self._connection.greet()
        line, outbox = self._open()
        try:
            while (message := line.read()) is not None:
                self._take(message, backoff)
            raise ConnectionLostError("the server ended the stream", where=WHERE)
        finally:
            with self._changed:
                self._line = self._outbox = None
            outbox.put(None)
            line.drop()

    def _open(self) -> tuple[Line, Outbox]:
        outbox: Outbox = SimpleQueue()
        with self._changed:
            for request in self._unanswered.values():
                outbox.put(request)
            self._outbox = outbox
        try:
            line = self._connection.transport.converse(_until_over(outbox))
        except CodecraftError:
            self._outbox = None
            raise
        self._line = line
        return line, outbox

    def _take(self, message: Message, backoff: Backoff) -> None:
        with self._changed:
            answer = rollouts.answer(message, self._unanswered)
            del self._unanswered[answer.correlation_id]
            self._answers.append(answer)
            self._changed.notify()
        backoff.progressed()


def _until_over(outbox: Outbox) -> Iterator[Message]:
    """What gRPC's thread sends."""
    while (request := outbox.get()) is not None:
        yield request
