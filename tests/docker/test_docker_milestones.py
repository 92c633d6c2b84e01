"""Milestones in real containers: one moment of what moves, nothing that a learner does is a fault, and nothing is left behind."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import cast

import pytest
from contract.sandbox_contract import SPEC, run
from docker_helpers import Opener
from grading_helpers import _Rooms, task_of

from codecraft_server.grading import Grader
from codecraft_server.grading.milestones import Milestones
from codecraft_server.layout import lay_out
from codecraft_server.sandbox import Limits, Look, Sandbox, Sandboxes, SandboxSpec
from codecraft_server.settings import MIB, GradingBounds, GradingSettings
from codecraft_server.task import Task

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

DEBIAN = replace(  # noqa: S604 - `shell` is a path in the sandbox
    SPEC,
    image="codecraft/debian:1",
    shell=b"/bin/bash",
    limits=Limits(cpus=2.0, memory_bytes=512 * MIB, disk_bytes=240 * MIB, pids=256),
)
SHELLS = {"ash": SPEC, "bash": DEBIAN}
# Writes a megabyte of one digit over a megabyte of another, for ever.
WRITER = b"""python3 -c '
import itertools, os
file = os.open("moving", os.O_CREAT | os.O_RDWR)
for digit in itertools.cycle(b"0123456789"):
    for piece in range(256):
        os.pwrite(file, bytes([digit]) * 4096, piece * 4096)
' >/dev/null 2>&1 & while [ ! -s moving ]; do sleep 0.01; done; sleep 0.2"""
STORM = b"b() { while :; do (sleep 0.01 &); done; }; for i in 1 2 3 4 5 6; do b >/dev/null 2>&1 & done"
BOMB = b"b() { b | b & }; b >/dev/null 2>&1"

Asked = Callable[..., Awaitable[tuple[bool, ...]]]


async def milestones_of(folder: Path, *entries: dict[str, object]) -> Task:
    """A task with these milestones, as an author would write them."""
    return await task_of(folder, {"id": "c", "kind": "file", "path": "x"}, milestones=[{"id": f"m{n}", **e} for n, e in enumerate(entries)])


async def laid_out(opened: Opener, task: Task) -> Sandbox:
    sandbox: Sandbox = await opened(task.sandbox)
    await lay_out(task, sandbox, lambda _: None)
    return sandbox


def asking(opened: Opener, task: Task) -> Milestones:
    return Milestones(task, Grader(cast("Sandboxes", _Rooms(opened)), GradingSettings()), GradingBounds())


async def test_a_look_sees_one_moment(opened: Opener) -> None:
    """Two looks at a file that is being written all the time see the same bytes if they are one request; the writer goes on after it."""
    sandbox = await opened(DEBIAN)
    await run(sandbox, WRITER, timeout_s=20.0)
    seen = []
    for _ in range(20):
        first, second = await sandbox.look([Look(b"moving", MIB, MIB), Look(b"moving", MIB, MIB)])
        assert (first.content, first.sha256) == (second.content, second.sha256)
        assert len(set(first.content)) <= 2, "a file was seen at more than one moment"
        seen.append(first.sha256)
    assert len(set(seen)) > 1, "the writer does not go on"


async def test_without_standing_still_more_than_one_moment_is_seen(opened: Opener) -> None:
    """The positive control: the same file, read twice while its writer runs, is not the same."""
    sandbox = await opened(DEBIAN)
    await run(sandbox, WRITER, timeout_s=20.0)
    pairs = [[(await sandbox.read_file(b"moving", offset=0, max_bytes=MIB)).data for _ in range(2)] for _ in range(10)]
    assert any(first != second for first, second in pairs)


@pytest.mark.parametrize("line", [STORM, BOMB], ids=["storm", "bomb"])
@pytest.mark.parametrize("spec", SHELLS.values(), ids=SHELLS)
async def test_a_fork_bomb_is_no_fault(opened: Opener, spec: SandboxSpec, line: bytes) -> None:
    """However fast processes come and go, all of them are stopped, and what there is is seen."""
    sandbox = await opened(spec)
    await sandbox.write_file(b"there", b"", mode=None, offset=None)
    await run(sandbox, line, timeout_s=5.0)
    for _ in range(5):
        (seen,) = await sandbox.look([Look(b"there", 10)])
        assert seen.whole
    await sandbox.kill_all()


@pytest.mark.parametrize("spec", SHELLS.values(), ids=SHELLS)
async def test_what_the_agent_had_stopped_stays_stopped(opened: Opener, spec: SandboxSpec) -> None:
    """A look lets go what it stopped, and nothing else."""
    sandbox = await opened(spec)
    await run(sandbox, b"sleep 1000 & kill -STOP $!; stopped=$!; sleep 1000 & going=$!")
    await sandbox.look([Look(b"/workspace")])
    after = await run(sandbox, b"cut -d' ' -f3 /proc/$stopped/stat; cut -d' ' -f3 /proc/$going/stat")
    stopped, going = after.text().split()
    assert stopped == b"T"
    assert going in {b"S", b"R"}


