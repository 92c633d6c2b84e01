"""Grading of a copy in a fresh sandbox, over fake sandboxes: what is copied, where it lands, and what fails how."""

import asyncio
import io
import tarfile
from dataclasses import replace
from typing import Any

import pytest
from fakes import FakeSandbox, FakeSandboxes, a_task, settle

from codecraft_server.errors import EngineUnavailableError, ImageUnavailableError, SandboxLostError, SandboxStartError
from codecraft_server.grading import Grader, Work
from codecraft_server.grading.verdict import CheckResult, FaultKind, Grade, GradingFault, Phase, PhaseBegan
from codecraft_server.grading.work import digest_of
from codecraft_server.sandbox import FileProblem, FileProblemKind, Origin
from codecraft_server.settings import GradingBounds, GradingSettings
from codecraft_server.task import Check, CommandCheck, Expected, FileCheck, GradingPlace, Match, Task, TaskFile, Visibility

READS = FileCheck("out.txt", content=Expected(Match.NORMALIZED, "right"))


def reading(**changes: Any) -> Task:
    """A task whose check reads a file."""
    return a_task(checks=(Check("c", "C", 1.0, 5.0, Visibility.RESULT, READS),), **changes)


class Bench:
    """A grader, an agent's sandbox, and what was told."""

    def __init__(self, bounds: GradingBounds | None = None, **settings: Any) -> None:
        self.sandboxes = FakeSandboxes()
        self.grader = Grader(self.sandboxes, replace(GradingSettings(), **settings), bounds)
        self.told: list[PhaseBegan | CheckResult] = []
        self.works: list[Work] = []

    async def agents(self, task: Task, content: bytes = b"right\n") -> FakeSandbox:
        """A sandbox in which an agent has written out.txt."""
        sandbox = await self.sandboxes.open(task.sandbox, name="agent", labels={}, progress=lambda _: None)
        await sandbox.write_file(b"out.txt", content, mode=0o600, offset=None)
        return sandbox

    async def collect(self, task: Task, sandbox: FakeSandbox | None = None) -> Work:
        """Copy the work of a sandbox."""
        work = await self.grader.collect(task, sandbox or await self.agents(task), self.told.append)
        assert work is not None
        self.works.append(work)
        return work

    async def grade(self, task: Task, work: Work) -> Grade:
        """Judge a work."""
        return await self.grader.grade(task, work, self.told.append)

    async def leave(self) -> None:
        """Close everything; no sandbox to grade in may be open."""
        assert {sandbox.name for sandbox in self.sandboxes.alive} <= {"agent"}
        for work in self.works:
            await work.close()
        await self.sandboxes.__aexit__(None, None, None)


@pytest.fixture
async def bench() -> Any:
    """One with default bounds."""
    made = Bench()
    yield made
    await made.leave()


async def test_a_copy_is_judged_in_a_sandbox_of_its_own(bench: Bench) -> None:
    """Same spec without a network, laid out as at Reset; the work replaces what was laid out; the agent's sandbox is not touched again."""
    task = reading(files=(TaskFile("out.txt", b"wrong\n", 0o644), TaskFile("other", b"", 0o644), TaskFile("/tmp/kept", b"", 0o644)))  # noqa: S108
    task = replace(task, sandbox=replace(task.sandbox, network=True))
    agents = await bench.agents(task)
    work = await bench.collect(task, agents)
    asked = list(agents.calls)
    grade = await bench.grade(task, work)
    assert (grade.score, grade.place, grade.origin, grade.work_digest) == (1.0, GradingPlace.FRESH, Origin.COLD, work.digest)
    fresh = bench.sandboxes.made[-1]
    assert (fresh.spec, fresh.closed) == (replace(task.sandbox, network=False), True)
    assert (agents.calls, agents.executions) == (asked, [])
    assert fresh.files.is_directory(b"/workspace")
    with pytest.raises(FileProblem, match="no such file"):
        fresh.files.stat(b"/workspace/other")
    assert fresh.files.stat(b"/workspace/out.txt").mode == 0o600
    assert fresh.files.stat(b"/tmp/kept")
    phases = [event.phase for event in bench.told if isinstance(event, PhaseBegan)]
    assert phases == [Phase.FREEZING, Phase.COPYING, Phase.PREPARING, Phase.CHECKING]


async def test_setup_is_done_again_for_what_it_leaves_beside_the_work(bench: Bench) -> None:
    """No copy has what it wrote outside of the grading paths (a remote repository, say), and checks may need it."""
    task = reading(setup=("echo beside",))
    work = await bench.collect(task)
    assert (await bench.grade(task, work)).passed
    assert (b"/bin/sh", b"-c", b"echo beside") in [execution.argv for execution in bench.sandboxes.made[-1].executions]


