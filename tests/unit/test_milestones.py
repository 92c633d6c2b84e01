"""Asking milestones: what is looked at, what is executed and when, and whose failure is whose."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from fakes import a_check, a_task
from fakes.clock import FakeClock
from fakes.sandbox import FakeSandbox, FakeSandboxes
from fakes.tasks import SPEC

from codecraft_server.errors import SandboxLostError
from codecraft_server.grading.milestones import Milestones
from codecraft_server.grading.verdict import CheckResult, FaultKind, GradingFault
from codecraft_server.grading.work import Work
from codecraft_server.sandbox import FileProblem, FileProblemKind, Sandbox
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Check, CheckBody, Expected, FileCheck, Match, Task, Visibility

HELLO = Expected(Match.EXACT, "hello")


def milestone(check_id: str, body: CheckBody) -> Check:
    return Check(check_id, check_id, 1.0, 5.0, Visibility.HIDDEN, body)


class FakeExaminer:
    """An `Examiner` whose works have the digest it is told; `passes` are the checks that pass."""

    def __init__(self) -> None:
        self.digest = "one"
        self.passes: set[str] = set()
        self.asked: list[tuple[str, ...]] = []
        self.was_frozen: list[bool] = []
        self.error: Exception | None = None
        self.works: list[Work] = []
        self.slow = False

    async def copy(self, task: Task, sandbox: Sandbox) -> Work:
        """See Examiner."""
        del task
        assert isinstance(sandbox, FakeSandbox)
        self.was_frozen.append(sandbox.frozen)
        if self.slow:
            while sandbox.calls.count("freeze") < 3:  # noqa: ASYNC110 - renewed by the clock of this machine
                await asyncio.sleep(0.001)
        self.works.append(Work((), digest=self.digest))
        return self.works[-1]

    async def check(self, task: Task, checks: Sequence[Check], work: Work) -> tuple[CheckResult, ...]:
        """See Examiner."""
        del task, work
        self.asked.append(tuple(each.check_id for each in checks))
        if self.error is not None:
            raise self.error
        return tuple(CheckResult(each.check_id, each.title, each.check_id in self.passes, each.weight, shown=False) for each in checks)


@pytest.fixture
async def sandbox() -> FakeSandbox:
    return await FakeSandboxes(FakeClock()).open(SPEC, name="s", labels={}, progress=lambda _: None)


def asking(examiner: FakeExaminer, *milestones: Check, **bounds: Any) -> Milestones:
    return Milestones(a_task(milestones=milestones), examiner, GradingBounds(**bounds))


async def test_files_are_looked_at_where_they_are(sandbox: FakeSandbox) -> None:
    """All file milestones are looked at in one moment; nothing is copied or executed for them."""
    examiner = FakeExaminer()
    asked = asking(
        examiner,
        milestone("there", FileCheck("out.txt")),
        milestone("content", FileCheck("/workspace/out.txt", content=HELLO)),
        milestone("gone", FileCheck("old.txt", exists=False)),
        milestone("mode", FileCheck("out.txt", mode=0o755)),
        milestone("directory", FileCheck(".", directory=True)),
        milestone("hash", FileCheck("out.txt", sha256="2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")),
    )
    assert await asked.ask(sandbox) == (False, False, True, False, True, False)
    await sandbox.write_file(b"out.txt", b"hello", mode=0o755, offset=None)
    assert await asked.ask(sandbox) == (True,) * 6
    assert sandbox.calls == ["look", "write_file", "look"]
    assert examiner.works == []


async def test_many_files_are_looked_at_in_turns(sandbox: FakeSandbox) -> None:
    """More milestones than fit into one look need more looks, and all keep their places."""
    asked = asking(FakeExaminer(), *(milestone(f"m{n}", FileCheck(f"{n}")) for n in range(5)), looks=2)
    await sandbox.write_file(b"3", b"", mode=None, offset=None)
    assert await asked.ask(sandbox) == (False, False, False, True, False)
    assert sandbox.calls.count("look") == 3


@pytest.mark.parametrize("mode", [0o000, 0o600])
async def test_what_the_agent_may_not_read_does_not_hold(sandbox: FakeSandbox, mode: int) -> None:
    """A file that can't be read is the learner's affair, not a fault."""
    await sandbox.write_file(b"out.txt", b"hello", mode=mode, offset=None, as_root=True)
    assert await asking(FakeExaminer(), milestone("m", FileCheck("out.txt", content=HELLO))).ask(sandbox) == (False,)


async def test_a_file_that_is_too_large_does_not_hold(sandbox: FakeSandbox) -> None:
    """Content beyond the bound is not compared, a file beyond the other is not hashed; neither holds."""
    await sandbox.write_file(b"out.txt", b"hello", mode=None, offset=None)
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    checks = (milestone("c", FileCheck("out.txt", content=HELLO)), milestone("h", FileCheck("out.txt", sha256=digest)))
    assert await asking(FakeExaminer(), *checks, looked_bytes=4, looked_hashed_bytes=4).ask(sandbox) == (False, False)
    assert await asking(FakeExaminer(), *checks, looked_bytes=5, looked_hashed_bytes=5).ask(sandbox) == (True, True)


async def test_a_look_that_is_not_to_be_had_is_a_fault(sandbox: FakeSandbox) -> None:
    """Where the disk fails, nobody knows whether a milestone holds."""
    sandbox.fail_next = FileProblem(FileProblemKind.IO, "no")
    with pytest.raises(GradingFault) as fault:
        await asking(FakeExaminer(), milestone("m", FileCheck("out.txt"))).ask(sandbox)
    assert fault.value.kind is FaultKind.GRADER_FAILED


async def test_a_lost_sandbox_stays_lost(sandbox: FakeSandbox) -> None:
    """That the sandbox died is not made another error."""
    sandbox.lose()
    for body in (FileCheck("out.txt"), a_check().body):
        with pytest.raises(SandboxLostError):
            await asking(FakeExaminer(), milestone("m", body)).ask(sandbox)


async def test_programs_run_on_a_copy(sandbox: FakeSandbox) -> None:
    """The work is copied while everything stands still, all goes on before anything is run, and the copy is let go."""
    examiner = FakeExaminer()
    examiner.passes = {"runs"}
    asked = asking(examiner, milestone("there", FileCheck(".", directory=True)), milestone("runs", a_check().body))
    assert await asked.ask(sandbox) == (True, True)
    assert examiner.was_frozen == [True]
    assert not sandbox.frozen
    assert sandbox.calls == ["look", "freeze", "thaw"]
    assert examiner.asked == [("runs",)]
    with pytest.raises(GradingFault):
        await examiner.works[0].read()


async def test_the_same_work_is_not_asked_about_twice(sandbox: FakeSandbox) -> None:
    """A copy with the digest of the last one has the last one's answer; another work is asked about."""
    examiner = FakeExaminer()
    asked = asking(examiner, milestone("runs", a_check().body))
    assert await asked.ask(sandbox) == (False,)
    examiner.passes = {"runs"}
    assert await asked.ask(sandbox) == (False,)
    assert len(examiner.asked) == 1
    examiner.digest = "two"
    assert await asked.ask(sandbox) == (True,)
    assert len(examiner.asked) == 2
    assert len(examiner.works) == 3


