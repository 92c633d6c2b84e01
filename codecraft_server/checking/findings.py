"""What checking says: problems, a row of the table for each task, and a summary of all. Values; knows nothing of how they come about."""

from dataclasses import dataclass, field
from enum import Enum

COLUMNS = ("schema", "oracle", "repeats", "no-op", "empty", "wrong", "cheats", "milestones", "budget", "offline")


class Mark(Enum):
    """What a cell of the table means."""

    GOOD = "good"
    BAD = "bad"
    NOTHING = "nothing"  # there was nothing to look at, or it was not asked for


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what it shows and what that means."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        task: Id of the task; empty: it is no task's (a cheat whose control does not work, a curriculum that can't be read).
        check: Which proof failed, such as "solution" or "cheat 'daemon'".
        column: Of the table.
        expected: What should have come.
        came: What came, with the reasons of the checks.
        remedy: What to do.
    """

    task: str
    check: str
    column: str
    expected: str
    came: str
    remedy: str

    @property
    def text(self) -> str:
        """The problem as a paragraph."""
        where = f"task {self.task}, {self.check}" if self.task else self.check
        return f"{where}: expected {self.expected}; came: {self.came}. {self.remedy}"


@dataclass(frozen=True, slots=True)
class Row:
    """What was found out about a task: a cell for each of COLUMNS, its problems, and how long its attempts took together, in seconds."""

    task: str
    cells: tuple[Cell, ...]
    problems: tuple[Problem, ...]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: attempts done and in all, and what was done last."""

    done: int
    total: int
    last: str
    good: bool = True


@dataclass(slots=True)
class Summary:
    """Everything that was found out so far; `complete` says whether that is all."""

    rows: list[Row] = field(default_factory=list)
    controls: Cell = field(default_factory=lambda: Cell("-", Mark.NOTHING))
    problems: list[Problem] = field(default_factory=list)  # those that are no task's
    complete: bool = False
    seconds: float = 0.0

    @property
    def all_problems(self) -> list[Problem]:
        """Those that are no task's, then those of the tasks in order."""
        return [*self.problems, *(problem for row in self.rows for problem in row.problems)]
