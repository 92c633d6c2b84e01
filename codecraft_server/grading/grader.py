"""Grades a task's work: freezes the sandbox, runs the checks one by one, adds up the score.

The verdict is computed here from how programs really ended and what they printed; nothing in the sandbox is asked whether it passed.
"""

import asyncio
import logging
import math
from collections.abc import Callable

from codecraft_server.grading.kinds import failure
from codecraft_server.grading.place import Place
from codecraft_server.grading.verdict import CheckResult, FaultKind, Grade, GradingFault, Phase, PhaseBegan
from codecraft_server.sandbox import Sandbox
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Aggregate, Check, Task, Visibility

_log = logging.getLogger(__name__)

Report = Callable[[PhaseBegan | CheckResult], None]


async def grade(task: Task, sandbox: Sandbox, report: Report) -> Grade:
    """Judge the work in a sandbox. Nothing of the agent's is alive in it afterwards; the sandbox stays its owner's.

    `report` is told what happens, hidden checks included (`CheckResult.shown` says what an agent may see), and must not block.

    Raises:
        GradingFault: The work could not be judged, by no doing of the learner.
        SandboxLostError: The sandbox died.
    """
    if not task.checks:
        raise GradingFault(FaultKind.TASK_HAS_NO_CHECKS, "This task has no checks, so it can't be graded.")
    bounds = GradingBounds()
    try:
        async with asyncio.timeout(task.limits.grading_s + bounds.slack_s):
            return await _grade(task, sandbox, report, bounds)
    except TimeoutError as error:
        # The programs of the checks have limits that fit into grading_s together, so this time was the service's.
        raise GradingFault(FaultKind.GRADER_FAILED, "Grading took longer than the task allows.") from error


async def _grade(task: Task, sandbox: Sandbox, report: Report, bounds: GradingBounds) -> Grade:
    report(PhaseBegan(Phase.FREEZING, len(task.checks)))
    await _freeze(sandbox)
    report(PhaseBegan(Phase.CHECKING, len(task.checks)))
    place = Place(sandbox, task.sandbox.working_dir, learner_is_root=task.sandbox.root_user, bounds=bounds)
    results = []
    for check in task.checks:
        results.append(await _judge(task, check, place))
        report(results[-1])
    score = score_of(task.aggregate, results)
    return Grade(score, passed=score >= task.pass_score, checks=tuple(results))


async def _freeze(sandbox: Sandbox) -> None:
    """End all of the agent's processes, so that nothing changes any more."""
    if await sandbox.kill_all():
        raise GradingFault(FaultKind.GRADER_FAILED, "Processes of the agent could not be ended.")


async def _judge(task: Task, check: Check, place: Place) -> CheckResult:
    reason = (await failure(check, place))[: place.bounds.reason_characters]
    _log.debug("task %s check %s: %s", task.task_id, check.check_id, reason or "passed")
    return CheckResult(
        check_id=check.check_id,
        title=check.title,
        passed=not reason,
        weight=check.weight,
        shown=check.visibility is Visibility.RESULT,
        reason=reason,
    )


def score_of(aggregate: Aggregate, results: list[CheckResult]) -> float:
    """Return the score in [0, 1]; exactly 1 when every check passed, whatever rounding did to the weights."""
    if all(result.passed for result in results):
        return 1.0
    if aggregate is Aggregate.ALL:
        return 0.0
    return min(1.0, math.fsum(result.weight for result in results if result.passed))
