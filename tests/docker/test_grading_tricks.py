"""What a learner can do to its own files before it submits, in real containers: all of it ends in a grade, and soon. None is a fault.

A fault has no reward; who fears to fail would provoke one.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from grading_helpers import Opener, judge, reasons, task_of, verdict
from shipped import SHIPPED

from codecraft_server.grading.verdict import FaultKind, Grade, GradingFault
from codecraft_server.task import Check, CommandCheck, Deed, Expected, FileCheck, GradingPlace, Match, Task, TaskFile, Visibility

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

HELLO = SHIPPED.get("1")
SOON_S = 60.0


def looking(command: str, printed: str, **changes: object) -> Task:
    """Task 1 with one other check: what a command line prints."""
    body = CommandCheck(command, stdout=Expected(Match.NORMALIZED, printed))
    return replace(HELLO, checks=(Check("c", "C", 1.0, 10.0, Visibility.RESULT, body),), **changes)  # type: ignore[arg-type]


async def judged(opened: Opener, task: Task, *deeds: Deed) -> Grade:
    """Lay out, do, grade: within the time that a submission may take."""
    return await verdict(opened, task, deeds, within_s=SOON_S)


@pytest.mark.parametrize(
    ("name", "deed"),
    [
        ("a file that nobody may read", "echo x > x; chmod 000 x"),
        ("a directory that nobody may enter", "mkdir -p d/e; touch d/e/f; chmod 000 d/e d"),
        ("a FIFO", "mkfifo fifo"),
        ("a socket", "python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('s')\""),
        ("hard links", "echo x > a; for i in $(seq 100); do ln a b$i; done"),
        ("links out of the tree", "ln -s /etc/shadow s; ln -s /proc/1 p; ln -s / r; ln -s ../../../etc e; ln -s l l"),
        (
            "names that are no text",
            "python3 -c \"import os; [open(n, 'w') for n in (b'\\xff\\xfe', b'a\\nb', b'-rf', b'a\\\\b', b'n' * 255)]\"",
        ),
        ("a deep tree", "python3 -c \"import os\nfor i in range(200): os.mkdir('d'); os.chdir('d')\""),
        ("long names deep down", "python3 -c \"import os\nfor i in range(100): os.mkdir('d' * 250); os.chdir('d' * 250)\""),
        ("set-user-ID bits", "cp /bin/true t; chmod 6777 t; mkdir d; chmod 1777 d"),
        ("times before and after all time", "touch -d @-99999999 old; touch -d @99999999999 new"),
        ("an immutable wish", "chattr +i hello.py; setfattr -n user.x -v y hello.py; true"),
        ("a background writer", "(while :; do date > now; done) > /dev/null 2>&1 &"),
        ("an open, deleted file", "sleep 1000 3> gone & rm gone"),
        ("a link in the place of /tmp's files", "ln -s /tmp t; touch /tmp/x"),
    ],
)
async def test_odd_files_beside_right_work_change_nothing(name: str, deed: str, opened: Opener) -> None:
    """Right work scores 1 whatever else lies there."""
    found = await judged(opened, HELLO, *HELLO.solution, deed)
    assert found.score == 1.0, (name, reasons(found), found.problem)
    assert found.place is GradingPlace.FRESH


@pytest.mark.parametrize(
    ("name", "deed", "problem"),
    [
        ("a sparse file", "truncate -s 100G sparse", "larger than"),
        ("too many files", "mkdir d; python3 -c \"for i in range(70000): open(f'd/{i}', 'w')\"", ""),
        ("a tree deeper than deep", "python3 -c \"import os\nfor i in range(300): os.mkdir('d'); os.chdir('d')\"", "larger than"),
        ("a file that fits only once", "head -c 40M /dev/urandom > a; ln a b", "larger than"),
        ("the directory shut", "chmod 000 .", ""),
        ("the disk full", "cat /dev/zero > full; rm hello.py", ""),
        ("all of it gone", "rm -rf ./* .[a-z]*", ""),
    ],
)
async def test_work_beyond_what_can_be_judged_fails(name: str, deed: str, problem: str, opened: Opener) -> None:
    """It scores 0, with a reason; it is no fault."""
    found = await judged(opened, HELLO, *HELLO.solution, deed)
    if name == "too many files" and not found.problem:
        return  # the sandbox's disk had no room for as many
    assert found.score == 0.0, name
    assert problem in found.problem, found.problem


async def test_unreadable_files_are_judged_as_they_are(opened: Opener) -> None:
    """Modes come along: a task may ask for a file that nobody may read."""
    body = FileCheck("secret", mode=0)
    task = replace(HELLO, checks=(Check("c", "C", 1.0, 10.0, Visibility.RESULT, body),))
    assert (await judged(opened, task, "echo x > secret; chmod 000 secret")).score == 1.0
    assert (await judged(opened, task, "echo x > secret")).score == 0.0


async def test_what_lies_outside_the_paths_does_not_come_along(opened: Opener) -> None:
    """Only the declared paths are copied: what else the agent left, in /tmp, its home or shared memory, is not there."""
    task = looking("cat /tmp/x /home/agent/x /dev/shm/x keep 2> /dev/null; true", "kept")
    assert (await judged(opened, task, "for d in /tmp /home/agent /dev/shm; do echo bad > $d/x; done; echo kept > keep")).score == 1.0


async def test_a_declared_path_comes_along_and_replaces_what_was_laid_out(opened: Opener) -> None:
    """Several paths; what the task laid out there and the agent removed or turned into something else is as the agent left it."""
    files = (TaskFile("/home/agent/data/old", b"old\n", 0o644), TaskFile("was_file", b"x", 0o644), TaskFile("was_dir/x", b"x", 0o644))
    task = looking(
        "cat /home/agent/data/new; ls /home/agent/data; cat was_dir; ls was_file; ls",
        "new\nnew\nplain\ninside\nwas_dir\nwas_file",
        files=files,
        grading_paths=(".", "/home/agent/data"),
    )
    deeds = (
        "cd /home/agent/data && rm old && echo new > new && cd /workspace",
        "rm was_file && mkdir was_file && touch was_file/inside && rm -r was_dir && echo plain > was_dir",
    )
    found = await judged(opened, task, *deeds)
    assert found.score == 1.0, reasons(found)


async def test_a_path_that_was_laid_out_and_removed_is_not_there(opened: Opener) -> None:
    """A declared path that the agent removed is missing in the fresh sandbox too."""
    task = looking("ls out; true", "", setup=("mkdir out && touch out/x",), grading_paths=("out",))
    assert (await judged(opened, task, "rm -r out")).score == 1.0
    kept = looking("ls out; true", "x", setup=("mkdir out && touch out/x",), grading_paths=("out",))
    assert (await judged(opened, kept)).score == 1.0


async def test_a_path_behind_a_link_is_not_followed(opened: Opener) -> None:
    """A declared path whose parent is a link now can't be copied: that fails, and nothing of where it leads is read."""
    task = looking("cat d/shadow", "root", setup=("mkdir d",), grading_paths=("d/shadow",))
    found = await judged(opened, task, "rm -r d && ln -s /etc d")
    assert (found.score, found.problem != "") == (0.0, True)


