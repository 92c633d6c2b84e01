"""Who judges: the real grader, but for the worlds of controls, which have graders of their own that are weak in one way."""

from collections.abc import Callable, Mapping

from codecraft_server.checking.cheats import Weakened
from codecraft_server.checking.cheats.lax import Lax
from codecraft_server.episodes import Grader
from codecraft_server.grading.verdict import CheckResult, Grade, PhaseBegan
from codecraft_server.sandbox import Sandbox
from codecraft_server.task import Task


class Judges:
    """A `Grader` that hands each task to its own."""

    def __init__(self, real: Grader, weakened: Mapping[str, Weakened]) -> None:
        """`weakened` is by task id; all other tasks are the real grader's."""
        self._real = real
        self._weakened = weakened

    async def __call__(self, task: Task, sandbox: Sandbox, report: Callable[[PhaseBegan | CheckResult], None]) -> Grade:
        """See `Grader`."""
        weakened = self._weakened.get(task.task_id)
        if weakened is None:
            return await self._real(task, sandbox, report)
        paid = await weakened(Lax(task, sandbox))
        return Grade(float(paid), passed=paid, checks=())
