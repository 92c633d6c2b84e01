"""Grading, against a sandbox whose programs do exactly what a test says."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from each import each
from fakes import FakeSandboxes
from scripted_sandbox import MIB, SPEC, Answer, Node, Program, ScriptedSandbox, ends

from codecraft_server.errors import SandboxLostError
from codecraft_server.grading import Grader
from codecraft_server.grading.verdict import CheckResult, FaultKind, Grade, GradingFault, Phase, PhaseBegan
from codecraft_server.sandbox import (
    EndReason,
    FileEntry,
    FileProblem,
    FileProblemKind,
    FileType,
    Sandbox,
)
from codecraft_server.settings import GradingBounds, GradingSettings
from codecraft_server.task import (
    Aggregate,
    Case,
    CasesCheck,
    Check,
    CheckBody,
    CommandCheck,
    Expected,
    FileCheck,
    GradingPlace,
    Match,
    Task,
    TaskLimits,
    Visibility,
)


def check(body: CheckBody, check_id: str = "a", weight: float = 1.0, visibility: Visibility = Visibility.RESULT) -> Check:
    return Check(check_id, f"Title of {check_id}", weight, 7.0, visibility, body)


def task(*checks: Check, aggregate: Aggregate = Aggregate.ALL, pass_score: float = 1.0, root: bool = False) -> Task:
    return Task(
        task_id="t",
        title="T",
        category="C",
        tags=(),
        difficulty=1,
        prerequisites=(),
        description="d",
        test="t",
        sandbox=replace(SPEC, root_user=root),
        limits=TaskLimits(10, 60.0, 10.0, 30.0, 1024),
        digest="",
        checks=checks,
        aggregate=aggregate,
        pass_score=pass_score,
        grading_place=GradingPlace.IN_PLACE,
    )


async def graded(
    wanted: Task,
    sandbox: ScriptedSandbox,
    report: Callable[[PhaseBegan | CheckResult], None] = lambda _: None,
    bounds: GradingBounds | None = None,
) -> Grade:
    grader, used = Grader(FakeSandboxes(), GradingSettings(), bounds), cast("Sandbox", sandbox)
    assert await grader.collect(wanted, used, report) is None
    return await grader.grade(wanted, used, report)


async def outcome(body: CheckBody, *answers: Answer, **sandbox: Any) -> CheckResult:
    """Grade one check and return what it said."""
    (result,) = (await graded(task(check(body)), ScriptedSandbox(answers=list(answers), **sandbox))).checks
    return result


async def fault(wanted: Task, sandbox: ScriptedSandbox) -> GradingFault:
    with pytest.raises(GradingFault) as caught:
        await graded(wanted, sandbox)
    return caught.value


TRUE = CommandCheck("true")


async def test_a_task_without_checks_is_a_fault_and_nothing_is_touched() -> None:
    """There is no made-up reward for what can't be judged, and the agent's processes live on."""
    sandbox = ScriptedSandbox()
    assert (await fault(task(), sandbox)).kind is FaultKind.TASK_HAS_NO_CHECKS
    assert sandbox.log == []


async def test_everything_is_killed_before_the_first_check() -> None:
    """The checks begin when nothing of the agent's is alive."""
    sandbox = ScriptedSandbox()
    await graded(task(check(TRUE, "a"), check(TRUE, "b")), sandbox)
    assert sandbox.log == ["kill_all", "execute", "execute"]


async def test_a_process_that_survives_is_the_graders_fault() -> None:
    """What can't be killed may still change the work, so nothing is judged."""
    sandbox = ScriptedSandbox(unkilled=1)
    assert (await fault(task(check(TRUE)), sandbox)).kind is FaultKind.GRADER_FAILED
    assert sandbox.executed == []


async def test_phases_and_checks_are_reported_as_they_come() -> None:
    """A watcher sees the phases and then every check, in the task's order, hidden ones marked."""
    seen: list[PhaseBegan | CheckResult] = []
    wanted = task(check(TRUE, "a"), check(TRUE, "b", visibility=Visibility.HIDDEN))
    verdict = await graded(wanted, ScriptedSandbox(), seen.append)
    assert seen == [PhaseBegan(Phase.FREEZING, 2), PhaseBegan(Phase.CHECKING, 2), *verdict.checks]
    assert [(result.check_id, result.title, result.shown) for result in verdict.checks] == [
        ("a", "Title of a", True),
        ("b", "Title of b", False),
    ]


