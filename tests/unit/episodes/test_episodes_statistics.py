"""What is counted of episodes, and what is remembered of trainers."""

from dataclasses import replace

from each import each

from codecraft_server.episodes.choosing import Standing
from codecraft_server.episodes.events import Outcome
from codecraft_server.episodes.statistics import Ending, Statistics, TaskStatistics
from codecraft_server.settings import StatisticsBounds

PASSED = Ending(Outcome.PASSED, steps=4, score=1.0, episode_return=1.0, grading_s=2.0)
FAILED = Ending(Outcome.FAILED, steps=2, score=0.5, episode_return=-0.5, grading_s=1.0)
FAULT = Ending(Outcome.FAULT, steps=1)


class Played:
    """Statistics, and short ways to fill them."""

    def __init__(self, **bounds: int) -> None:
        self.statistics = Statistics(replace(StatisticsBounds(), **bounds))
        self._count = 0

    def open(self, trainer: str = "", task_id: str = "1") -> str:
        """Open an episode; returns its id."""
        self._count += 1
        episode_id = f"e{self._count}"
        self.statistics.expect(episode_id, trainer, task_id)
        self.statistics.started(episode_id)
        return episode_id

    def play(self, *endings: Ending, trainer: str = "", task_id: str = "1") -> None:
        """Open and end episodes."""
        for ending in endings:
            self.statistics.ended(self.open(trainer, task_id), ending)

    def of(self, trainer: str = "", task_id: str = "1") -> TaskStatistics:
        """What is told of a task."""
        return self.statistics.told(trainer, task_id)


def test_a_task_that_was_never_played_has_zeros_and_nothing_else() -> None:
    """Counts are zero and means are absent, for a trainer nobody has heard of too; asking makes nothing known."""
    nothing = TaskStatistics("1", 0, 0, 0, 0, 0, 0, 0, None, None, None, None, 0, None)
    played = Played(trainers=1)
    played.play(PASSED, trainer="a", task_id="2")
    assert played.of("b") == played.of("a") == played.of() == nothing
    assert played.of("a", "2").passed == 1


def test_every_outcome_is_counted_where_it_belongs() -> None:
    """Each outcome raises exactly the count that the schema names for it."""
    played = Played()
    played.play(*(Ending(outcome, 1) for outcome in Outcome))
    told = played.of()
    assert (told.started, told.passed, told.failed, told.gave_up, told.out_of_budget, told.abandoned, told.faults) == (8, 1, 1, 1, 2, 2, 1)


@each("outcome", [Outcome.CLOSED, Outcome.EXPIRED, Outcome.FAULT])
def test_what_says_nothing_of_the_learner_does_not_count_for_rates_and_means(outcome: Outcome) -> None:
    """Closed, expired and faulted episodes change neither the pass rate nor the means of return and steps."""
    played = Played()
    played.play(PASSED, FAILED, Ending(outcome, steps=100, episode_return=-9.0))
    told = played.of()
    assert (told.recent_pass_rate, told.recent_episodes, told.mean_return, told.mean_steps) == (0.5, 2, 0.25, 3.0)
    assert (told.mean_score, told.mean_grading_s) == (0.75, 1.5)


@each("outcome", [Outcome.GAVE_UP, Outcome.OUT_OF_STEPS, Outcome.OUT_OF_TIME])
def test_what_ended_by_itself_and_was_not_passed_has_failed(outcome: Outcome) -> None:
    """It counts for the pass rate as not passed, and has no score."""
    played = Played()
    played.play(Ending(outcome, steps=10, episode_return=None))
    told = played.of()
    assert (told.recent_pass_rate, told.mean_steps, told.mean_return, told.mean_score) == (0.0, 10.0, None, None)
    assert played.statistics.standing("", "1") == Standing(played=1)


def test_the_pass_rate_forgets() -> None:
    """It is of the latest episodes only; counts and means are of all."""
    played = Played(recent_episodes=3)
    played.play(PASSED, PASSED, FAILED, FAILED, FAILED)
    told = played.of()
    assert (told.recent_pass_rate, told.recent_episodes, told.passed, told.failed) == (0.0, 3, 2, 3)