async def test_a_task_graded_in_place_has_no_copy(bench: Bench) -> None:
    """Its own sandbox is judged, all processes having been ended."""
    task = reading(grading_place=GradingPlace.IN_PLACE)
    agents = await bench.agents(task)
    assert await bench.grader.collect(task, agents, bench.told.append) is None
    grade = await bench.grader.grade(task, agents, bench.told.append)
    assert (grade.score, grade.place, grade.work_digest, len(bench.sandboxes.made)) == (1.0, GradingPlace.IN_PLACE, "", 1)
    assert agents.calls.index("kill_all") < agents.calls.index("read_file")


@pytest.mark.parametrize(
    "kind", [FileProblemKind.TOO_LARGE, FileProblemKind.NOT_DIRECTORY, FileProblemKind.PERMISSION, FileProblemKind.LOOP]
)
async def test_what_can_not_be_copied_by_the_learners_doing_fails_every_check(bench: Bench, kind: FileProblemKind) -> None:
    """It is a work like any other, whose grade is 0 with a reason; no sandbox is opened for it."""
    task = reading()
    agents = await bench.agents(task)
    agents.pack = _raising(FileProblem(kind, "x"))  # type: ignore[method-assign]
    work = await bench.collect(task, agents)
    grade = await bench.grade(task, work)
    assert (grade.score, grade.passed, grade.place) == (0.0, False, GradingPlace.FRESH)
    assert grade.problem == work.problem == grade.checks[0].reason != ""
    assert grade.checks[0] in bench.told
    assert (await bench.grader.check(task, task.checks, work))[0].passed is False
    assert len(bench.sandboxes.made) == 1


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (FileProblemKind.IO, FaultKind.GRADER_FAILED),
        (FileProblemKind.LIMIT, FaultKind.GRADER_FAILED),
        (FileProblemKind.BUSY, FaultKind.GRADER_FAILED),
        (FileProblemKind.INVALID, FaultKind.TASK_BROKEN),
    ],
)
async def test_what_can_not_be_copied_otherwise_is_a_fault(bench: Bench, kind: FileProblemKind, fault: FaultKind) -> None:
    """The service's and the task's failures cost nobody a reward."""
    task = reading()
    agents = await bench.agents(task)
    agents.pack = _raising(FileProblem(kind, "x"))  # type: ignore[method-assign]
    with pytest.raises(GradingFault) as caught:
        await bench.collect(task, agents)
    assert caught.value.kind is fault


def _raising(error: Exception) -> Any:
    async def refuse(*_: Any, **__: Any) -> None:
        raise error

    return refuse


async def test_work_that_does_not_fit_fails(bench: Bench) -> None:
    """What has no room in a fresh sandbox scores 0 and says so; it is no fault, for the learner could have it come about."""
    task = reading()
    work = await bench.collect(task)
    bench.sandboxes.opened = _with("unpack", FileProblem(FileProblemKind.NO_SPACE, "no space left"))
    grade = await bench.grade(task, work)
    assert (grade.score, "does not fit" in grade.problem) == (0.0, True)


async def test_work_that_can_not_be_put_there_otherwise_is_a_fault(bench: Bench) -> None:
    """Whatever else the guest says to the archive is not the learner's."""
    task = reading()
    work = await bench.collect(task)
    bench.sandboxes.opened = _with("unpack", FileProblem(FileProblemKind.INVALID, "no archive"))
    with pytest.raises(GradingFault, match="put into"):
        await bench.grade(task, work)


def _with(method: str, error: Exception) -> Any:
    return lambda sandbox: setattr(sandbox, method, _raising(error))


@pytest.mark.parametrize("error", [SandboxStartError("x"), SandboxLostError("x", "killed")])
async def test_another_sandbox_is_tried_once(bench: Bench, error: Exception) -> None:
    """A fresh sandbox that can't start, or is lost before the checks begin, is replaced by one other; then it is a fault."""
    task = reading()
    work = await bench.collect(task)
    bench.sandboxes.failures = [error]
    assert (await bench.grade(task, work)).score == 1.0
    bench.sandboxes.failures = [error, error]
    with pytest.raises(type(error)):
        await bench.grade(task, work)


