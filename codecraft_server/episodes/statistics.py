"""How episodes went, counted for each task: of the whole server, and of each trainer. Also counts the choices of a trainer.

Bounded: the trainers that were not heard of for longest are forgotten. Knows nothing of calls, and nothing of what an episode is beyond
its id and its end.
"""

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field

from codecraft_server.episodes.choosing import Standing
from codecraft_server.episodes.events import Outcome
from codecraft_server.settings import StatisticsBounds


@dataclass(frozen=True, slots=True)
class Ending:
    """How an episode ended: `score` and `grading_s` None where nothing was graded, `episode_return` None where it can't be known."""

    outcome: Outcome
    steps: int
    score: float | None = None
    episode_return: float | None = None
    grading_s: float | None = None


@dataclass(frozen=True, slots=True)
class TaskStatistics:
    """See TaskStatistics in the schema; None is what can't be known."""

    task_id: str
    started: int
    passed: int
    failed: int
    gave_up: int
    out_of_budget: int
    abandoned: int
    faults: int
    mean_score: float | None
    mean_return: float | None
    mean_steps: float | None
    recent_pass_rate: float | None
    recent_episodes: int
    mean_grading_s: float | None


# By themselves, that is, so that it tells something of the learner: these and no others count for the pass rate.
_COMPLETE = frozenset({Outcome.PASSED, Outcome.FAILED, Outcome.GAVE_UP, Outcome.OUT_OF_STEPS, Outcome.OUT_OF_TIME})


class _Mean:
    """Of what is known."""

    __slots__ = ("_count", "_sum")

    def __init__(self) -> None:
        self._count, self._sum = 0, 0.0

    def add(self, value: float | None) -> None:
        if value is not None:
            self._count += 1
            self._sum += value

    @property
    def value(self) -> float | None:
        return self._sum / self._count if self._count else None


class _Tally:
    """The counts of one task, of one trainer or of all."""

    __slots__ = ("_grading_s", "_outcomes", "_recent", "_recent_passed", "_return", "_score", "_steps", "running", "started")

    def __init__(self, recent: int) -> None:
        self.started = 0
        self.running = 0  # those still to be opened included
        self._outcomes: Counter[Outcome] = Counter()
        self._recent: deque[bool] = deque(maxlen=recent)
        self._recent_passed = 0
        self._score, self._return, self._steps, self._grading_s = _Mean(), _Mean(), _Mean(), _Mean()

    def end(self, ending: Ending) -> None:
        self._outcomes[ending.outcome] += 1
        self._score.add(ending.score)
        self._grading_s.add(ending.grading_s)
        if ending.outcome in _COMPLETE:
            self._return.add(ending.episode_return)
            self._steps.add(ending.steps)
            self._recall(passed=ending.outcome is Outcome.PASSED)

    def _recall(self, *, passed: bool) -> None:
        if len(self._recent) == self._recent.maxlen:
            self._recent_passed -= self._recent[0]
        self._recent.append(passed)
        self._recent_passed += passed

    def mend(self, ending: Ending) -> None:
        """What was a fault has ended otherwise after all."""
        self._outcomes[Outcome.FAULT] -= 1
        self.end(ending)

    @property
    def standing(self) -> Standing:
        return Standing(len(self._recent), self._recent_passed, self.running)

    def told(self, task_id: str) -> TaskStatistics:
        count, recent = self._outcomes, self.standing
        return TaskStatistics(
            task_id=task_id,
            started=self.started,
            passed=count[Outcome.PASSED],
            failed=count[Outcome.FAILED],
            gave_up=count[Outcome.GAVE_UP],
            out_of_budget=count[Outcome.OUT_OF_STEPS] + count[Outcome.OUT_OF_TIME],
            abandoned=count[Outcome.CLOSED] + count[Outcome.EXPIRED],
            faults=count[Outcome.FAULT],
            mean_score=self._score.value,
            mean_return=self._return.value,
            mean_steps=self._steps.value,
            recent_pass_rate=recent.passed / recent.played if recent.played else None,
            recent_episodes=recent.played,
            mean_grading_s=self._grading_s.value,
        )


