"""What an episode is opened with: a task that was named, that chance draws, or that the server chooses, or none yet; and how it pays."""

from typing import Any

from numpy.random import Generator

from codecraft_client.client import Client
from codecraft_client.errors import UsageError
from codecraft_client.rewards import RewardOptions
from codecraft_client.types import TaskChoice

NO_TASK = ""
OPTIONS = frozenset({"task_id", "choice", "reward"})


class Opening:
    """How the episodes of an environment are opened, unless the options of a `reset` say otherwise."""

    def __init__(self, task: str | None, choice: TaskChoice | None, trainer: str, reward: RewardOptions | None) -> None:
        """UsageError when there is a task as well as a choice."""
        if task is not None and choice is not None:
            raise UsageError("give a task or a choice, not both")
        self._task = task
        self._choice = choice
        self._trainer = trainer
        self._reward = reward
        self._drawn_from: tuple[str, ...] = ()

    def arguments(self, options: dict[str, Any], client: Client, chance: Generator) -> dict[str, Any]:
        """Return the arguments of `Client.reset`. Whatever chance decides is drawn here and nowhere else. UsageError for wrong options."""
        if unknown := options.keys() - OPTIONS:
            raise UsageError(f"no such option: {', '.join(sorted(unknown))}; there are {', '.join(sorted(OPTIONS))}")
        if {"task_id", "choice"} <= options.keys():
            raise UsageError("give a task or a choice, not both")
        own = {"task_id", "choice"}.isdisjoint(options)
        task_id, choice = (self._task, self._choice) if own else (options.get("task_id"), options.get("choice"))
        if not isinstance(task_id, str | None):
            raise UsageError(f"task_id must be a string such as '1', not {task_id!r}")
        if task_id is None and choice is None:
            task_id = self._drawn(client, chance)
        named = None if task_id == NO_TASK else task_id
        return {"task_id": named, "choice": choice, "trainer": self._trainer, "reward": options.get("reward", self._reward)}

    def forget(self) -> None:
        """Ask anew what tasks there are."""
        self._drawn_from = ()

    def _drawn(self, client: Client, chance: Generator) -> str:
        """Draw a task here: the server's own draws depend on how many there were before, and so not on a seed alone."""
        if not self._drawn_from:
            self._drawn_from = tuple(task.task_id for task in client.tasks() if task.gradable)
        if not self._drawn_from:
            raise UsageError("the server has no task that can be graded")
        return self._drawn_from[int(chance.integers(len(self._drawn_from)))]
