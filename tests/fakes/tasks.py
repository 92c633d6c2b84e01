"""Tasks and a grader for tests."""

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Any

from codecraft_server.curriculum import Curriculum
from codecraft_server.grading import Work
from codecraft_server.grading.verdict import CheckResult, FaultKind, Grade, GradingFault, Phase, PhaseBegan, Report
from codecraft_server.sandbox import Limits, Origin, Sandbox, SandboxSpec
from codecraft_server.task import Check, CommandCheck, GradingPlace, Task, TaskLimits, Visibility

SPEC = SandboxSpec(  # noqa: S604 - it is no shell of this machine
    image="codecraft/busybox:1", shell=b"/bin/sh", working_dir=b"/workspace", limits=Limits(1.0, 256 * 2**20, 64 * 2**20, 192)
)
LIMITS = TaskLimits(steps=10, episode_s=100.0, command_s=30.0, grading_s=60.0, output_bytes=1000)


def a_check(check_id: str = "prints", weight: float = 1.0, visibility: Visibility = Visibility.RESULT) -> Check:
    return Check(check_id, f"Title of {check_id}", weight, 5.0, visibility, CommandCheck("true"))


def a_task(task_id: str = "1", *, limits: dict[str, Any] | None = None, **changes: Any) -> Task:
    """A task with small limits and one visible check; `limits` and `changes` replace fields."""
    task = Task(
        task_id=task_id,
        title="Hello World",
        category="First steps",
        tags=(),
        difficulty=1,
        prerequisites=(),
        description="Print a greeting.",
        test="The greeting is compared.",
        sandbox=SPEC,
        limits=dataclasses.replace(LIMITS, **(limits or {})),
        digest="d" * 64,
        checks=(a_check(),),
    )
    return dataclasses.replace(task, **changes)


def a_curriculum(*tasks: Task) -> Curriculum:
    """A curriculum of these tasks; of one plain task when there are none."""
    return Curriculum({task.task_id: task for task in tasks or (a_task(),)})


@dataclasses.dataclass
class FakeGrader:
    """A `Grader` that gives `score`. Works are real, and empty.

    Attributes:
        error: Raised instead.
        uncollected: Raised by `collect`.
        hold: When set to an event, it waits for it between its phases.
        works: Those it copied.
        subjects: What it judged, in order.
    """

    score: float = 1.0
    error: BaseException | None = None
    uncollected: BaseException | None = None
    hold: asyncio.Event | None = None
    calls: int = 0
    gradings: int = 0
    queued: int = 0
    works: list[Work] = dataclasses.field(default_factory=list)
    subjects: list[Work | Sandbox] = dataclasses.field(default_factory=list)

    async def collect(self, task: Task, sandbox: Sandbox, report: Report) -> Work | None:
        if not task.checks:
            raise GradingFault(FaultKind.TASK_HAS_NO_CHECKS, "This task has no checks.")
        report(PhaseBegan(Phase.FREEZING, len(task.checks)))
        await sandbox.kill_all()
        if self.uncollected is not None:
            raise self.uncollected
        return None if task.grading_place is GradingPlace.IN_PLACE else await self.copy(task, sandbox)

    async def copy(self, task: Task, sandbox: Sandbox) -> Work:
        del task, sandbox
        self.works.append(Work((), digest="w" * 64, size=1000))
        return self.works[-1]

    async def grade(self, task: Task, subject: Work | Sandbox, report: Report) -> Grade:
        self.calls += 1
        self.subjects.append(subject)
        results = await self.check(task, task.checks, subject, report)
        grade = Grade(self.score, self.score >= task.pass_score, results)
        if isinstance(subject, Work):
            return dataclasses.replace(grade, place=GradingPlace.FRESH, origin=Origin.COLD, work_digest=subject.digest)
        return grade

    async def check(
        self, task: Task, checks: Sequence[Check], work: Work | Sandbox, report: Report = lambda _: None
    ) -> tuple[CheckResult, ...]:
        del work
        report(PhaseBegan(Phase.CHECKING, len(checks)))
        self.gradings += 1
        try:
            if self.hold is not None:
                await self.hold.wait()
        finally:
            self.gradings -= 1
        if self.error is not None:
            raise self.error
        passed = self.score >= task.pass_score
        results = tuple(
            CheckResult(check.check_id, check.title, passed, check.weight, check.visibility is Visibility.RESULT) for check in checks
        )
        for result in results:
            report(result)
        return results
