"""Dialogues over a rollout that a test writes the answers of, and what a player makes of a line that is lost."""

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from codecraft_client import RunCommand, errors
from codecraft_client.calls import Answer, Close, Closed, Request, Reset, Result, Status, Step
from codecraft_client.events import Ready
from codecraft_client.gym.dialogues import Ask, Dialogue, Dialogues
from codecraft_client.gym.player import Player, State, Turn
from codecraft_client.rewards import RewardOptions
from codecraft_client.timeouts import Timeouts
from codecraft_client.types import Budget, Observation, Timing

LOST = errors.ConnectionLostError("the line broke")
TIMEOUTS = Timeouts(call_s=20.0)


def seen() -> Observation:
    return Observation("Say hello.", b"", b"", (), None, None, None, None, Budget(3, 7, None))


def ready(name: str = "e") -> Ready:
    return Ready(name, "secret", None, "digest", seen(), None, Timing(0.0, 0.0, 0.0, 0.0, 0.0, 600.0), RewardOptions())


class FakeRollout:
    """Keeps what was sent; `answers` are given in that order, and where there are none, none comes in time."""

    def __init__(self) -> None:
        self.sent: dict[int, Request] = {}
        self.answers: deque[Answer] = deque()
        self.refuses: errors.CodecraftError | None = None

    @property
    def outstanding(self) -> int:
        """Requests without an answer."""
        return len(self.sent)

    def send(self, number: int, request: Request) -> None:
        """Keep it, or refuse it."""
        if self.refuses is not None:
            raise self.refuses
        self.sent[number] = request

    def receive(self, timeout_s: float) -> Answer:
        """Give the next answer, or let the time pass."""
        if not self.answers:
            time.sleep(timeout_s)
            raise errors.DeadlineExceededError("none came")
        answer = self.answers.popleft()
        del self.sent[answer.correlation_id]
        return answer

    def answer(self, result: Result | errors.CodecraftError, number: int | None = None) -> None:
        """Answer a request, the last one unless it is named."""
        self.answers.append(Answer(max(self.sent) if number is None else number, result))


@pytest.fixture
def rollout() -> FakeRollout:
    return FakeRollout()


@pytest.fixture
def dialogues(rollout: FakeRollout) -> Dialogues[Any]:
    fake: Any = rollout
    return Dialogues(fake)


def asking(*requests: Request, limit_s: float = 20.0) -> Dialogue[list[Any]]:
    """Asks these one after the other; comes to what the answers were."""
    answers: list[Any] = []
    for request in requests:
        answer = yield Ask(request, limit_s)
        answers.append(answer)
    return answers


def until(dialogues: Dialogues[Any], number: int) -> Callable[[], bool]:
    return lambda: len(dialogues.finished) >= number


def test_each_goes_on_as_its_answers_come(rollout: FakeRollout, dialogues: Dialogues[Any]) -> None:
    """The next question of a dialogue is on the way as soon as the last is answered, whatever the others wait for."""
    dialogues.begin(5, asking(Status("a", "")))
    dialogues.begin(6, asking(Status("b", ""), Status("c", "")))
    first, second = Closed(None), LOST
    rollout.answer(first)
    rollout.answers.append(Answer(2, second))
    dialogues.wait(until(dialogues, 1))
    assert dialogues.finished == {6: [first, second]}
    assert (dialogues.busy, dialogues.is_going_on(5), dialogues.is_busy(6)) == (1, True, True)
    rollout.answer(first, 0)
    dialogues.wait(until(dialogues, 2))
    assert list(dialogues.finished) == [6, 5]


def test_what_is_not_answered_in_time(rollout: FakeRollout, dialogues: Dialogues[Any]) -> None:
    """A dialogue is told that its answer is late, by the name of what it asked, and an answer that comes after that is passed over."""
    dialogues.begin(1, asking(Step("e", "t", 0, RunCommand("ls")), limit_s=0.01))
    dialogues.begin(2, asking(Status("b", "")))
    dialogues.wait(until(dialogues, 1))
    (late,) = dialogues.finished.pop(1)
    assert isinstance(late, errors.DeadlineExceededError)
    assert (late.method, late.episode_id, late.message) == ("Step", "e", "Step took longer than 0.01 s")
    rollout.answer(Closed(None), 0)
    rollout.answer(Closed(None), 1)
    dialogues.wait(until(dialogues, 1))
    assert dialogues.finished == {2: [Closed(None)]}


