"""Who judges: the real grader, but for the worlds of controls, which have graders of their own that are weak in one way."""

from collections.abc import Mapping, Sequence

from codecraft_server.checking.cheats import Weakened
from codecraft_server.checking.cheats.lax import Lax
from codecraft_server.episodes import Grader
from codecraft_server.grading import Work
from codecraft_server.grading.verdict import CheckResult, Grade, Report
from codecraft_server.sandbox import Sandbox
from codecraft_server.task import Check, Task


class Judges:
    """A `Grader` that hands each task to its own."""

    def __init__(self, real: Grader, weakened: Mapping[str, Weakened]) -> None:
        """`weakened` is by task id; all other tasks are the real grader's."""
        self._real = real
        self._weakened = weakened

    @property
    def gradings(self) -> int:
        """See `Grader`."""
        return self._real.gradings

    @property
    def queued(self) -> int:
        """See `Grader`."""
        return self._real.queued

    async def collect(self, task: Task, sandbox: Sandbox, report: Report) -> Work | None:
        """See `Grader`. A weakened grader judges in the agent's sandbox, in which nothing was ended."""
        return None if task.task_id in self._weakened else await self._real.collect(task, sandbox, report)

    async def copy(self, task: Task, sandbox: Sandbox) -> Work:
        """See `Grader`."""
        return await self._real.copy(task, sandbox)

    async def grade(self, task: Task, subject: Work | Sandbox, report: Report) -> Grade:
        """See `Grader`."""
        weakened = self._weakened.get(task.task_id)
        if weakened is None or isinstance(subject, Work):
            return await self._real.grade(task, subject, report)
        paid = await weakened(Lax(task, subject))
        return Grade(float(paid), passed=paid, checks=())

    async def check(self, task: Task, checks: Sequence[Check], work: Work, report: Report = lambda _: None) -> tuple[CheckResult, ...]:
        """See `Grader`."""
        return await self._real.check(task, checks, work, report)
