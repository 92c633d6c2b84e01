"""What follows from a task's attempts: its row of the table and its problems: what was expected, what came, what to do. Pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from codecraft_server.checking import remedies
from codecraft_server.checking.attempt import Attempt
from codecraft_server.checking.findings import Cell, Mark, Problem, Row
from codecraft_server.checking.jobs import Job, Kind
from codecraft_server.checking.leaks import leaked
from codecraft_server.checking.plan import Plan
from codecraft_server.task import Task

BUDGET_SHARE = 0.25  # of grading_s, so that a machine four times as slow still grades


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt and what it was for."""

    job: Job
    attempt: Attempt


def weigh(task: Task, tried: Sequence[Tried], plan: Plan) -> Row:
    """Return what was found out about a task. Attempts may be missing: then less is known."""
    broken = next((one for one in tried if one.attempt.refused), None)
    if broken is not None:
        return _unplayable(task, broken, plan)
    by_kind = {kind: [one for one in tried if one.job.kind is kind] for kind in Kind}
    columns = {
        "schema": _nothing_wrong("ok"),
        "oracle": _oracle(task, by_kind[Kind.SOLUTION][:1]),
        "repeats": _repeats(task, [*by_kind[Kind.SOLUTION][1:], *by_kind[Kind.LOAD]]),
        "no-op": _below(task, "no-op", by_kind[Kind.NOTHING]),
        "empty": _below(task, "empty", by_kind[Kind.EMPTY]),
        "wrong": _wrong(task, by_kind[Kind.WRONG]),
        "cheats": _cheats(task, by_kind[Kind.CHEAT], plan),
        "milestones": _milestones(task, by_kind[Kind.NOTHING], by_kind[Kind.SOLUTION][:1]),
        "budget": _budget(task, [*by_kind[Kind.SOLUTION], *by_kind[Kind.LOAD], *by_kind[Kind.ALONE]]),
        "offline": _offline(task, plan),
    }
    cells = tuple(cell for cell, _ in columns.values())
    problems = tuple(problem for _, found in columns.values() for problem in found)
    return Row(task.task_id, cells, problems)


def wrong_with(task: Task, one: Tried, plan: Plan) -> tuple[Problem, ...]:
    """Return what is wrong with one attempt by itself. That its grading took long is wrong only where it had the machine for itself."""
    alone = one.job.kind is Kind.ALONE
    found = weigh(task, [one], plan).problems
    return tuple(problem for problem in found if problem.check == one.job.title and (alone or problem.column != "budget"))


Column = tuple[Cell, tuple[Problem, ...]]
_EMPTY: Column = (Cell("-", Mark.NOTHING), ())


def _nothing_wrong(text: str) -> Column:
    return Cell(text, Mark.GOOD), ()


def _column(text: str, problems: Sequence[Problem]) -> Column:
    return Cell(text, Mark.BAD if problems else Mark.GOOD), tuple(problems)


def _unplayable(task: Task, broken: Tried, plan: Plan) -> Row:
    offline, forbidden = _offline(task, plan)
    problem = (
        forbidden[0]
        if forbidden
        else Problem(
            task.task_id, "reset", "oracle", "an episode of the task", broken.attempt.refused, remedies.for_refusal(broken.attempt.refused)
        )
    )
    bad, nothing = Cell("no episode", Mark.BAD), _EMPTY[0]
    return Row(task.task_id, (Cell("ok", Mark.GOOD), bad, *(nothing,) * 7, offline), (problem,))


def _problem(one: Tried, column: str, expected: str, came: str, remedy: str) -> Problem:
    return Problem(one.job.task.task_id, one.job.title, column, expected, came, remedy)


def _oracle(task: Task, tried: Sequence[Tried]) -> Column:
    if not task.solution:
        problem = Problem(
            task.task_id,
            "solution",
            "oracle",
            "a solution",
            "the task has none",
            "Write one: without it nobody knows that the task can be solved.",
        )
        return _column("none", [problem])
    if not tried:
        return _EMPTY
    return _column(_score(tried[0].attempt), _not_one(tried[0], "oracle"))


def _score(attempt: Attempt) -> str:
    return "fault" if attempt.fault else ("stopped" if attempt.score is None else f"{attempt.score:g}")


def _not_one(one: Tried, column: str) -> list[Problem]:
    attempt = one.attempt
    if attempt.score == 1.0:
        return []
    failed = [check for check in attempt.checks if not check.passed]
    if not failed:
        return [_problem(one, column, "score 1", attempt.came, remedies.for_no_verdict(attempt))]
    return [
        _problem(
            one,
            column,
            f'check "{check.check_id}" to pass',
            f"score {attempt.score:g}; {check.reason}",
            remedies.for_failed_check(check.reason),
        )
        for check in failed
    ]


def _repeats(task: Task, tried: Sequence[Tried]) -> Column:
    if not tried or not task.solution:
        return _EMPTY
    good = sum(one.attempt.score == 1.0 for one in tried)
    problems = [problem for one in tried for problem in _not_one(one, "repeats")]
    return _column(f"{good}/{len(tried)}", [remedies.flaky(problem) for problem in problems] if problems else [])


