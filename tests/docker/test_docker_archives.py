"""Archives and freezing in real containers: what a fake has not got - links, devices, users, processes, git."""

import asyncio
import time
from dataclasses import replace

import pytest
import pytest_asyncio
from contract.sandbox_contract import SPEC, execute, problem, program, run
from docker_helpers import Opener

from codecraft_server.sandbox import EndReason, FileProblemKind, Limits, Sandbox, SandboxSpec
from codecraft_server.settings import MIB

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

DEBIAN = replace(  # noqa: S604 - `shell` is a path in the sandbox
    SPEC,
    image="codecraft/debian:1",
    shell=b"/bin/bash",
    limits=Limits(cpus=2.0, memory_bytes=512 * MIB, disk_bytes=240 * MIB, pids=256),
)
SHELLS = {"ash": SPEC, "dash": replace(DEBIAN, shell=b"/bin/dash"), "bash": DEBIAN}  # noqa: S604 - paths in the sandbox

QUICK_S = 3.0  # for 2,000 files, there or back; about 0.2 s alone on two cores

TREE = b"""
set -e
mkdir -p tree/.hidden tree/shut && cd tree
git init -q repo && cd repo && git config user.name a && git config user.email a@b
for d in $(seq 1 40); do mkdir d$d; for f in $(seq 1 48); do echo "$d $f" >d$d/f$f; done; done
git add -A && git commit -qm first && git gc -q && echo change >>d1/f1 && cd ..
printf '\\0\\377' >"$(printf 'caf\\351 \\n')"; : >empty; head -c 300000 /dev/urandom >large; chmod 751 large
ln -s repo/d1 inside; ln -s ../repo/d2/f2 .hidden/up; ln -s nowhere dangling
echo x >shut/in; chmod 400 shut/in; chmod 555 shut; touch -d @1000000000 empty
"""
# Looking must not change it: without GIT_OPTIONAL_LOCKS=0 `git status` renews the index.
DESCRIBE = b"""
export LC_ALL=C GIT_OPTIONAL_LOCKS=0
cd %b && find . -type f | wc -l
find . -type l -printf '%%p %%l\\n' | sort
find . -printf '%%p %%y %%m %%l\\n' | sort | sha256sum
find . ! -type l -printf '%%p %%Ts\\n' | sort | sha256sum
find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum
git -C repo status -s; git -C repo log -1; git -C repo fsck
"""


async def text(sandbox: Sandbox, line: bytes) -> str:
    """What a command line prints, which must succeed."""
    done = await run(sandbox, line)
    assert (done.end.reason, done.end.exit_code) == (EndReason.EXITED, 0), (done.end, done.text()[-500:])
    return done.text().decode("utf-8", "surrogateescape")


@pytest_asyncio.fixture(loop_scope="module")
async def debian(opened: Opener) -> Sandbox:
    """A sandbox with git and the GNU tools."""
    return await opened(DEBIAN)


@pytest.mark.alone
async def test_a_tree_with_a_repository_round_trips(debian: Sandbox) -> None:
    """2,000 files and a git repository come out in another place with the same bytes, modes, links and times, owned by the asked user."""
    await text(debian, b"( " + TREE + b" )")
    before = await text(debian, DESCRIBE % b"/workspace/tree")
    assert int(before.split()[0]) > 1950
    began = time.monotonic()
    archive = await debian.pack([b"/workspace/tree"], max_bytes=32 * MIB, max_entries=5000)
    packed = time.monotonic()
    await debian.unpack(b"/tmp/copy", archive, uid=1000)
    took = (packed - began, time.monotonic() - packed)
    assert max(took) < QUICK_S, took
    assert await text(debian, DESCRIBE % b"/tmp/copy/workspace/tree") == before
    assert await text(debian, b"find /tmp/copy/workspace ! -user agent") == ""
    assert await debian.pack([b"/workspace/tree"], max_bytes=32 * MIB, max_entries=5000) == archive