@pytest.mark.parametrize("body", [CommandCheck("true"), CasesCheck("true", (Case("one", "", Expected(Match.EXACT, "")),))])
async def test_work_that_is_private_is_run_by_its_owner(body: CheckBody) -> None:
    """What `umask 077` shuts the grader out of is no mistake: then commands run as the agent, else right work would score 0."""
    sandbox = ScriptedSandbox(private=True)
    assert (await graded(task(check(body)), sandbox)).passed
    assert {(execution.uid, execution.groups) for execution in sandbox.executed} == {(1000, ())}


async def test_a_command_runs_as_the_grader_with_a_clean_environment() -> None:
    """It runs outside of any session, under another user, in the working directory, with nothing of the agent's in its environment."""
    sandbox = ScriptedSandbox()
    await graded(task(check(CommandCheck("echo $HOME", stdin="in"))), sandbox)
    (execution,) = sandbox.executed
    assert (execution.argv[0], execution.argv[-1]) == (b"/bin/sh", b"echo $HOME")
    assert (execution.uid, execution.groups, execution.cwd, execution.stdin) == (1001, (1000,), b"/home/box", b"in")
    assert execution.timeout_s == 7.0
    assert (execution.output.separate, execution.output.stream, execution.hidden_dir) == (True, False, True)
    assert execution.environment["PATH"] == "/usr/local/bin:/usr/bin:/bin"
    assert execution.environment["HOME"] == "/nonexistent"
    assert execution.environment["PYTHONNOUSERSITE"] == "1"
    assert not {"LD_PRELOAD", "PYTHONPATH", "BASH_ENV", "ENV"} & execution.environment.keys()


@each(
    ("body", "program", "reason"),
    [
        (TRUE, Program(), ""),
        (TRUE, Program(err=b"no such file", ended=ends(exit_code=2)), "exited with 2, not with 0; stderr is 'no such file'"),
        (CommandCheck("x", exit_code=2), Program(ended=ends(exit_code=2)), ""),
        (CommandCheck("x", exit_code=None), Program(ended=ends(exit_code=77)), ""),
        (CommandCheck("x", exit_code=None), Program(ended=ends(EndReason.SIGNALLED, None, signal=9)), "died of signal 9"),
        (CommandCheck("x", exit_code=137), Program(ended=ends(EndReason.SIGNALLED, 137, signal=9)), "died of signal 9"),
        (TRUE, Program(ended=ends(EndReason.TIMED_OUT, None)), "ran out of time"),
        (TRUE, Program(ended=ends(EndReason.TIMED_OUT, 0)), "ran out of time"),
        (TRUE, Program(ended=ends(EndReason.OUT_OF_MEMORY, None)), "ran out of memory"),
        (TRUE, Program(ended=ends(EndReason.OUTPUT_LIMIT, None)), "printed too much"),
        (TRUE, Program(ended=ends(dropped_bytes=5)), ""),
        (CommandCheck("x", stdout=Expected(Match.EXACT, "ab\n")), Program(b"ab\n"), ""),
        (CommandCheck("x", stdout=Expected(Match.EXACT, "ab\n")), Program(b"ab"), "stdout must be exact 'ab\\n', but is 'ab'"),
        (CommandCheck("x", stdout=Expected(Match.EXACT, "ab\n")), Program(b"", b"ab\n"), "stdout must be exact"),
        (CommandCheck("x", stderr=Expected(Match.CONTAINS, "b")), Program(b"", b"abc"), ""),
        (CommandCheck("x", stderr=Expected(Match.CONTAINS, "b")), Program(b"b", b""), "stderr must be contains 'b'"),
        (CommandCheck("x", stdout=Expected(Match.CONTAINS, "a")), Program(b"a", ended=ends(dropped_bytes=1)), "printed more than"),
    ],
)
async def test_a_command_is_judged_by_how_it_ended_and_what_it_printed(body: CommandCheck, program: Program, reason: str) -> None:
    """The verdict is the server's, from the true end and the whole output; the reason says what was expected and what came."""
    result = await outcome(body, program)
    assert result.passed is (reason == "")
    assert reason in result.reason


