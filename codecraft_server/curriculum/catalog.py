"""A loaded curriculum: tasks in the order of their file. A value; knows nothing of files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from codecraft_server.errors import TaskNotFoundError
from codecraft_server.task import Task


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Tasks by id, in the order in which they stand in the file."""

    tasks: Mapping[str, Task]

    def get(self, task_id: str) -> Task:
        """Return one task; raises TaskNotFoundError."""
        task = self.tasks.get(task_id)
        if task is None:
            raise TaskNotFoundError(task_id)
        return task

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the digests of all tasks, in order."""
        return hashlib.sha256("\n".join(task.digest for task in self.tasks.values()).encode()).hexdigest()