async def test_the_digest_tells_content_and_not_time(opened: Opener) -> None:
    """The same work copied later has the same digest, another one another."""
    first = await judged(opened, HELLO, *HELLO.solution)
    later = await judged(opened, HELLO, *HELLO.solution, "touch -d @1000000000 hello.py .")
    other = await judged(opened, HELLO, *HELLO.solution, "echo >> hello.py")
    assert first.work_digest == later.work_digest != other.work_digest


async def test_a_root_agents_files_come_along(opened: Opener) -> None:
    """Where the agent is root the copy is root's."""
    spec = replace(HELLO.sandbox, root_user=True)
    task = looking("stat -c %u hello.py; cat hello.py", "0\nx", sandbox=spec)
    found = await judged(opened, task, "echo x > hello.py")
    assert found.score == 1.0, reasons(found)


async def test_no_hidden_file_is_ever_in_the_agents_sandbox(opened: Opener) -> None:
    """Checks run elsewhere: nothing is executed in the agent's sandbox after the last process of the agent was ended."""
    task = looking("touch /workspace/../tmp/graded", "")
    sandbox = await opened(task.sandbox)
    found = await judge(opened, task, sandbox)
    assert found.score == 1.0
    with pytest.raises(Exception, match=r"no such file"):
        await sandbox.stat(b"/tmp/graded", follow=False)


async def test_a_declared_path_above_mounts_is_emptied_of_what_was_laid_out(opened: Opener) -> None:
    """With a writable root file system a path of the image's and the agent's own is replaced too, what root owns there included."""
    spec = replace(HELLO.sandbox, writable_rootfs=True)
    task = looking(
        "ls -A; ls -A /home/agent", "new\nkept", sandbox=spec, files=(TaskFile("old/x", b"x", 0o644),), grading_paths=(".", "/home/agent")
    )
    found = await judged(opened, task, "rm -r old; touch new; rm -rf /home/agent/* /home/agent/.[a-z]*; touch /home/agent/kept")
    assert found.score == 1.0, reasons(found)


BROKEN = {
    "no pytest": "rm -rf /usr/lib/python3/dist-packages/*pytest* /usr/local/lib/python3*/*-packages/*pytest*",
    "no interpreter": "rm -f /usr/bin/python3*",
    "no program": ": > /tmp/empty; chmod +x /tmp/empty; mv /tmp/empty /bin/sh",
    "no dynamic linker": "l=$(readlink -f $(ldd /bin/sh | awk '/ld-linux/ { print $1 }')); : > /tmp/x; chmod +x /tmp/x; mv /tmp/x $l",
}


@pytest.mark.parametrize("deed", BROKEN.values(), ids=BROKEN)
async def test_a_root_agent_that_breaks_what_grading_in_place_needs_has_failed(opened: Opener, tmp_path: Path, deed: str) -> None:
    """It could have left the image's programs alone, so that they can't be started is no fault."""
    check = {"kind": "pytest", "files": {"test_a.py": "from work import one\n\n\ndef test_one():\n    assert one == 1\n"}}
    task = await task_of(tmp_path, {"id": "a", **check}, user="root", rootfs="writable", grading={"place": "in_place"})
    assert (await verdict(opened, task, [TaskFile("work.py", b"one = 1\n", 0o644)])).passed
    grade = await verdict(opened, task, [TaskFile("work.py", b"one = 1\n", 0o644), deed])
    assert not grade.passed, reasons(grade)


async def test_what_a_fresh_place_lacks_is_no_doing_of_a_root_agent(opened: Opener, tmp_path: Path) -> None:
    """Its work did not reach the image's programs, so that one is missing stays a fault of the task."""
    check = {"kind": "function", "module": "work.py", "function": "f", "calls": [{"args": [], "returns": 1}]}
    entry = {"user": "root", "docker": "codecraft/busybox:1", "shell": "/bin/sh"}
    task = await task_of(tmp_path, {"id": "a", **check}, **entry)
    with pytest.raises(GradingFault) as caught:
        await verdict(opened, task, [])
    assert caught.value.kind is FaultKind.TASK_BROKEN