@dataclass(slots=True)
class _Trainer:
    tallies: dict[str, _Tally] = field(default_factory=dict)
    choices: OrderedDict[bytes, int] = field(default_factory=OrderedDict)  # made so far, by key; the one made last at the end


class Statistics:
    """Of one server, since it started. The trainer with the empty name is one like any other."""

    def __init__(self, bounds: StatisticsBounds) -> None:
        self._bounds = bounds
        self._all: dict[str, _Tally] = {}
        self._trainers: OrderedDict[str, _Trainer] = OrderedDict()  # the one heard of last at the end
        self._running: dict[str, tuple[_Tally, ...]] = {}  # by episode
        self._faulted: OrderedDict[str, tuple[_Tally, ...]] = OrderedDict()  # likewise; a grade may come after all

    # What happens

    def count_choice(self, trainer: str, key: bytes) -> int:
        """Count a choice; returns its number among those of this trainer with this key, from 0."""
        choices = self._trainer(trainer).choices
        number = choices.pop(key, 0)
        choices[key] = number + 1
        if len(choices) > self._bounds.choices:
            choices.popitem(last=False)
        self._forget()
        return number

    def expect(self, episode_id: str, trainer: str, task_id: str) -> None:
        """An episode of this task is being opened."""
        tallies = (self._tally(self._all, task_id), self._tally(self._trainer(trainer).tallies, task_id))
        for tally in tallies:
            tally.running += 1
        self._running[episode_id] = tallies
        self._forget()

    def started(self, episode_id: str) -> None:
        """It is open."""
        for tally in self._running.get(episode_id, ()):
            tally.started += 1

    def withdrawn(self, episode_id: str) -> None:
        """It was not opened after all."""
        for tally in self._running.pop(episode_id, ()):
            tally.running -= 1

    def ended(self, episode_id: str, ending: Ending) -> None:
        """It has ended. The first word on an episode counts, except that a fault may give way to a later word."""
        if tallies := self._running.pop(episode_id, None):
            for tally in tallies:
                tally.running -= 1
                tally.end(ending)
        elif ending.outcome is not Outcome.FAULT and (tallies := self._faulted.pop(episode_id, None)):
            for tally in tallies:
                tally.mend(ending)
        if tallies and ending.outcome is Outcome.FAULT:
            self._faulted[episode_id] = tallies
            if len(self._faulted) > self._bounds.faults:
                self._faulted.popitem(last=False)

    # What is told

    def standing(self, trainer: str, task_id: str) -> Standing:
        """How a trainer stands with a task."""
        known = self._trainers.get(trainer)
        tally = known.tallies.get(task_id) if known else None
        return tally.standing if tally else Standing()

    def told(self, trainer: str, task_id: str) -> TaskStatistics:
        """Return the statistics of a task; `trainer` empty: of all of the server's episodes."""
        known = self._trainers.get(trainer) if trainer else None
        tallies = self._all if not trainer else known.tallies if known else {}
        return (tallies.get(task_id) or _Tally(0)).told(task_id)

    # What is remembered

    def _trainer(self, name: str) -> _Trainer:
        known = self._trainers.pop(name, None) or _Trainer()
        self._trainers[name] = known
        return known

    def _tally(self, tallies: dict[str, _Tally], task_id: str) -> _Tally:
        return tallies.setdefault(task_id, _Tally(self._bounds.recent_episodes))

    def _forget(self) -> None:
        """Forget the trainers heard of longest ago, never the last one. Their episodes that still run count for the whole only."""
        while len(self._trainers) > 1 and (
            len(self._trainers) > self._bounds.trainers or sum(len(one.tallies) for one in self._trainers.values()) > self._bounds.tallies
        ):
            self._trainers.popitem(last=False)