@pytest.mark.parametrize("error", [EngineUnavailableError("x"), ImageUnavailableError("i", "gone", "pull it")])
async def test_what_another_sandbox_would_not_help_is_not_tried(bench: Bench, error: Exception) -> None:
    """An engine or an image that is gone is a fault at once."""
    task = reading()
    work = await bench.collect(task)
    bench.sandboxes.failures = [error]
    with pytest.raises(type(error)):
        await bench.grade(task, work)
    assert not bench.sandboxes.failures


async def test_a_sandbox_lost_while_it_checks_is_a_fault_and_not_tried_again(bench: Bench) -> None:
    """What was told of its checks would be told twice."""
    task = reading()
    work = await bench.collect(task)
    bench.sandboxes.opened = lambda sandbox: setattr(sandbox, "read_file", _raising(SandboxLostError("x", "killed")))
    with pytest.raises(SandboxLostError):
        await bench.grade(task, work)
    assert len(bench.sandboxes.made) == 2


async def test_a_task_that_can_not_be_laid_out_anew_is_a_fault(bench: Bench) -> None:
    """It could be at Reset, so it may be another time: not TASK_BROKEN."""
    task = reading(setup=("exit 1",))
    work = await bench.collect(task)
    with pytest.raises(GradingFault) as caught:
        await bench.grade(task, work)
    assert caught.value.kind is FaultKind.GRADER_FAILED


async def test_a_sandbox_that_is_not_ready_in_time_is_a_fault() -> None:
    """An open that hangs is given up, and its place with it."""
    bench = Bench(GradingBounds(prepare_s=0.05), places=1)
    task = reading()
    work = await bench.collect(task)
    bench.sandboxes.starting = asyncio.Event()
    with pytest.raises(GradingFault, match="in time"):
        await bench.grade(task, work)
    assert (bench.grader.gradings, bench.grader.queued, bench.sandboxes.opening) == (0, 0, 0)
    await bench.leave()


async def test_who_finds_no_place_waits_in_turn() -> None:
    """As many as there are places are judged at once; the others are told that they wait, and are judged after that."""
    bench = Bench(places=1)
    task = reading()
    work = await bench.collect(task)
    bench.sandboxes.starting = asyncio.Event()
    told: list[list[Any]] = [[], [], []]
    gradings = [asyncio.create_task(bench.grader.grade(task, work, seen.append)) for seen in told]
    await settle()
    assert (bench.grader.gradings, bench.grader.queued) == (1, 2)
    assert [PhaseBegan(Phase.WAITING, 1) in seen for seen in told] == [False, True, True]
    bench.sandboxes.starting.set()
    assert [(await grading).score for grading in gradings] == [1.0] * 3
    assert (bench.grader.gradings, bench.grader.queued) == (0, 0)
    await bench.leave()


async def test_a_cancelled_grading_leaves_nothing() -> None:
    """Neither place nor sandbox, whether it waits, prepares or checks."""
    bench = Bench(places=1)
    task = a_task(checks=(Check("c", "C", 1.0, 60.0, Visibility.RESULT, CommandCheck("sleep 60")),))
    work = await bench.collect(task)
    gradings = [asyncio.create_task(bench.grade(task, work)) for _ in range(2)]
    async with asyncio.timeout(5):
        while PhaseBegan(Phase.CHECKING, 1) not in bench.told:  # noqa: ASYNC110 - nobody tells when
            await asyncio.sleep(0)
    for grading in gradings:
        grading.cancel()
    await asyncio.wait(gradings)
    assert (bench.grader.gradings, bench.grader.queued) == (0, 0)
    await bench.leave()


async def test_a_closed_work_can_not_be_read(bench: Bench) -> None:
    """What is no longer kept is a fault, and nothing else's bytes."""
    work = await bench.collect(reading())
    assert len(await work.read()) == work.size > 0
    await work.close()
    await work.close()
    with pytest.raises(GradingFault, match="no longer kept"):
        await work.read()


def _archive(time: int, *names: str, content: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.mtime, member.size = time, len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type, link.linkname, link.mtime = tarfile.SYMTYPE, names[0], time
        archive.addfile(link)
    return buffer.getvalue()


def test_a_digest_has_no_time_in_it() -> None:
    """Names, content and links count, however long; times do not, nor does what looks like a header within a content."""
    long = "d/" * 80 + "f"
    nested = _archive(1, "inner")
    same = [digest_of(_archive(time, "a", long, content=nested)) for time in (0, 1, 2**31)]
    assert len(set(same)) == 1
    others = [_archive(1, "a", long + "g", content=nested), _archive(1, "a", long, content=_archive(2, "inner")), _archive(1, "a")]
    assert len({same[0], *map(digest_of, others)}) == 4
