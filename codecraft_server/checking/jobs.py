"""What is tried at a task: the solution, nothing, an emptied work, wrong answers, cheats. Knows what is done, not what it must come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from codecraft_server.checking.cheats import Cheat
from codecraft_server.checking.cheats.guesses import named_files
from codecraft_server.checking.plan import Plan
from codecraft_server.task import Deed, Task


class Kind(Enum):
    """What an attempt is to prove."""

    SOLUTION = "solution"
    LOAD = "under load"
    ALONE = "alone"
    NOTHING = "no-op"
    EMPTY = "empty"
    WRONG = "wrong"
    CHEAT = "cheat"


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt that is to be played; `name` tells it from others of its kind."""

    task: Task
    kind: Kind
    name: str
    deeds: tuple[Deed, ...]

    @property
    def title(self) -> str:
        """How people call it."""
        kind = "solution " + self.kind.value if self.kind in {Kind.LOAD, Kind.ALONE} else self.kind.value
        return f"{kind} {self.name!r}" if self.name else kind


_NOTHING = ":"  # a step after which milestones are asked
_EMPTIED = "find . -path ./.git -prune -o -type f -exec sh -c 'for f; do : > \"$f\"; done' sh {} +"
_REMOVED = "find . -mindepth 1 -maxdepth 1 -exec rm -rf {} +"


def jobs(task: Task, plan: Plan, cheats: Sequence[Cheat]) -> list[Job]:
    """Return everything that is tried but the load, the solution first: when it can't even be begun the rest is not worth it."""
    return [
        *(Job(task, Kind.SOLUTION, f"run {number}" if plan.repeats > 1 else "", task.solution) for number in range(1, plan.repeats + 1)),
        Job(task, Kind.NOTHING, "", (_NOTHING,) if task.milestones else ()),
        *(Job(task, Kind.EMPTY, name, deeds) for name, deeds in _empty(task).items()),
        *(Job(task, Kind.WRONG, wrong.name, wrong.commands) for wrong in task.wrong),
        *(_cheat(task, cheat) for cheat in cheats),
    ]


def load(task: Task, plan: Plan) -> list[Job]:
    """Return the attempts of the solution that are played at the same time."""
    return [Job(task, Kind.LOAD, f"run {number}", task.solution) for number in range(1, plan.load + 1)]


def alone(task: Task) -> Job:
    """Return the attempt of the solution that has the machine for itself, to measure it."""
    return Job(task, Kind.ALONE, "", task.solution)


def _empty(task: Task) -> dict[str, tuple[Deed, ...]]:
    stubs = " ".join(f"'{name}'" for name in named_files(task))
    stubbed = f'for f in {stubs}; do mkdir -p "$(dirname "$f")"; [ -e "$f" ] || : > "$f"; done' if stubs else "true"
    return {"files emptied": (_EMPTIED, stubbed), "files removed": (_REMOVED,)}


def _cheat(task: Task, cheat: Cheat) -> Job:
    return Job(task, Kind.CHEAT, cheat.name, tuple(cheat.deeds(task)))
