"""Grades a task's work: stops the agent's sandbox, copies the work, runs the checks on the copy in a fresh sandbox, adds up the score.

The verdict is computed here from how programs really ended and what they printed; nothing in a sandbox is asked whether it passed.
"""

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import replace

from codecraft_server.errors import SandboxLostError
from codecraft_server.grading.fresh import Fresh, UnfitError
from codecraft_server.grading.kinds import failure
from codecraft_server.grading.place import Place, ended_all
from codecraft_server.grading.reserve import Reserve
from codecraft_server.grading.verdict import CheckResult, FaultKind, Grade, GradingFault, Phase, PhaseBegan, Report
from codecraft_server.grading.work import Work, copy
from codecraft_server.sandbox import Origin, Sandbox, Sandboxes
from codecraft_server.settings import GradingBounds, GradingSettings
from codecraft_server.task import Aggregate, Check, GradingPlace, Task, Visibility

# How a check with all memory, or with processes that go too slowly, takes its sandbox along. A fault would be the learner's to choose.
_LEARNERS = frozenset({"oom", "overdue"})

_log = logging.getLogger(__name__)


class Grader:
    """Everything here may raise `GradingFault` (the work could not be judged, by no doing of the learner) and `SandboxError`."""

    def __init__(self, sandboxes: Sandboxes, settings: GradingSettings, bounds: GradingBounds | None = None) -> None:
        """`sandboxes` is entered and left by its owner, around every grading."""
        self._bounds = bounds or GradingBounds()
        self._fresh = Fresh(sandboxes, self._bounds)
        self._reserve = Reserve(settings.places)
        self._copies = asyncio.Semaphore(settings.copies)

    @property
    def gradings(self) -> int:
        """Places of the reserve in use."""
        return self._reserve.taken

    @property
    def queued(self) -> int:
        """Gradings that wait for one."""
        return self._reserve.waiting

    async def collect(self, task: Task, sandbox: Sandbox, report: Report) -> Work | None:
        """End all of the agent's processes and copy the work, which the caller closes. None where the task is graded in place."""
        if not task.checks:
            raise GradingFault(FaultKind.TASK_HAS_NO_CHECKS, "This task has no checks, so it can't be graded.")
        report(PhaseBegan(Phase.FREEZING, len(task.checks)))
        if not await ended_all(sandbox, self._bounds):
            raise GradingFault(FaultKind.GRADER_FAILED, "Processes of the agent could not be ended.")
        if task.grading_place is GradingPlace.IN_PLACE:
            return None
        report(PhaseBegan(Phase.COPYING, len(task.checks)))
        return await self.copy(task, sandbox)

    async def copy(self, task: Task, sandbox: Sandbox) -> Work:
        """Copy the work as it is, which the caller closes. Nothing should change it meanwhile."""
        async with self._copies:
            return await copy(task, sandbox, self._bounds)

    async def grade(self, task: Task, subject: Work | Sandbox, report: Report) -> Grade:
        """Judge a collected work in a fresh sandbox, or, in place, a sandbox in which nothing of the agent's is alive."""
        if not task.checks:
            raise GradingFault(FaultKind.TASK_HAS_NO_CHECKS, "This task has no checks, so it can't be graded.")
        if not isinstance(subject, Work):
            return _graded(task, await self._checked(task, task.checks, subject, report))
        try:
            results, origin = await self._checked_fresh(task, task.checks, subject, report)
            grade = replace(_graded(task, results), origin=origin)
        except UnfitError as unfit:
            _log.info("work can't be judged", extra={"task": task.task_id, "problem": str(unfit)})
            grade = replace(_graded(task, _failed(task.checks, str(unfit), report)), problem=str(unfit))
        return replace(grade, place=GradingPlace.FRESH, work_digest=subject.digest)

    async def check(self, task: Task, checks: Sequence[Check], work: Work, report: Report = lambda _: None) -> tuple[CheckResult, ...]:
        """Run any checks on a copy of a work in a fresh sandbox of its task."""
        try:
            return (await self._checked_fresh(task, checks, work, report))[0]
        except UnfitError as unfit:
            return _failed(checks, str(unfit), report)

    async def _checked_fresh(
        self, task: Task, checks: Sequence[Check], work: Work, report: Report
    ) -> tuple[tuple[CheckResult, ...], Origin]:
        if work.problem:
            raise UnfitError(work.problem)
        async with self._reserve.place(lambda: report(PhaseBegan(Phase.WAITING, len(checks)))):
            report(PhaseBegan(Phase.PREPARING, len(checks)))
            async with self._fresh.sandbox(task, work) as sandbox:
                return await self._checked(task, checks, sandbox, report), sandbox.origin

    async def _checked(self, task: Task, checks: Sequence[Check], sandbox: Sandbox, report: Report) -> tuple[CheckResult, ...]:
        report(PhaseBegan(Phase.CHECKING, len(checks)))
        place = Place(sandbox, task.sandbox.working_dir, programs_breakable=_programs_breakable(task), bounds=self._bounds)
        results = []
        for check in checks:
            try:
                async with asyncio.timeout(check.timeout_s + self._bounds.slack_s):
                    results.append(await _judge(task, check, place))
            except TimeoutError as error:
                # Its programs have limits, and their ends have one below the slack: the rest was the service's.
                raise GradingFault(FaultKind.GRADER_FAILED, "A check took longer than it may.") from error
            except SandboxLostError as lost:
                if lost.cause not in _LEARNERS:
                    raise
                return (*results, *_failed(checks[len(results) :], f"the sandbox was lost: {lost.message}", report))
            report(results[-1])
        return tuple(results)


def _programs_breakable(task: Task) -> bool:
    """Whether the learner could have broken the image's own programs: as root, by what is graded in place or comes along from elsewhere."""
    return task.sandbox.root_user and (task.grading_place is GradingPlace.IN_PLACE or task.grading_paths != (".",))


def _graded(task: Task, results: Sequence[CheckResult]) -> Grade:
    score = score_of(task.aggregate, results)
    return Grade(score, passed=score >= task.pass_score, checks=tuple(results))


def _failed(checks: Sequence[Check], reason: str, report: Report) -> tuple[CheckResult, ...]:
    results = tuple(_result(check, reason) for check in checks)
    for result in results:
        report(result)
    return results


async def _judge(task: Task, check: Check, place: Place) -> CheckResult:
    reason = (await failure(check, place))[: place.bounds.reason_characters]
    _log.debug("task %s check %s: %s", task.task_id, check.check_id, reason or "passed")
    return _result(check, reason)


def _result(check: Check, reason: str) -> CheckResult:
    return CheckResult(
        check_id=check.check_id,
        title=check.title,
        passed=not reason,
        weight=check.weight,
        shown=check.visibility is Visibility.RESULT,
        reason=reason,
    )


def score_of(aggregate: Aggregate, results: Sequence[CheckResult]) -> float:
    """Return the score in [0, 1]; exactly 1 when every check passed, whatever rounding did to the weights."""
    if all(result.passed for result in results):
        return 1.0
    if aggregate is Aggregate.ALL:
        return 0.0
    return min(1.0, math.fsum(result.weight for result in results if result.passed))
