"""Whether cheats prove anything: each is played against its weakened grader, which must pay, and against the real one, which must not.

The real one must pay for right work on the same probe, or it would only be blind. The weakened grader must not pay for doing nothing
either, or it would be no weakness that was used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codecraft_server.checking.attempt import Attempt
from codecraft_server.checking.cheats import Cheat, Control, Weakened
from codecraft_server.checking.findings import Cell, Mark, Problem
from codecraft_server.task import Deed, Task

_REPAIR = "Repair the cheat or its control: as it stands, its failure elsewhere proves nothing."
_BLIND = "A grader that pays for nothing proves nothing about cheats: see why these checks fail."
_HOLE = "This is a hole in the grader (codecraft_server/grading)."


@dataclass(frozen=True, slots=True)
class Trial:
    """An attempt of a control."""

    cheat: Cheat
    what: str  # "idle", "weakened", "real", or "right" for right work and the real grader
    task: Task
    deeds: tuple[Deed, ...]

    @property
    def title(self) -> str:
        """How people call it."""
        return f"control of {self.cheat.name!r}, {self.what}"


class Controls:
    """The controls of some cheats: which worlds they need, which attempts, and what follows from these."""

    def __init__(self, cheats: Sequence[Cheat]) -> None:
        self._cheats = cheats
        self._worlds: dict[int, Task] = {}  # by control, which several cheats may share
        self._came: dict[tuple[str, str], Attempt] = {}
        self._idle: dict[int, Attempt] = {}
        self._right: dict[str, Attempt] = {}  # by probe
        self.weakened: dict[str, Weakened] = {}
        for cheat in cheats:
            self._add(cheat.control)

    def _add(self, control: Control) -> None:
        if id(control) not in self._worlds:
            name = f"weakened/{len(self._worlds)}"
            self._worlds[id(control)] = replace(control.weaken(control.probe), task_id=name)
            self.weakened[name] = control.pays

    @property
    def tasks(self) -> dict[str, Task]:
        """The tasks of these worlds, by id."""
        probes = [cheat.control.probe for cheat in self._cheats]
        return {task.task_id: task for task in (*probes, *self._worlds.values())}

    def trials(self) -> list[Trial]:
        """Return all attempts, those that say whether a weakness is one only once."""
        seen: set[int] = set()
        found = []
        for cheat in self._cheats:
            world, probe = self._worlds[id(cheat.control)], cheat.control.probe
            if id(probe) not in seen:
                seen.add(id(probe))
                found.append(Trial(cheat, "right", probe, probe.solution))
            if id(cheat.control) not in seen:
                seen.add(id(cheat.control))
                found.append(Trial(cheat, "idle", world, ()))
            found.append(Trial(cheat, "weakened", world, tuple(cheat.deeds(world))))
            found.append(Trial(cheat, "real", probe, tuple(cheat.deeds(probe))))
        return found

    def add(self, trial: Trial, attempt: Attempt) -> None:
        """Note what an attempt came to."""
        if trial.what == "right":
            self._right[trial.task.task_id] = attempt
        elif trial.what == "idle":
            self._idle[id(trial.cheat.control)] = attempt
        else:
            self._came[trial.cheat.name, trial.what] = attempt

    def good(self, trial: Trial, attempt: Attempt) -> bool:
        """Whether it came as it must."""
        if trial.what == "right":
            return attempt.score == 1.0
        return _won(trial.cheat, attempt) if trial.what == "weakened" else _lost(attempt)

    def weigh(self) -> tuple[Cell, list[Problem]]:
        """Return the cell of the summary and the problems."""
        if not self._cheats:
            return Cell("-", Mark.NOTHING), []
        problems = [
            Problem("", f"probe {name!r}", "controls", "the real grader to give 1 for right work", _came(attempt), _BLIND)
            for name, attempt in self._right.items()
            if attempt.score != 1.0
        ]
        good = 0
        for cheat in self._cheats:
            found = self._weigh(cheat)
            problems += found
            good += not found and all((cheat.name, what) in self._came for what in ("weakened", "real"))
        return Cell(f"{good}/{len(self._cheats)}", Mark.GOOD if good == len(self._cheats) else Mark.BAD), problems

    def _weigh(self, cheat: Cheat) -> list[Problem]:
        name, weak = f"control of cheat {cheat.name!r}", f"the weakened grader ({cheat.control.weakness})"
        prize = "to be kept from a verdict" if cheat.dodges else "to pay for it"
        idle, weakened, real = (
            self._idle.get(id(cheat.control)),
            self._came.get((cheat.name, "weakened")),
            self._came.get((cheat.name, "real")),
        )
        found = []
        if idle is not None and not _lost(idle):
            found.append(Problem("", name, "controls", f"{weak} to refuse work in which nothing was done", idle.came, _REPAIR))
        if weakened is not None and not _won(cheat, weakened):
            found.append(Problem("", name, "controls", f"{weak} {prize}", weakened.came, _REPAIR))
        if real is not None and not _lost(real):
            found.append(Problem("", name, "controls", "the real grader to give a grade below the pass mark", _came(real), _HOLE))
        return found


def _came(attempt: Attempt) -> str:
    passed = ", ".join(check.check_id for check in attempt.checks if check.passed)
    return f"{attempt.came}; passed: {passed}" if passed else attempt.came


def _won(cheat: Cheat, attempt: Attempt) -> bool:
    return bool(attempt.fault) if cheat.dodges else attempt.passed


def _lost(attempt: Attempt) -> bool:
    return attempt.score is not None and not attempt.passed