async def test_markers_in_the_output_are_worth_nothing() -> None:
    """Whatever a program prints about its success, its end counts."""
    forged = b"PASSED\n::codecraft-check ok::\n" + b'{"passed": true, "score": 1.0}\n'
    assert not (await outcome(TRUE, Program(forged, forged, ends(exit_code=1)))).passed


async def test_output_in_many_pieces_is_put_together() -> None:
    """Output larger than one event is compared as a whole."""
    big = bytes(range(65, 91)) * 10_000
    assert (await outcome(CommandCheck("x", stdout=Expected(Match.EXACT, big.decode())), Program(big))).passed


async def test_a_lost_sandbox_passes_through() -> None:
    """Losing the sandbox is neither the learner's failure nor the grader's verdict."""
    with pytest.raises(SandboxLostError):
        await outcome(TRUE, SandboxLostError("gone", "killed"))


async def test_a_missing_interpreter_is_the_tasks_fault() -> None:
    """An image without the program that a check needs can't be held against the learner."""
    missing = FileProblem(FileProblemKind.NOT_FOUND, "no such file")
    found = await fault(task(check(TRUE)), ScriptedSandbox(answers=[missing, missing]))
    assert found.kind is FaultKind.TASK_BROKEN
    assert "/bin/sh" in found.message


@pytest.mark.parametrize("kind", [FileProblemKind.TOO_LARGE, FileProblemKind.INVALID])
async def test_a_check_that_no_frame_can_carry_is_the_tasks_fault(kind: FileProblemKind) -> None:
    """What is started is the task's word alone, so a start that is refused for it is no failure of the learner's."""
    found = await fault(task(check(TRUE)), ScriptedSandbox(answers=[FileProblem(kind, "too long")]))
    assert found.kind is FaultKind.TASK_BROKEN


@each("kind", [FileProblemKind.NOT_FOUND, FileProblemKind.PERMISSION, FileProblemKind.NO_SPACE])
async def test_a_working_directory_that_the_learner_broke_fails_the_check(kind: FileProblemKind) -> None:
    """Where the program starts elsewhere, what kept it from starting here was the learner's doing."""
    sandbox = ScriptedSandbox(answers=[FileProblem(kind, "the directory is shut")])
    verdict = await graded(task(check(TRUE)), sandbox)
    assert "could not be started: the directory is shut" in verdict.checks[0].reason
    assert (sandbox.executed[1].cwd, sandbox.executed[1].hidden_dir) == (b"/", False)


async def test_a_learner_who_is_root_can_not_turn_failure_into_a_fault() -> None:
    """Root may remove /bin/sh; then its checks fail, for a fault would spare it the failure."""
    missing = FileProblem(FileProblemKind.NOT_FOUND, "no such file")
    verdict = await graded(task(check(TRUE), root=True), ScriptedSandbox(answers=[missing, missing]))
    assert not verdict.checks[0].passed


@each("kind", [FileProblemKind.IO, FileProblemKind.BUSY, FileProblemKind.LIMIT])
async def test_a_problem_of_the_service_is_the_graders_fault(kind: FileProblemKind) -> None:
    """What the learner can't cause is no failed check, be it a program or a file that is looked at."""
    assert (await fault(task(check(TRUE)), ScriptedSandbox(answers=[FileProblem(kind, "x")]))).kind is FaultKind.GRADER_FAILED
    sandbox = ScriptedSandbox(files={b"/home/box/f": kind})
    assert (await fault(task(check(FileCheck("f"))), sandbox)).kind is FaultKind.GRADER_FAILED


async def test_an_interrupted_check_is_the_graders_fault() -> None:
    """Only the service interrupts a check."""
    interrupted = Program(ended=ends(EndReason.INTERRUPTED, None))
    assert (await fault(task(check(TRUE)), ScriptedSandbox(answers=[interrupted]))).kind is FaultKind.GRADER_FAILED


