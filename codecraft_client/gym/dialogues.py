"""Many dialogues over one rollout at once: each place's requests and answers in turn, whichever answer comes first.

A dialogue is a generator: it yields what it asks, is sent the answer or the error there is instead, and returns what it came to. Knows
nothing of what is said. An answer that nobody waits for any more is passed over, but for an episode that was opened: that one is closed.
"""

import heapq
import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, TypeAlias, TypeVar

from codecraft_client.calls import Close, Request, Result
from codecraft_client.errors import CodecraftError, DeadlineExceededError, Where
from codecraft_client.events import Ready
from codecraft_client.rollout import Rollout

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, and within how many seconds it must be answered."""

    request: Request
    limit_s: float


Dialogue: TypeAlias = Generator[Ask, Any, T]
"""What it is sent is a Result or a CodecraftError."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    """Who waits for an answer, and to what."""

    place: int
    dialogue: Dialogue[T]
    ask: Ask


class Dialogues(Generic[T]):
    """Conducts them, one at each place at the most.

    Attributes:
        finished: What dialogues came to, by place, in the order in which they ended; whoever takes it removes it.
    """

    def __init__(self, rollout: Rollout) -> None:
        self._rollout = rollout
        self._numbers = count()
        self._waiting: dict[int, _Waiting[T]] = {}  # by the number of the request
        self._number: dict[int, int] = {}  # of the request, by place
        self._due: list[tuple[float, int]] = []  # a heap of deadlines and numbers, answered ones among them
        self.finished: dict[int, T] = {}

    @property
    def busy(self) -> int:
        """How many are going on."""
        return len(self._number)

    def is_going_on(self, place: int) -> bool:
        """Whether one is, there."""
        return place in self._number

    def is_busy(self, place: int) -> bool:
        """Whether one is going on there, or what it came to was not taken yet."""
        return place in self._number or place in self.finished

    def begin(self, place: int, dialogue: Dialogue[T]) -> None:
        """Have it ask its first question. Nothing is waited for."""
        self._go_on(place, dialogue, None)

    def abandon(self, place: int) -> None:
        """Forget what goes on there, or what it came to."""
        self.finished.pop(place, None)
        number = self._number.pop(place, None)
        if number is not None:
            self._waiting.pop(number).dialogue.close()

    def wait(self, enough: Callable[[], bool]) -> None:
        """Take answers in until it is enough. As long as it is not, one must be going on."""
        while not enough():
            self._take()

    def settle(self, until: float) -> None:
        """Take in all that is still unanswered, abandoned questions included, but no longer than that (of the monotonic clock)."""
        while self._rollout.outstanding and time.monotonic() < until:
            self._take(until)

    def _go_on(self, place: int, dialogue: Dialogue[T], said: Result | CodecraftError | None) -> None:
        """Let it say what it makes of that, until its next question is on the way."""
        try:
            while True:
                said = self._asked(_Waiting(place, dialogue, dialogue.send(said)))
                if said is None:
                    return
        except StopIteration as end:
            self.finished[place] = end.value

    def _asked(self, waiting: _Waiting[T]) -> CodecraftError | None:
        """Send a question; returns why it can't be sent."""
        number = next(self._numbers)
        try:
            self._rollout.send(number, waiting.ask.request)
        except CodecraftError as error:
            return error
        self._waiting[number] = waiting
        self._number[waiting.place] = number
        heapq.heappush(self._due, (time.monotonic() + waiting.ask.limit_s, number))
        return None

    def _take(self, until: float = math.inf) -> None:
        """Wait for one answer, or for the first deadline."""
        due = min(self._next_due(), until)
        try:
            answer = self._rollout.receive(max(due - time.monotonic(), 0.0))
        except DeadlineExceededError:
            self._give_up()
            return
        waiting = self._answered(answer.correlation_id)
        if waiting is not None:
            self._go_on(waiting.place, waiting.dialogue, answer.result)
        elif isinstance(answer.result, Ready):  # nobody knows of this episode, and nobody waits for its end
            self._rollout.send(next(self._numbers), Close(answer.result.episode_id, answer.result.episode_token))

    def _answered(self, number: int) -> _Waiting[T] | None:
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            del self._number[waiting.place]
        return waiting

    def _next_due(self) -> float:
        while self._due and self._due[0][1] not in self._waiting:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else math.inf

    def _give_up(self) -> None:
        """Tell those whose time is over."""
        while self._next_due() <= time.monotonic():
            waiting = self._answered(self._due[0][1])
            if waiting is not None:
                self._go_on(waiting.place, waiting.dialogue, _late(waiting.ask))


def _late(ask: Ask) -> DeadlineExceededError:
    method = type(ask.request).__name__
    where = Where(method, getattr(ask.request, "episode_id", ""))
    return DeadlineExceededError(f"{method} took longer than {ask.limit_s:g} s", where=where)
