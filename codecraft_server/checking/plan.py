"""What is to be checked, and how hard. A value, and how tasks are chosen for it; knows nothing of playing."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from codecraft_server.checking.cheats import Cheat
from codecraft_server.errors import ConfigurationError
from codecraft_server.task import Task


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard tasks are tried.

    Attributes:
        cheats: Those that are tried; their controls run first.
        spread: Whether each cheat is tried on one task only, for a quick look; else on every task.
        repeats: How often each solution is played.
        load: How often each solution is played once more, all at the same time; 0: not at all.
        parallel: Attempts at once.
        allow_network: Whether a task may want a network.
    """

    cheats: tuple[Cheat, ...] = ()
    spread: bool = False
    repeats: int = 1
    load: int = 0
    parallel: int = 4
    allow_network: bool = False

    def cheats_at(self, position: int, count: int) -> tuple[Cheat, ...]:
        """Return the cheats that are tried on one of `count` tasks."""
        return self.cheats[position::count] if self.spread else self.cheats


def chosen(tasks: Mapping[str, Task], patterns: Sequence[str], categories: Sequence[str], sample: int, seed: int) -> list[Task]:
    """Return the tasks that fit any of the patterns (ids or globs) and any of the categories; of these a seeded sample if one is wanted.

    Raises:
        ConfigurationError: A pattern or a category fits nothing.
    """
    for pattern in patterns:
        if not any(fnmatchcase(task_id, pattern) for task_id in tasks):
            raise ConfigurationError(f"no task fits {pattern!r}; `codecraft-server tasks list` has them all")
    known = {task.category.lower() for task in tasks.values()}
    for category in categories:
        if category.lower() not in known:
            raise ConfigurationError(f"no task is of category {category!r}; there are {', '.join(sorted(known))}")
    wanted = {category.lower() for category in categories}
    fitting = [
        task
        for task_id, task in tasks.items()
        if (not patterns or any(fnmatchcase(task_id, pattern) for pattern in patterns)) and (not wanted or task.category.lower() in wanted)
    ]
    if not fitting:
        raise ConfigurationError("no task fits both the ids and the categories")
    if not 0 < sample < len(fitting):
        return fitting
    picked = set(random.Random(seed).sample(range(len(fitting)), sample))  # noqa: S311 - a sample that can be drawn again
    return [task for index, task in enumerate(fitting) if index in picked]