# Holds a lease on the file that others must wait for.
LEASE = b"""echo hello >f; python3 -c '
import fcntl, os, time
fcntl.fcntl(os.open("f", os.O_RDWR), fcntl.F_SETLEASE, fcntl.F_WRLCK)
open("leased", "w").close()
time.sleep(600)
' >/dev/null 2>&1 & while [ ! -e leased ]; do sleep 0.01; done"""

NASTY = {
    "unreadable": b"echo hello >f; chmod 000 f",
    "a link that leads to itself": b"ln -s f f",
    "a link that leads nowhere": b"ln -s nowhere f",
    "a link to a device": b"ln -s /dev/zero f",
    "a link to the kernel's": b"ln -s /proc/self/environ f",
    "a pipe": b"mkfifo f",
    "a directory": b"mkdir f",
    "a directory that is shut": b"mkdir -p d; chmod 000 d",
    "huge": b"truncate -s 200M f",
    "a name too long": b"ln -s $(printf 'x%.0s' $(seq 1 300)) f",
    "leased": LEASE,
    "not there": b"true",
}


@pytest.mark.parametrize("line", NASTY.values(), ids=NASTY)
async def test_nothing_that_a_learner_puts_there_is_a_fault(opened: Opener, tmp_path: Path, line: bytes) -> None:
    """What can't be read, is no file, leads nowhere or is too large does not hold, and the next command runs as ever."""
    digest = "0" * 64
    task = await milestones_of(
        tmp_path,
        {"kind": "file", "path": "f", "content": {"contains": "hello"}},
        {"kind": "file", "path": "f", "sha256": digest},
        {"kind": "file", "path": "d/in", "content": {"exact": ""}},
        {"kind": "file", "path": ".", "directory": True},
    )
    sandbox = await laid_out(opened, task)
    await run(sandbox, line)
    assert await asking(opened, task).ask(sandbox) == (False, False, False, True)
    assert (await run(sandbox, b"echo on")).text() == b"on\n"


async def test_a_lease_keeps_no_program_from_being_asked(opened: Opener, tmp_path: Path) -> None:
    """Work that a process of the learner's shuts can't be copied, so nothing holds of it until it is open again."""
    task = await milestones_of(tmp_path, {"kind": "command", "command": "cat f"})
    sandbox = await laid_out(opened, task)
    asked = asking(opened, task)
    await run(sandbox, LEASE)
    assert await asked.ask(sandbox) == (False,)
    await run(sandbox, b"kill %1; wait")
    assert await asked.ask(sandbox) == (True,)


@pytest.mark.alone
async def test_programs_run_on_a_copy_that_the_agent_never_sees(opened: Opener, tmp_path: Path) -> None:
    """What a milestone executes runs on the work as it was, elsewhere and without a trace, and again only for other work."""
    task = await milestones_of(
        tmp_path,
        {"kind": "command", "command": "touch trace /tmp/trace; sh hello.sh", "stdout": {"normalized": "hello"}},
        {"kind": "file", "path": "hello.sh"},
    )
    sandbox = await laid_out(opened, task)
    asked, listing = asking(opened, task), b"ls -la --time-style=+ /workspace /tmp /home/agent /dev/shm; ps -e -o args | sort -u"
    assert await asked.ask(sandbox) == (False, False)
    await run(sandbox, b"echo 'echo hello' >hello.sh; while :; do echo >>/tmp/counted; sleep 0.05; done >/dev/null 2>&1 &")
    before = (await run(sandbox, listing)).text()
    assert await asked.ask(sandbox) == (True, True)
    after = (await run(sandbox, listing)).text()
    assert b"trace" not in after
    assert _without_counter(after) == _without_counter(before)
    began = time.monotonic()
    assert await asked.ask(sandbox) == (True, True)
    again_s = time.monotonic() - began
    await run(sandbox, b"echo 'echo goodbye' >hello.sh")
    began = time.monotonic()
    assert await asked.ask(sandbox) == (False, True)
    assert again_s < (time.monotonic() - began) / 2, "the same work was asked about again"


def _without_counter(listing: bytes) -> list[bytes]:
    return [line for line in listing.splitlines() if b"counted" not in line and b"sleep" not in line and not line.startswith(b"total")]


@pytest.mark.alone
async def test_looking_is_quick(opened: Opener) -> None:
    """Freeze, look and thaw are one request: their median is a small multiple of the least that a command costs, in the same run."""
    sandbox = await opened(DEBIAN)
    await run(sandbox, b"for i in 1 2 3; do sleep 100 & done; echo hello >f")
    looks, commands = [], []
    for _ in range(60):
        began = time.perf_counter()
        await sandbox.look([Look(b"f", MIB)])
        between = time.perf_counter()
        await run(sandbox, b":")
        looks.append(between - began)
        commands.append(time.perf_counter() - between)
    assert median(looks) < 10 * median(commands), (median(looks), median(commands))