@pytest.mark.parametrize("ended_after", [1, None])
async def test_processes_of_a_check_that_are_slow_to_end_are_no_fault(ended_after: int | None) -> None:
    """They are waited for and change nothing of the verdict; those that never go fail the check."""
    sandbox = ScriptedSandbox(answers=[Program(ended=ends(unkilled=1))])
    sandbox.kills = iter([0] + [7] * ended_after + [0]) if ended_after else itertools.chain([0], itertools.repeat(7))
    grade = await graded(task(check(TRUE)), sandbox)
    assert grade.checks[0].reason == ("" if ended_after else "it started processes that took too long to end")


async def test_processes_of_the_agent_that_are_slow_to_end_are_waited_for() -> None:
    """How many and how heavy they are is the agent's doing."""
    sandbox = ScriptedSandbox()
    sandbox.kills = iter([7, 7, 0])
    assert (await graded(task(check(TRUE)), sandbox)).passed


@pytest.mark.parametrize("cause", ["oom", "overdue"])
async def test_a_check_that_takes_its_sandbox_along_fails_and_so_does_what_follows(cause: str) -> None:
    """By what it holds it could have its sandbox lost at will; that must not save it from its score."""
    sandbox = ScriptedSandbox(answers=[Program(), SandboxLostError("lost", cause), SandboxLostError("lost", cause)])
    grade = await graded(task(check(TRUE, "a"), check(TRUE, "b"), check(TRUE, "c")), sandbox)
    assert [each.passed for each in grade.checks] == [True, False, False]
    assert grade.checks[2].reason == "the sandbox was lost: lost"


async def test_a_check_that_never_ends_is_a_fault() -> None:
    """Its program has a limit of its own, so what hangs is the service; it is given up after the check's time and some slack."""
    hanging = replace(check(TRUE), timeout_s=0.0)
    with pytest.raises(GradingFault, match="longer than it may"):
        await graded(task(hanging), ScriptedSandbox(answers=[Program(hangs=True)]), bounds=GradingBounds(slack_s=0.05))


async def test_a_cancelled_grading_ends_its_program() -> None:
    """Who stops waiting for a grading leaves nothing running."""
    program = Program(hangs=True)
    running = asyncio.create_task(graded(task(check(TRUE)), ScriptedSandbox(answers=[program])))
    await program.waiting.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert program.interrupted


DIRECTORY = FileEntry(b"", FileType.DIRECTORY, 0, 0o755)
FIFO = FileEntry(b"", FileType.OTHER, 0, 0o644)