def test_what_cannot_be_sent_is_the_answer(rollout: FakeRollout, dialogues: Dialogues[Any]) -> None:
    """A request that is refused on this side is answered by that."""
    rollout.refuses = errors.UsageError("too much")
    dialogues.begin(1, asking(Status("a", ""), Status("b", "")))
    assert dialogues.finished == {1: [rollout.refuses] * 2}


def test_an_episode_that_nobody_waits_for_is_closed(rollout: FakeRollout, dialogues: Dialogues[Any]) -> None:
    """Whoever gives up an opening need not fear that it is left open: it is closed when it is told of, and settling waits for that."""
    dialogues.begin(1, asking(Reset("1")))
    dialogues.abandon(1)
    assert (dialogues.busy, dialogues.is_busy(1)) == (0, False)
    rollout.answer(ready("late"))
    dialogues.settle(time.monotonic() + 0.01)
    assert rollout.sent == {1: Close("late", "secret")}
    rollout.answer(Closed(None))
    dialogues.settle(time.monotonic() + 20)
    assert rollout.outstanding == 0


def said(dialogue: Dialogue[Turn], *answers: Any) -> tuple[list[Request], Turn | None]:
    """What a player asks when it is given these answers, and what it comes to."""
    asked: list[Request] = []
    answer = None
    for following in (*answers, None):
        try:
            asked.append(dialogue.send(answer).request)
        except StopIteration as end:
            return asked, end.value
        answer = following
    return asked, None


def a_player(*, raises: bool) -> Player:
    player = Player(TIMEOUTS, raises=raises, timing=False, screen=True)
    said(player.opening(lambda: Reset("1")), ready("first"))
    assert player.state is State.PLAYING
    return player


@pytest.mark.parametrize("raises", [True, False])
def test_a_step_that_the_line_lost_ends_the_episode(*, raises: bool) -> None:
    """It has no reward and is truncated, and where faults are to be raised an error; the next opening closes the episode."""
    player = a_player(raises=raises)
    _, turn = said(player.stepping(RunCommand("ls")), LOST)
    assert turn is not None
    assert (math.isnan(turn.reward), turn.terminated, turn.truncated, turn.error) == (True, False, True, LOST if raises else None)
    assert turn.observation["steps_left"] == 7
    assert turn.infos == ({"reward_valid": False, "fault": {"reason": "ConnectionLostError", "message": "the line broke"}},)
    assert player.state is State.ENDED
    reset = Reset("1")
    asked, _ = said(player.opening(lambda: reset), LOST, ready("second"))
    assert asked == [Close("first", "secret"), reset]
    assert player.state is State.PLAYING


def test_a_mistake_of_the_program_is_always_an_error() -> None:
    """What the server finds wrong with a request is no fault of the service, whatever is to be done about those."""
    wrong = errors.InvalidFieldError("a path is too long")
    _, turn = said(a_player(raises=False).stepping(RunCommand("ls")), wrong)
    assert turn is not None
    assert turn.error is wrong


def test_an_opening_that_came_to_nothing_closes_nothing_twice() -> None:
    """A second attempt does not close the episode before it again, and the player needs no reset for it."""
    player = a_player(raises=True)
    asked, turn = said(player.opening(lambda: Reset("1", request_id="r")), Closed(None), LOST)
    assert asked == [Close("first", "secret"), Reset("1", request_id="r")]
    assert turn is not None
    assert (turn.error, player.state, player.open) == (LOST, State.ENDED, False)
    asked, _ = said(player.opening(lambda: Reset("1", request_id="s")), ready("second"))
    assert asked == [Reset("1", request_id="s")]


def test_what_is_wanted_may_not_be_known() -> None:
    """Where it can't even be said what is to be opened, the episode is kept and that is the error."""

    def wanted() -> Reset:
        raise LOST

    player = a_player(raises=True)
    asked, turn = said(player.opening(wanted))
    assert asked == []
    assert turn is not None
    assert (turn.error, player.open) == (LOST, True)
