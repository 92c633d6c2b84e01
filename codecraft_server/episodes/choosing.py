"""Chooses tasks: strategies as pure functions of a seed, the number of the choice, the tasks and how a trainer stands with them.

Knows nothing of episodes or time, and draws from hashes: the same on every machine and with every version of Python.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b

from codecraft_server.errors import InvalidFieldError
from codecraft_server.settings import StatisticsBounds
from codecraft_server.task import Task

MAX_DIFFICULTY = 10
_SHOWN_ENTRIES = 8  # of a filter, in a message


class Strategy(Enum):
    """How a task is chosen."""

    UNIFORM = "uniform"
    IN_ORDER = "in_order"
    ADAPTIVE = "adaptive"


@dataclass(frozen=True, slots=True)
class TaskChoice:
    """A wish to have a task chosen. Categories and ids are sorted and without repetition; none, or difficulty 0: any."""

    strategy: Strategy = Strategy.UNIFORM
    seed: int = 0
    categories: tuple[str, ...] = ()
    min_difficulty: int = 0
    max_difficulty: int = 0
    task_ids: tuple[str, ...] = ()

    @property
    def key(self) -> bytes:
        """The same for equal choices only, and short."""
        return blake2b(repr((self.strategy.value, self.seed, self.filter)).encode("utf-8", "surrogatepass"), digest_size=16).digest()

    @property
    def filter(self) -> tuple[tuple[str, ...], int, int, tuple[str, ...]]:
        """What tasks have to be."""
        return self.categories, self.min_difficulty, self.max_difficulty, self.task_ids

    @property
    def described(self) -> str:
        """The filter, for people."""
        lowest, highest = self.min_difficulty or 1, self.max_difficulty or MAX_DIFFICULTY
        parts = (
            _listed("categories", self.categories),
            f"difficulty {lowest} to {highest}" if self.min_difficulty or self.max_difficulty else "",
            _listed("task ids", self.task_ids),
        )
        return "; ".join(filter(None, parts)) or "no filter"

    def fits(self, task: Task) -> bool:
        """Whether it may be chosen: it can be graded and is what the filter asks for. An unknown difficulty is within no range."""
        return (
            bool(task.checks)
            and (not self.categories or task.category in self.categories)
            and (not self.task_ids or task.task_id in self.task_ids)
            and (task.difficulty > 0 or not (self.min_difficulty or self.max_difficulty))
            and self.min_difficulty <= task.difficulty <= (self.max_difficulty or MAX_DIFFICULTY)
        )


def _listed(name: str, values: Sequence[str]) -> str:
    more = len(values) - _SHOWN_ENTRIES
    shown = ", ".join(map(repr, values[:_SHOWN_ENTRIES]))
    return f"{name} {shown}{f' and {more} more' if more > 0 else ''}" if values else ""


def check_choice(choice: TaskChoice, tasks: Iterable[Task], bounds: StatisticsBounds) -> None:
    """Raise InvalidFieldError for a filter that names what is not there, or is too long."""
    tasks = list(tasks)
    _check_names("choice.categories", choice.categories, {task.category for task in tasks}, bounds)
    _check_names("choice.task_ids", choice.task_ids, {task.task_id for task in tasks}, bounds)
    for field, value in (("min_difficulty", choice.min_difficulty), ("max_difficulty", choice.max_difficulty)):
        if not 0 <= value <= MAX_DIFFICULTY:
            raise InvalidFieldError(f"choice.{field}", f"must be 0 to {MAX_DIFFICULTY}, is {value}")
    if 0 < choice.max_difficulty < choice.min_difficulty:
        raise InvalidFieldError("choice.max_difficulty", f"must not be below min_difficulty ({choice.min_difficulty})")


def _check_names(field: str, names: Sequence[str], known: Collection[str], bounds: StatisticsBounds) -> None:
    if len(names) > bounds.filter_entries:
        raise InvalidFieldError(field, f"has {len(names)} entries, at most {bounds.filter_entries} are allowed")
    for name in names:
        if name not in known:
            raise InvalidFieldError(field, f"{name[:128]!r} is none of the curriculum")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a trainer stands with a task: of its latest `played` episodes `passed` were passed; `running` are under way."""

    played: int = 0
    passed: int = 0
    running: int = 0

    @property
    def distance(self) -> float:
        """From 1/2 to the estimated rate (passed + 1) / (played + 2), Laplace's rule of succession; a task never tried is at 1/2."""
        return abs(2 * self.passed - self.played) / (2 * (self.played + 2))


def choose(choice: TaskChoice, number: int, tasks: Sequence[Task], standing: Callable[[str], Standing]) -> Task:
    """Choose one of `tasks`, which all fit and are in the curriculum's order. `number` counts the choices like this one, from 0."""
    match choice.strategy:
        case Strategy.UNIFORM:
            return tasks[draw(choice.seed, number, len(tasks))]
        case Strategy.IN_ORDER:
            return tasks[number % len(tasks)]
        case Strategy.ADAPTIVE:
            nearest = _nearest(tasks, standing)
            return nearest[draw(choice.seed, number, len(nearest))]


def draw(seed: int, number: int, size: int) -> int:
    """Draw from 0 to `size` - 1; of 128 bits, so that no value is likelier than another by more than one in 10^30 or so."""
    digest = blake2b(b"%d %d" % (seed, number), digest_size=16, person=b"codecraft choice").digest()
    return int.from_bytes(digest, "big") % size


def _nearest(tasks: Sequence[Task], standing: Callable[[str], Standing]) -> list[Task]:
    """Those at the front of what has been learned whose rate is nearest to 1/2, and of these the ones with the fewest episodes running."""
    stands = {task.task_id: standing(task.task_id) for task in tasks}
    missing = {task.task_id: sum(not stands[one].passed for one in task.prerequisites if one in stands) for task in tasks}
    fewest = min(missing.values())  # 0, unless prerequisites lead in a circle
    ranks = {
        task.task_id: (stands[task.task_id].distance, stands[task.task_id].running) for task in tasks if missing[task.task_id] == fewest
    }
    best = min(ranks.values())
    return [task for task in tasks if ranks.get(task.task_id) == best]