@each(
    ("body", "files", "links", "reason"),
    [
        (FileCheck("f"), {b"/home/box/f": b""}, {}, ""),
        (FileCheck("/abs"), {b"/abs": b""}, {}, ""),
        (FileCheck("f"), {}, {}, "f can't be looked at: not_found"),
        (FileCheck("f"), {b"/home/box/f": FileProblemKind.PERMISSION}, {}, "permission"),
        (FileCheck("f"), {b"/home/box/f": DIRECTORY}, {}, "must be a file, but is a dir"),
        (FileCheck("f"), {b"/home/box/f": FIFO}, {}, "must be a file, but is a other"),
        (FileCheck("d", directory=True), {b"/home/box/d": DIRECTORY}, {}, ""),
        (FileCheck("d", directory=True), {b"/home/box/d": b""}, {}, "must be a dir, but is a file"),
        (FileCheck("d", directory=True), {b"/else": DIRECTORY}, {b"/home/box/d": b"/else"}, "must be a dir, but is a link"),
        (FileCheck("f"), {b"/else": b"x"}, {b"/home/box/f": b"/else"}, ""),
        (FileCheck("f"), {b"/else": FIFO}, {b"/home/box/f": b"/else"}, "must be a file, but is a link"),
        (FileCheck("f"), {}, {b"/home/box/f": b"/else"}, "must be a file, but is a link"),
        (FileCheck("f", exists=False), {}, {}, ""),
        (FileCheck("f", exists=False), {b"/home/box/f": FileProblemKind.NOT_DIRECTORY}, {}, ""),
        (FileCheck("f", exists=False), {b"/home/box/f": b""}, {}, "must not exist, but is a file"),
        (FileCheck("f", exists=False), {}, {b"/home/box/f": b"/else"}, "must not exist, but is a link"),
        (FileCheck("f", exists=False), {b"/home/box/f": FileProblemKind.PERMISSION}, {}, "can't be looked at"),
        (FileCheck("f", mode=0o644), {b"/home/box/f": b""}, {}, ""),
        (FileCheck("f", mode=0o755), {b"/home/box/f": b""}, {}, "must have mode 0755, but has 0644"),
        (FileCheck("f", content=Expected(Match.EXACT, "x")), {b"/home/box/f": b"x"}, {}, ""),
        (FileCheck("f", content=Expected(Match.EXACT, "x")), {b"/home/box/f": b"y"}, {}, "f must be exact 'x', but is 'y'"),
        (FileCheck("f", content=Expected(Match.EXACT, "x")), {b"/home/box/f": b"x" * (2 * MIB)}, {}, "larger than"),
        (FileCheck("f", content=Expected(Match.EXACT, "x" * MIB)), {b"/home/box/f": b"x" * MIB}, {}, ""),
        (FileCheck("f", content=Expected(Match.CSV, "a,b\n")), {b"/home/box/f": b'"a",b\r\n'}, {}, ""),
        (FileCheck("f", sha256="2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"), {b"/home/box/f": b"x"}, {}, ""),
        (FileCheck("f", sha256="0" * 64), {b"/home/box/f": b"x"}, {}, "must have SHA-256 0000"),
    ],
)
async def test_a_file_is_judged_as_the_agent_could_see_it(
    body: FileCheck, files: dict[bytes, Node], links: dict[bytes, bytes], reason: str
) -> None:
    """A link counts as the regular file it leads to and as nothing else; what can't be looked at is not there to be judged."""
    result = await outcome(body, files=files, links=links)
    assert result.passed is (reason == "")
    assert reason in result.reason


PASS, FAIL = Program(), Program(ended=ends(exit_code=1))


@each(
    ("aggregate", "pass_score", "answers", "score", "passed"),
    [
        (Aggregate.ALL, 1.0, [PASS, PASS, PASS], 1.0, True),
        (Aggregate.ALL, 1.0, [PASS, FAIL, PASS], 0.0, False),
        (Aggregate.WEIGHTED, 1.0, [PASS, PASS, PASS], 1.0, True),
        (Aggregate.WEIGHTED, 0.5, [PASS, FAIL, PASS], 0.6, True),
        (Aggregate.WEIGHTED, 0.7, [PASS, FAIL, PASS], 0.6, False),
        (Aggregate.WEIGHTED, 0.1, [FAIL, FAIL, FAIL], 0.0, False),
    ],
)
async def test_the_score_is_added_up_as_the_task_says(
    aggregate: Aggregate, pass_score: float, answers: list[Answer], score: float, passed: bool
) -> None:
    """All or nothing, or the weights of what passed; the pass mark decides about passing."""
    checks = [check(TRUE, name, weight) for name, weight in (("a", 0.3), ("b", 0.4), ("c", 0.3))]
    sandbox = ScriptedSandbox(answers=list(answers))
    verdict = await graded(task(*checks, aggregate=aggregate, pass_score=pass_score), sandbox)
    assert verdict.score == pytest.approx(score)
    assert verdict.passed is passed


async def test_all_checks_passed_is_exactly_one() -> None:
    """Rounding of weights never costs the pass mark."""
    checks = [check(TRUE, str(number), 1 / 49) for number in range(49)]
    verdict = await graded(task(*checks, aggregate=Aggregate.WEIGHTED), ScriptedSandbox())
    assert verdict.score == 1.0


async def test_reasons_are_bounded_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A check's reason is for the log, and no learner can make the log large."""
    caplog.set_level(logging.DEBUG)
    body = CommandCheck("x", stdout=Expected(Match.EXACT, "y" * 5000))
    result = await outcome(body, Program("\u2028".encode() * 100_000))
    assert len(result.reason) <= 2000
    assert result.reason in caplog.text