async def test_an_answer_that_failed_is_not_remembered(sandbox: FakeSandbox) -> None:
    """After a fault the same work is asked about again."""
    examiner = FakeExaminer()
    examiner.error = GradingFault(FaultKind.GRADER_FAILED, "m")
    asked = asking(examiner, milestone("runs", a_check().body))
    with pytest.raises(GradingFault):
        await asked.ask(sandbox)
    examiner.error, examiner.passes = None, {"runs"}
    assert await asked.ask(sandbox) == (True,)


async def test_a_freeze_is_renewed_while_the_copy_takes_long(sandbox: FakeSandbox) -> None:
    """A freeze ends by itself, so it is renewed as long as somebody copies, and ended then."""
    examiner = FakeExaminer()
    examiner.slow = True
    async with asyncio.timeout(10):
        await asking(examiner, milestone("runs", a_check().body), hold_s=0.01).ask(sandbox)
    assert not sandbox.frozen
    assert sandbox.calls[-1] == "thaw"


async def test_what_can_not_be_stopped_is_the_agents_doing_and_holds_nothing(sandbox: FakeSandbox) -> None:
    """A copy of what moves is no copy: nothing is asked, and what was stopped goes on. A fault would be the agent's to choose."""
    sandbox.unstoppable = 2
    assert await asking(FakeExaminer(), milestone("runs", a_check().body), stop_tries=3).ask(sandbox) == (False,)
    assert sandbox.calls == ["freeze", "freeze", "freeze", "thaw"]


async def test_a_look_waits_for_what_is_slow_to_stop(sandbox: FakeSandbox) -> None:
    """What moves at first is frozen, and looked at when it stands."""
    await sandbox.write_file(b"made", b"x", mode=None, offset=None)
    sandbox.fail_next = FileProblem(FileProblemKind.BUSY, "not every process could be stopped")
    sandbox.calls.clear()
    assert await asking(FakeExaminer(), milestone("made", FileCheck("made"))).ask(sandbox) == (True,)
    assert sandbox.calls == ["look", "freeze", "look", "thaw"]


async def test_a_look_at_what_never_stops_holds_nothing(sandbox: FakeSandbox) -> None:
    """As above: it is no fault."""
    await sandbox.write_file(b"made", b"x", mode=None, offset=None)
    sandbox.fail_next = FileProblem(FileProblemKind.BUSY, "not every process could be stopped")
    sandbox.unstoppable = 1
    assert await asking(FakeExaminer(), milestone("made", FileCheck("made")), stop_tries=2).ask(sandbox) == (False,)
