"""A loaded curriculum: tasks in the order of their file. A value; knows nothing of files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from codecraft_server.errors import TaskNotFoundError
from codecraft_server.task import Task

_NEAR = 3  # ids that may have been meant
_COMPARED = 1000  # ids, so that a misspelt one costs a server milliseconds


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Tasks by id, in the order in which they stand in the file."""

    tasks: Mapping[str, Task]

    def get(self, task_id: str) -> Task:
        """Return one task; raises TaskNotFoundError."""
        task = self.tasks.get(task_id)
        if task is None:
            raise TaskNotFoundError(task_id, near=tuple(get_close_matches(task_id[:128], list(islice(self.tasks, _COMPARED)), n=_NEAR)))
        return task

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the digests of all tasks, in order."""
        return hashlib.sha256("\n".join(task.digest for task in self.tasks.values()).encode()).hexdigest()