def test_trainers_are_kept_apart_and_add_up() -> None:
    """Each sees its own, the one with the empty name too; without a name all are told."""
    played = Played()
    played.play(PASSED, trainer="a")
    played.play(FAILED, FAILED, trainer="b")
    played.play(FAILED)
    assert [played.of(name).started for name in ("a", "b", "")] == [1, 2, 4]
    assert [played.statistics.standing(name, "1") for name in ("a", "b", "")] == [Standing(1, 1), Standing(2), Standing(1)]


def test_what_runs_is_known() -> None:
    """From the moment a task is chosen until its episode has ended or was not opened after all."""
    played = Played()
    played.statistics.expect("x", "a", "1")
    opened = played.open("a")
    assert played.statistics.standing("a", "1") == Standing(running=2)
    played.statistics.withdrawn("x")
    played.statistics.ended(opened, FAILED)
    assert played.statistics.standing("a", "1") == Standing(played=1)
    assert played.of("a").started == 1


def test_an_episode_ends_once() -> None:
    """Saying it again changes nothing, and neither does what is said of an episode that is not known."""
    played = Played()
    opened = played.open()
    played.statistics.ended(opened, PASSED)
    before = played.of()
    for ending in (PASSED, FAILED, FAULT):
        played.statistics.ended(opened, ending)
        played.statistics.ended("stranger", ending)
    assert played.of() == before


def test_a_fault_may_give_way_to_a_grade() -> None:
    """Graded after all, an episode moves from the faults to where it belongs, for its trainer and for all, once."""
    played = Played()
    opened = played.open("a")
    for ending in (FAULT, FAULT, PASSED, FAILED):
        played.statistics.ended(opened, ending)
    for name in ("a", ""):
        told = played.of(name)
        assert (told.started, told.faults, told.passed, told.failed, told.recent_pass_rate, told.mean_steps) == (1, 0, 1, 0, 1.0, 4.0)


def test_faults_that_may_be_mended_are_bounded() -> None:
    """Of more faults than are remembered the oldest stay faults."""
    played = Played(faults=1)
    first, second = played.open(), played.open()
    for opened in (first, second):
        played.statistics.ended(opened, FAULT)
    for opened in (first, second):
        played.statistics.ended(opened, PASSED)
    assert (played.of().faults, played.of().passed) == (1, 1)


def test_choices_are_counted_for_each_key_and_trainer() -> None:
    """The numbers of each begin at 0 and follow on one another."""
    count = Played().statistics.count_choice
    assert [count("a", b"x"), count("a", b"x"), count("a", b"y"), count("b", b"x"), count("a", b"x")] == [0, 1, 0, 0, 2]


def test_of_too_many_keys_the_one_used_longest_ago_begins_anew() -> None:
    """A trainer's sequences are bounded."""
    count = Played(choices=2).statistics.count_choice
    assert [count("a", key) for key in (b"x", b"y", b"x", b"z", b"x", b"y")] == [0, 0, 1, 0, 2, 0]


def test_of_too_many_trainers_the_one_heard_of_longest_ago_is_forgotten() -> None:
    """Its statistics are zeros again; those of the whole server keep what it did, and what still runs of it ends there."""
    played = Played(trainers=2)
    played.play(PASSED, trainer="b")
    opened = played.open("a")
    played.play(PASSED, trainer="b")
    played.play(PASSED, trainer="c")
    played.statistics.ended(opened, PASSED)
    assert [played.of(name).started for name in ("a", "b", "c", "")] == [0, 2, 1, 4]
    assert (played.of("a").passed, played.of().passed) == (0, 4)


def test_trainers_who_only_choose_are_bounded_too() -> None:
    """A choice that comes to nothing makes a trainer known, and others forgotten."""
    played = Played(trainers=2)
    assert [played.statistics.count_choice(name, b"x") for name in "abcab"] == [0] * 5


def test_what_trainers_have_played_is_bounded_together() -> None:
    """Of too many tasks of all trainers those of the trainer heard of longest ago go; the last trainer keeps all of its own."""
    played = Played(tallies=3)
    played.play(PASSED, trainer="a")
    for task_id in "1234":
        played.play(PASSED, trainer="b", task_id=task_id)
    assert played.of("a").started == 0
    assert [played.of("b", task_id).started for task_id in "1234"] == [1, 1, 1, 1]