def _unjudged(one: Tried, column: str) -> list[Problem]:
    """An attempt that should have got a grade and has none: a fault is reported as one, never as 0."""
    remedy = remedies.DODGED if one.job.kind is Kind.CHEAT else remedies.for_no_verdict(one.attempt)
    return [_problem(one, column, "a grade below the pass mark", one.attempt.came, remedy)]


def _below(task: Task, column: str, tried: Sequence[Tried]) -> Column:
    if not tried:
        return _EMPTY
    problems = []
    for one in tried:
        if one.attempt.score is None:
            problems += _unjudged(one, column)
        elif one.attempt.passed:
            expected = f"a score below the pass mark {task.pass_score:g}"
            problems.append(_problem(one, column, expected, one.attempt.came, remedies.PASSES_WITHOUT_WORK))
    scores = [one.attempt.score for one in tried if one.attempt.score is not None]
    return _column(f"{max(scores):g}" if scores else "fault", problems)


def _wrong(task: Task, tried: Sequence[Tried]) -> Column:
    if not task.wrong:
        return _EMPTY
    problems = []
    most = {wrong.name: wrong.max_score for wrong in task.wrong}
    for one in tried:
        attempt, bound = one.attempt, most[one.job.name]
        if attempt.score is None:
            problems += _unjudged(one, "wrong")
        elif attempt.score > bound or attempt.passed:
            passed = [check.check_id for check in attempt.checks if check.passed]
            came = f"{attempt.came}; passed: {', '.join(passed)}"
            problems.append(_problem(one, "wrong", f"a score of at most {bound:g} and no pass", came, remedies.WRONG_SCORES))
    return _column(f"{len(tried) - len(problems)}/{len(task.wrong)}", problems)


def _cheats(task: Task, tried: Sequence[Tried], plan: Plan) -> Column:
    if not tried:
        return _EMPTY
    problems = []
    for one in tried:
        cheat = next(cheat for cheat in plan.cheats if cheat.name == one.job.name)
        if one.attempt.score is None:
            problems += _unjudged(one, "cheats")
        elif one.attempt.passed:
            passed = [check.check_id for check in one.attempt.checks if check.passed]
            came = f"{one.attempt.came}; passed: {', '.join(passed)}"
            problems.append(_problem(one, "cheats", "a grade below the pass mark", came, f"It aims at {cheat.aim}. {remedies.HOLE}"))
        elif cheat.peeks and (line := leaked(task, one.attempt.output)):
            problems.append(
                _problem(one, "cheats", "nothing hidden to be found", f"it found {line!r}", f"It aims at {cheat.aim}. {remedies.LEAK}")
            )
    return _column(f"{len(tried) - len({problem.check for problem in problems})}/{len(tried)}", problems)


def _milestones(task: Task, nothing: Sequence[Tried], oracle: Sequence[Tried]) -> Column:
    if not task.milestones or not oracle or not nothing:
        return _EMPTY
    order = [milestone.check_id for milestone in task.milestones]
    early = {name for step in nothing[0].attempt.reached for name in step}
    steps = {name: number for number, step in enumerate(oracle[0].attempt.reached) for name in step if name not in early}
    found = [(nothing[0], f'"{name}" not to hold at the start', "it holds", remedies.MILESTONE_AT_START) for name in order if name in early]
    found += [
        (oracle[0], f'"{name}" to be reached', "it never was", remedies.MILESTONE_NEVER)
        for name in order
        if name not in steps and name not in early
    ]
    in_order = [name for name in order if name in steps]
    found += [
        (oracle[0], f'"{one}" to be reached before "{other}"', f"step {steps[one]} and step {steps[other]}", remedies.MILESTONE_ORDER)
        for one, other in itertools.pairwise(in_order)
        if steps[other] < steps[one]
    ]
    problems = [_problem(tried, "milestones", f"milestone {expected}", came, remedy) for tried, expected, came, remedy in found]
    return _column(f"{len(steps)}/{len(order)}", problems)


def _budget(task: Task, tried: Sequence[Tried]) -> Column:
    graded = [one for one in tried if one.attempt.score is not None]
    if not graded or not task.solution:
        return _EMPTY
    fastest = min(graded, key=lambda one: one.attempt.grading_s)  # the others shared the machine with more
    share = fastest.attempt.grading_s / task.limits.grading_s
    problems = []
    if share >= BUDGET_SHARE:
        came = f"{fastest.attempt.grading_s:.1f} s of {task.limits.grading_s:g} s"
        expected = f"grading to take less than {BUDGET_SHARE:.0%} of limits.grading_s"
        problems.append(_problem(fastest, "budget", expected, came, remedies.SLOW))
    return _column(f"{share:.0%}", problems)


def _offline(task: Task, plan: Plan) -> Column:
    if not task.sandbox.network:
        return _nothing_wrong("yes")
    if plan.allow_network:
        return Cell("bridge", Mark.NOTHING), ()
    problem = Problem(task.task_id, "network", "offline", '"network": "none"', '"bridge"', remedies.NETWORK)
    return _column("bridge", [problem])