async def test_a_tree_moves_to_another_sandbox_and_replaces(opened: Opener) -> None:
    """Unpacked below / in a fresh sandbox a directory has its own place and mode again, and what stood under a file's name is replaced."""
    one, other = await opened(DEBIAN, "one"), await opened(DEBIAN, "other")
    await text(one, b"echo new >file; mkdir d; echo deep >d/f; chmod 700 /workspace")
    await text(other, b"echo old >file; chmod 400 file; echo kept >kept")
    await other.unpack(b"/", await one.pack([b"/workspace"], max_bytes=MIB, max_entries=10), uid=1000)
    assert await text(other, b"cat file d/f kept; stat -c %a:%U . file") == "new\ndeep\nkept\n700:agent\n644:agent\n"


async def test_only_what_is_safe_is_packed(debian: Sandbox) -> None:
    """Links that lead out, FIFOs and sockets are left out, nothing is read through a link, and nobody waits for a FIFO."""
    await text(
        debian,
        b"mkdir -p t/d; cd t; ln -s /etc etc; ln -s /etc/passwd passwd; ln -s .. up; ln -s d/../../.. around; mkfifo fifo; echo x >d/kept;"
        b" python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"socket\")'; ln -s d/kept link; cd /workspace",
    )
    await debian.unpack(b"/tmp/copy", await debian.pack([b"t"], max_bytes=MIB, max_entries=100), uid=1000)
    assert await text(debian, b"cd /tmp/copy; find . | LC_ALL=C sort; cat t/link") == ".\n./t\n./t/d\n./t/d/kept\n./t/link\nx\n"
    for path in (b"t/etc/passwd", b"/workspace/t/up/t/d"):
        async with problem(FileProblemKind.NOT_DIRECTORY):
            await debian.pack([path], max_bytes=MIB, max_entries=100)


async def test_what_the_agent_may_not_read_is_not_packed(debian: Sandbox) -> None:
    """Packing is done as the agent: a file of root's that it can't read is PERMISSION, not a hole."""
    await debian.write_file(b"/workspace/t/secret", b"root only", mode=0o600, offset=None, as_root=True)
    async with problem(FileProblemKind.PERMISSION):
        await debian.pack([b"t"], max_bytes=MIB, max_entries=100)


@pytest.mark.alone
async def test_too_much_is_refused_without_being_read(debian: Sandbox) -> None:
    """100 MB, really there or sparse, are TOO_LARGE at once, and the sandbox works on."""
    await text(debian, b"mkdir t s; head -c 100000000 /dev/zero >t/large; truncate -s 100G s/sparse")
    for path in (b"t", b"s"):
        began = time.monotonic()
        async with problem(FileProblemKind.TOO_LARGE):
            await debian.pack([path], max_bytes=64 * MIB, max_entries=100)
        assert time.monotonic() - began < 2.0
    async with problem(FileProblemKind.TOO_LARGE):
        await debian.pack([b"t"], max_bytes=1024 * MIB, max_entries=100)  # above what the service holds in memory
    assert await text(debian, b"echo on") == "on\n"


async def test_an_archive_is_unpacked_through_no_link(debian: Sandbox) -> None:
    """A link planted where the archive goes is never gone through, as the agent or as anybody: the file it leads to stays as it was."""
    await text(debian, b"mkdir -p t/d; echo evil >t/d/f; echo evil >t/file")
    archive = await debian.pack([b"t"], max_bytes=MIB, max_entries=100)
    await text(
        debian,
        b"mkdir -p safe one/t two/t; echo good >safe/f; ln -s /workspace/safe one/t/d; ln -s /workspace/safe/f two/t/file; ln -s safe top",
    )
    for uid in (0, 1000):
        for path in (b"/workspace/one", b"/workspace/top"):
            async with problem(FileProblemKind.NOT_DIRECTORY):
                await debian.unpack(path, archive, uid=uid)
    await debian.unpack(b"/workspace/two", archive, uid=1000)
    assert await text(debian, b"cat safe/f two/t/file; test -L two/t/file || echo replaced") == "good\nevil\nreplaced\n"


async def test_unpacking_is_the_owners_doing(debian: Sandbox) -> None:
    """What that user may not write can't be unpacked; what it may is its own, the agent's and the grader's apart."""
    await text(debian, b"mkdir t; echo x >t/f")
    archive = await debian.pack([b"t"], max_bytes=MIB, max_entries=100)
    async with problem(FileProblemKind.PERMISSION):
        await debian.unpack(b"/workspace", archive, uid=1001)
    await debian.unpack(b"/tmp/graders", archive, uid=1001)
    assert (await execute(debian, program(b"stat -c %u /tmp/graders/t/f", uid=1001))).text() == b"1001\n"


