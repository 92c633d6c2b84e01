"""What an episode is opened with: a task that was named, one that chance draws here, one that the server chooses, or none yet."""

from typing import Any

from numpy.random import Generator

from codecraft_client.client import Client
from codecraft_client.errors import UsageError
from codecraft_client.types import TaskChoice

NO_TASK = ""
OPTIONS = frozenset({"task_id", "choice"})


class Opening:
    """How the episodes of an environment are opened, unless the options of a `reset` say otherwise."""

    def __init__(self, task: str | None, choice: TaskChoice | None, trainer: str) -> None:
        """UsageError when there is a task as well as a choice."""
        if task is not None and choice is not None:
            raise UsageError("give a task or a choice, not both")
        self._task = task
        self._choice = choice
        self._trainer = trainer
        self._drawn_from: tuple[str, ...] = ()

    def arguments(self, options: dict[str, Any], client: Client, chance: Generator) -> dict[str, Any]:
        """Return the arguments of `Client.reset`. Whatever chance decides is drawn here and nowhere else. UsageError for wrong options."""
        if unknown := options.keys() - OPTIONS:
            raise UsageError(f"no such option: {', '.join(sorted(unknown))}; there are {', '.join(sorted(OPTIONS))}")
        if len(options) > 1:
            raise UsageError("give a task or a choice, not both")
        task_id, choice = (options.get("task_id"), options.get("choice")) if options else (self._task, self._choice)
        if not isinstance(task_id, str | None):
            raise UsageError(f"task_id must be a string such as '1', not {task_id!r}")
        if task_id is None and choice is None:
            task_id = self._drawn(client, chance)
        return {"task_id": None if task_id == NO_TASK else task_id, "choice": choice, "trainer": self._trainer}

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