async def test_a_full_disk_is_a_problem(opened: Opener) -> None:
    """An archive for which there is no room is NO_SPACE."""
    sandbox = await opened(replace(DEBIAN, limits=replace(DEBIAN.limits, disk_bytes=48 * MIB)))
    await text(sandbox, b"mkdir t; head -c 6000000 /dev/zero >t/f")
    archive = await sandbox.pack([b"t"], max_bytes=32 * MIB, max_entries=100)
    async with problem(FileProblemKind.NO_SPACE):
        for number in range(20):
            await sandbox.unpack(b"/tmp/copy%d" % number, archive, uid=1000)


BUSY = b"(i=0; while :; do i=$((i+1)); echo $i >count; done) >/dev/null 2>&1 & (while :; do (:); done) >/dev/null 2>&1 &"


@pytest.mark.parametrize("spec", SHELLS.values(), ids=SHELLS)
async def test_nothing_moves_in_a_frozen_sandbox(opened: Opener, spec: SandboxSpec) -> None:
    """Processes that count and fork stand still while frozen and go on after; what the agent had stopped stays so."""
    sandbox = await opened(spec)
    await text(sandbox, BUSY + b" sleep 1000 & kill -STOP $!; sleeper=$!; while [ ! -s count ]; do :; done")
    assert await sandbox.freeze() == 0
    first = await sandbox.pack([b"."], max_bytes=MIB, max_entries=100)
    await asyncio.sleep(0.2)  # nothing to wait for: the point is that nothing happens
    assert await sandbox.pack([b"."], max_bytes=MIB, max_entries=100) == first
    await sandbox.thaw()
    assert (
        await text(sandbox, b'a=$(cat count); while [ "$(cat count)" = "$a" ]; do :; done; cut -d\' \' -f3 /proc/$sleeper/stat; echo on')
        == "T\non\n"
    )


LENDS_ITS_MEMORY = b"""cat >v.c <<'END'
#include <unistd.h>
int main(void) {
    if (vfork() == 0) { while (access("go", F_OK)) usleep(1000); _exit(0); }
    for (;;) pause();
}
END
gcc -o v v.c && { ./v & } && parent=$! && until grep -q 'State:.D' /proc/$parent/status; do :; done"""


async def test_who_is_about_to_stop_stays_stopped(debian: Sandbox) -> None:
    """A stop that the agent has sent and the kernel holds back, here from one who waits for its vfork, outlives a freeze."""
    await text(debian, LENDS_ITS_MEMORY + b"; kill -STOP $parent")
    assert await debian.freeze() == 0
    await debian.thaw()
    assert (
        await text(debian, b"touch go; while grep -q 'State:.D' /proc/$parent/status; do :; done; cut -d' ' -f3 /proc/$parent/stat")
        == "T\n"
    )


@pytest.mark.alone
async def test_a_freeze_ends_by_itself(debian: Sandbox) -> None:
    """A server that is lost leaves no sandbox frozen: 5 s after it a command runs again."""
    assert await debian.freeze() == 0
    began = time.monotonic()
    async with asyncio.timeout(10.0):
        while True:
            try:
                assert await text(debian, b"echo on") == "on\n"
                break
            except Exception as refused:
                if getattr(refused, "kind", None) is not FileProblemKind.BUSY:
                    raise
                await asyncio.sleep(0.1)
    assert 4.0 < time.monotonic() - began < 8.0


async def test_kill_all_ends_a_freeze(debian: Sandbox) -> None:
    """What stands frozen is killed like anything else, and the sandbox is usable at once."""
    await text(debian, BUSY)
    assert await debian.freeze() == 0
    assert await debian.kill_all() == 0
    assert await text(debian, b"echo on") == "on\n"


@pytest.mark.alone
async def test_freezing_is_quick(debian: Sandbox) -> None:
    """A milestone's freeze, look and thaw cost little with a few processes about."""
    await text(debian, b"for i in 1 2 3 4 5; do sleep 100 & done")
    taken = []
    for _ in range(50):
        began = time.monotonic()
        assert await debian.freeze() == 0
        await debian.thaw()
        taken.append(time.monotonic() - began)
    assert sorted(taken)[25] < 0.05, taken
