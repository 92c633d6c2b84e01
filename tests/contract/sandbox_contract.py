"""What any `Sandboxes` must do, as one suite that the Docker implementation and the tests' fake both run.

A subclass gives the fixture `sandboxes` (entered, left after the test) and says how a sandbox is brought down from outside (`lose`).

Commands keep to a language small enough for a fake shell:

    line     := command (";" command)*
    command  := "echo" WORDS [">&2"] | "true" | "false" | "exit" N | "sleep" SECONDS | "cd" DIR | "pwd"
              | "export" NAME=VALUE | "cat" | "seq" FIRST LAST | "id -u"

`echo` expands `$NAME` words; `cat` copies standard input until its end; the empty line does nothing. `execute` runs `/bin/sh -c LINE`.
"""

import asyncio
import contextlib
import functools
import hashlib
import io
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from codecraft_server.errors import SandboxLostError
from codecraft_server.sandbox import (
    Command,
    Ended,
    EndReason,
    Execution,
    FileEntry,
    FileProblem,
    FileProblemKind,
    FileType,
    Gap,
    Limits,
    Look,
    Origin,
    Output,
    OutputPolicy,
    Sandbox,
    Sandboxes,
    SandboxSpec,
    Stream,
)

MIB = 1024 * 1024

SPEC = SandboxSpec(  # noqa: S604 - `shell` is a path in the sandbox
    image="codecraft/busybox:1",
    shell=b"/bin/sh",
    working_dir=b"/workspace",
    limits=Limits(cpus=1.0, memory_bytes=256 * MIB, disk_bytes=64 * MIB, pids=192),
)
STREAMED = OutputPolicy(stream=True, separate=False, kept=0, max_output=64 * MIB, window=64 * 1024, stall_s=10.0, stall_total_s=30.0)
KEPT = OutputPolicy(stream=False, separate=False, kept=64 * 1024, max_output=64 * MIB, window=0, stall_s=10.0, stall_total_s=30.0)
SOON_S = 20.0  # by when anything that must happen has happened; far above what it takes


@functools.cache
def seq(first: int, last: int) -> bytes:
    """What `seq first last` prints."""
    return "\n".join([*map(str, range(first, last + 1)), ""]).encode()


@dataclass
class Finished:
    """All that a command's events said."""

    outputs: list[Output] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    ended: Ended | None = None

    @property
    def end(self) -> Ended:
        """How it ended."""
        assert self.ended is not None, "its events stopped without an Ended"
        return self.ended

    def text(self, stream: Stream = Stream.OUT) -> bytes:
        """All bytes of one stream, without what was dropped."""
        return b"".join(bytes(output.data) for output in self.outputs if output.stream is stream)


async def finish(command: Command, *, acknowledge: bool = True) -> Finished:
    """Read a command to its end; nothing may follow its Ended."""
    finished = Finished()
    async with asyncio.timeout(SOON_S):
        async for event in command.events():
            assert finished.ended is None, f"{event} after the end"
            if isinstance(event, Output):
                finished.outputs.append(event)
                if acknowledge:
                    command.acknowledge(len(event.data))
            elif isinstance(event, Gap):
                finished.gaps.append(event)
            else:
                finished.ended = event
    return finished


async def run(sandbox: Sandbox, line: bytes, *, session: str = "main", output: OutputPolicy = KEPT, timeout_s: float = 10.0) -> Finished:
    """Run one line to its end."""
    return await finish(await sandbox.run(line, session=session, timeout_s=timeout_s, output=output))


async def execute(sandbox: Sandbox, execution: Execution) -> Finished:
    """Execute a program to its end."""
    return await finish(await sandbox.execute(execution))


def program(line: bytes, **changes: object) -> Execution:
    """`line` as a program of its own, as uid 1000 in /workspace."""
    plain = Execution(
        argv=(b"/bin/sh", b"-c", line), cwd=b"/workspace", environment={"PATH": "/bin"}, uid=1000, timeout_s=10.0, output=KEPT
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def problem(kind: FileProblemKind) -> AsyncIterator[None]:
    """What is inside must raise a FileProblem of this kind, with a message of one line."""
    with pytest.raises(FileProblem) as caught:
        yield
    assert caught.value.kind is kind
    assert caught.value.message
    assert "\n" not in caught.value.message


class SandboxContract:
    """The suite. Each test opens what it needs; `sandboxes` removes it."""

    spec = SPEC

    @pytest.fixture
    def sandboxes(self) -> Sandboxes:
        """The implementation under test, entered."""
        raise NotImplementedError

    async def lose(self, sandbox: Sandbox) -> None:
        """Bring a sandbox down from outside, as a crash would."""
        raise NotImplementedError

    @pytest.fixture
    async def sandbox(self, sandboxes: Sandboxes) -> AsyncIterator[Sandbox]:
        """One fresh sandbox, closed after the test."""
        opened = await sandboxes.open(self.spec, name="contract", labels={"episode": "contract"}, progress=lambda _: None)
        try:
            yield opened
        finally:
            await opened.close()

    # What a sandbox says of itself

    async def test_says_what_it_is(self, sandbox: Sandbox) -> None:
        """A sandbox has the name it was opened with, an origin and its image's digest."""
        assert sandbox.name == "contract"
        assert sandbox.origin in Origin
        assert sandbox.image_digest.startswith("sha256:")

    async def test_two_sandboxes_are_apart(self, sandboxes: Sandboxes) -> None:
        """What is written in one sandbox is not in another."""
        one, two = await asyncio.gather(
            *(sandboxes.open(self.spec, name=name, labels={}, progress=lambda _: None) for name in ("one", "two")),
        )
        await one.write_file(b"only-here", b"x", mode=None, offset=None)
        async with problem(FileProblemKind.NOT_FOUND):
            await two.read_file(b"only-here", offset=0, max_bytes=10)
        await asyncio.gather(one.close(), two.close())

    # Commands and sessions

    async def test_a_command_prints_and_exits(self, sandbox: Sandbox) -> None:
        """A command's output and exit code come back, with the directory it ended in."""
        done = await run(sandbox, b"echo hello world")
        assert done.text() == b"hello world\n"
        assert (done.end.reason, done.end.exit_code, done.end.signal) == (EndReason.EXITED, 0, None)
        assert (done.end.out_bytes, done.end.err_bytes, done.end.dropped_bytes) == (12, 0, 0)
        assert done.end.cwd == b"/workspace"
        assert not done.end.session_restarted
        assert done.end.unkilled == 0

    async def test_a_failing_command_is_data(self, sandbox: Sandbox) -> None:
        """A command that fails has its exit code, and the session goes on."""
        assert (await run(sandbox, b"false")).end.exit_code == 1
        assert (await run(sandbox, b"true")).end.exit_code == 0

    async def test_a_line_runs_from_left_to_right(self, sandbox: Sandbox) -> None:
        """Commands of a line run one after the other; the last one's status counts."""
        done = await run(sandbox, b"echo a; false; echo b; false")
        assert done.text() == b"a\nb\n"
        assert done.end.exit_code == 1

    async def test_the_empty_command_does_nothing(self, sandbox: Sandbox) -> None:
        """An empty line is legal and ends with status 0."""
        done = await run(sandbox, b"")
        assert (done.text(), done.end.reason, done.end.exit_code) == (b"", EndReason.EXITED, 0)

    async def test_a_session_keeps_its_state(self, sandbox: Sandbox) -> None:
        """Directory and variables survive from command to command."""
        await run(sandbox, b"cd /tmp; export COLOUR=blue")
        done = await run(sandbox, b"pwd; echo $COLOUR")
        assert done.text() == b"/tmp\nblue\n"
        assert done.end.cwd == b"/tmp"

    async def test_sessions_are_apart(self, sandbox: Sandbox) -> None:
        """One session's directory and variables are not another's."""
        await run(sandbox, b"cd /tmp; export COLOUR=blue", session="first")
        done = await run(sandbox, b"pwd; echo $COLOUR", session="second")
        assert done.text() == b"/workspace\n\n"

    async def test_exit_ends_the_shell_and_not_the_session(self, sandbox: Sandbox) -> None:
        """After `exit 3` the session restarts where it was, with its exported variables."""
        await run(sandbox, b"cd /tmp; export COLOUR=blue")
        done = await run(sandbox, b"exit 3")
        assert (done.end.reason, done.end.exit_code, done.end.session_restarted) == (EndReason.SHELL_ENDED, 3, True)
        assert (await run(sandbox, b"pwd; echo $COLOUR")).text() == b"/tmp\nblue\n"

    async def test_a_command_with_nul_is_refused(self, sandbox: Sandbox) -> None:
        """A NUL byte can't be part of a command; the session is untouched."""
        await run(sandbox, b"cd /tmp")
        async with problem(FileProblemKind.INVALID):
            await run(sandbox, b"echo a\0b")
        assert (await run(sandbox, b"pwd")).text() == b"/tmp\n"

    async def test_a_session_runs_one_command_at_a_time(self, sandbox: Sandbox) -> None:
        """A second command in a busy session is refused; another session is free."""
        command = await sandbox.run(b"sleep 30", session="main", timeout_s=60.0, output=KEPT)
        async with problem(FileProblemKind.BUSY):
            await run(sandbox, b"echo no")
        assert (await run(sandbox, b"echo yes", session="other")).text() == b"yes\n"
        command.interrupt()
        assert (await finish(command)).end.reason is EndReason.INTERRUPTED

    async def test_sessions_are_limited(self, sandbox: Sandbox) -> None:
        """The ninth session is refused, the eight go on."""
        for number in range(8):
            await run(sandbox, b"true", session=f"s{number}" if number else "main")
        async with problem(FileProblemKind.LIMIT):
            await run(sandbox, b"true", session="one-too-many")
        assert (await run(sandbox, b"echo fine", session="s7")).text() == b"fine\n"

    async def test_time_out_kills(self, sandbox: Sandbox) -> None:
        """A command over its time is killed, keeps what it printed, and the session restarts where it was."""
        await run(sandbox, b"cd /tmp")
        done = await run(sandbox, b"echo before; sleep 30; echo after", timeout_s=0.2)
        assert (done.end.reason, done.end.session_restarted) == (EndReason.TIMED_OUT, True)
        assert done.text() == b"before\n"
        assert 0.2 <= done.end.wall_s < SOON_S
        assert (await run(sandbox, b"pwd")).text() == b"/tmp\n"

    async def test_interrupt_kills(self, sandbox: Sandbox) -> None:
        """An interrupted command ends at once and says so."""
        command = await sandbox.run(b"sleep 30; echo after", session="main", timeout_s=60.0, output=KEPT)
        command.interrupt()
        done = await finish(command)
        assert (done.end.reason, done.text()) == (EndReason.INTERRUPTED, b"")
        assert (await run(sandbox, b"echo on")).text() == b"on\n"

    async def test_interrupt_comes_too_late(self, sandbox: Sandbox) -> None:
        """Interrupting a command that has ended touches nothing."""
        command = await sandbox.run(b"export KEPT=yes", session="main", timeout_s=10.0, output=KEPT)
        await finish(command)
        command.interrupt()
        done = await run(sandbox, b"echo $KEPT")
        assert (done.text(), done.end.session_restarted) == (b"yes\n", False)

    async def test_a_command_runs_unread(self, sandbox: Sandbox) -> None:
        """A command runs though nobody reads; its events are there from the beginning later."""
        unread = await sandbox.run(b"echo patience", session="unread", timeout_s=10.0, output=STREAMED)
        await run(sandbox, b"echo other")
        done = await finish(unread)
        assert (done.text(), done.end.exit_code) == (b"patience\n", 0)

    # Output

    async def test_output_flows_while_the_command_runs(self, sandbox: Sandbox) -> None:
        """Streamed output arrives before its command ends."""
        command = await sandbox.run(b"echo early; cat", session="main", timeout_s=SOON_S, output=STREAMED, stdin_open=True)
        events = command.events()
        async with asyncio.timeout(SOON_S):
            first = await anext(events)
            assert first == Output(Stream.OUT, 0, b"early\n")
            assert await command.write_stdin(b"late", end_of_file=True)
            second = await anext(events)
            assert second == Output(Stream.OUT, 6, b"late")
            last = await anext(events)
        assert isinstance(last, Ended)

    async def test_offsets_count_every_byte(self, sandbox: Sandbox) -> None:
        """With acknowledgement all of a large output comes, in pieces that join without a gap."""
        done = await run(sandbox, b"seq 1 100000", output=STREAMED)
        assert done.text() == seq(1, 100000)
        assert done.gaps == []
        assert done.end.out_bytes == len(seq(1, 100000))
        offset = 0
        for output in done.outputs:
            assert output.offset == offset
            assert 1 <= len(output.data) <= 65536
            offset += len(output.data)

    async def test_a_reader_that_lags_blocks_and_then_loses_the_rest(self, sandbox: Sandbox) -> None:
        """Unacknowledged, output stops at the window; when the stall is over the rest is dropped and counted."""
        policy = replace(STREAMED, stall_s=0.2, stall_total_s=0.4)
        command = await sandbox.run(b"seq 1 100000", session="main", timeout_s=10.0, output=policy)
        done = await finish(command, acknowledge=False)
        total = len(seq(1, 100000))
        flowed = sum(len(output.data) for output in done.outputs)
        assert 0 < flowed <= policy.window
        assert done.end.out_bytes == total
        assert done.end.dropped_bytes == sum(gap.dropped for gap in done.gaps) == total - flowed
        assert done.end.stalled_s >= 0.2
        assert seq(1, 100000).startswith(done.outputs[0].data)

    async def test_kept_output_is_head_and_tail(self, sandbox: Sandbox) -> None:
        """Not streamed, a fifth of what is kept is the head and the rest the tail, with the gap between them told."""
        done = await run(sandbox, b"seq 1 100000", output=replace(KEPT, kept=1000))
        printed = seq(1, 100000)
        (gap,) = done.gaps
        head = b"".join(o.data for o in done.outputs if o.offset < gap.offset)
        tail = b"".join(o.data for o in done.outputs if o.offset > gap.offset)
        assert (len(head), len(tail), gap.offset) == (200, 800, 200)
        assert printed.startswith(head)
        assert printed.endswith(tail)
        assert gap.dropped == done.end.dropped_bytes == len(printed) - 1000
        assert done.end.out_bytes == len(printed)

    async def test_what_fits_is_kept_whole(self, sandbox: Sandbox) -> None:
        """Output within `kept` comes whole and without a gap."""
        done = await run(sandbox, b"seq 1 100", output=replace(KEPT, kept=1000))
        assert (done.text(), done.gaps) == (seq(1, 100), [])

    async def test_merged_output_keeps_the_order(self, sandbox: Sandbox) -> None:
        """Merged, what goes to standard error stands where it was written."""
        done = await run(sandbox, b"echo one; echo two >&2; echo three")
        assert done.text() == b"one\ntwo\nthree\n"
        assert done.end.err_bytes == 0

    async def test_separate_streams_are_apart(self, sandbox: Sandbox) -> None:
        """Separate, each stream has its own bytes and offsets."""
        done = await run(sandbox, b"echo one; echo two >&2; echo three", output=replace(KEPT, separate=True))
        assert (done.text(Stream.OUT), done.text(Stream.ERR)) == (b"one\nthree\n", b"two\n")
        assert (done.end.out_bytes, done.end.err_bytes) == (10, 4)
        assert next(o.offset for o in done.outputs if o.stream is Stream.ERR) == 0

    async def test_too_much_output_kills(self, sandbox: Sandbox) -> None:
        """A command that prints more than `max_output` is killed."""
        done = await run(sandbox, b"seq 1 1000000; sleep 30", output=replace(KEPT, kept=1000, max_output=50000))
        assert done.end.reason is EndReason.OUTPUT_LIMIT

    # Standard input

    async def test_standard_input_is_given_whole(self, sandbox: Sandbox) -> None:
        """Bytes given with a command are its standard input, any bytes."""
        command = await sandbox.run(b"cat", session="main", timeout_s=10.0, output=KEPT, stdin=bytes(range(256)))
        done = await finish(command)
        assert (done.text(), done.end.exit_code) == (bytes(range(256)), 0)

    async def test_without_standard_input_it_is_empty(self, sandbox: Sandbox) -> None:
        """A command that reads where nothing was given finds the end at once."""
        done = await run(sandbox, b"cat")
        assert (done.text(), done.end.reason) == (b"", EndReason.EXITED)

    async def test_open_input_takes_pieces_until_the_end(self, sandbox: Sandbox) -> None:
        """Open standard input takes bytes piece by piece until it is closed."""
        command = await sandbox.run(b"cat", session="main", timeout_s=SOON_S, output=KEPT, stdin_open=True)
        for piece in (b"one ", b"two ", b"three"):
            assert await command.write_stdin(piece, end_of_file=False)
        assert await command.write_stdin(b"", end_of_file=True)
        assert (await finish(command)).text() == b"one two three"

    async def test_input_after_the_end_is_not_taken(self, sandbox: Sandbox) -> None:
        """Bytes for a command that has ended are not taken."""
        command = await sandbox.run(b"true", session="main", timeout_s=10.0, output=KEPT, stdin_open=True)
        await finish(command)
        assert not await command.write_stdin(b"late", end_of_file=True)

    # Files

    @pytest.mark.parametrize("content", [b"", b"text\n", bytes(range(256)) * 5000], ids=["empty", "text", "large binary"])
    async def test_files_hold_any_bytes(self, sandbox: Sandbox, content: bytes) -> None:
        """What is written is read back, byte for byte."""
        await sandbox.write_file(b"file", content, mode=0o640, offset=None)
        read = await sandbox.read_file(b"/workspace/file", offset=0, max_bytes=2 * MIB)
        assert (read.data, read.size, read.mode, read.end_of_file) == (content, len(content), 0o640, True)

    async def test_names_are_bytes(self, sandbox: Sandbox) -> None:
        """A path that is no UTF-8 works everywhere."""
        name = b"caf\xe9 \xff\n"
        await sandbox.write_file(name, b"x", mode=None, offset=None)
        assert (await sandbox.read_file(name, offset=0, max_bytes=10)).data == b"x"
        assert [entry.path for entry in (await sandbox.list_files(b".", depth=1, max_entries=10)).entries] == [name]

    async def test_a_file_is_read_piece_by_piece(self, sandbox: Sandbox) -> None:
        """Reading takes an offset and a length and tells whether the end was reached."""
        await sandbox.write_file(b"file", b"0123456789", mode=None, offset=None)
        middle = await sandbox.read_file(b"file", offset=3, max_bytes=4)
        assert (middle.data, middle.size, middle.end_of_file) == (b"3456", 10, False)
        end = await sandbox.read_file(b"file", offset=7, max_bytes=4)
        assert (end.data, end.end_of_file) == (b"789", True)
        beyond = await sandbox.read_file(b"file", offset=50, max_bytes=4)
        assert (beyond.data, beyond.size, beyond.end_of_file) == (b"", 10, True)

    async def test_writing_replaces_and_keeps_the_mode(self, sandbox: Sandbox) -> None:
        """A second write replaces the whole content; without a mode the old one stays, and a new file has 0644."""
        await sandbox.write_file(b"file", b"long content", mode=0o755, offset=None)
        await sandbox.write_file(b"file", b"short", mode=None, offset=None)
        read = await sandbox.read_file(b"file", offset=0, max_bytes=100)
        assert (read.data, read.mode) == (b"short", 0o755)
        await sandbox.write_file(b"new", b"", mode=None, offset=None)
        assert (await sandbox.stat(b"new", follow=False)).mode == 0o644

    async def test_writing_from_an_offset_changes_only_that(self, sandbox: Sandbox) -> None:
        """With an offset a write changes those bytes in place."""
        await sandbox.write_file(b"file", b"0123456789", mode=None, offset=None)
        await sandbox.write_file(b"file", b"ab", mode=None, offset=4)
        await sandbox.write_file(b"file", b"!", mode=None, offset=10)
        assert (await sandbox.read_file(b"file", offset=0, max_bytes=100)).data == b"0123ab6789!"

    async def test_writing_makes_missing_directories(self, sandbox: Sandbox) -> None:
        """Directories on the way to a new file are made."""
        await sandbox.write_file(b"a/b/c", b"deep", mode=None, offset=None)
        assert (await sandbox.read_file(b"/workspace/a/b/c", offset=0, max_bytes=10)).data == b"deep"
        assert (await sandbox.stat(b"a/b", follow=False)).type is FileType.DIRECTORY

    async def test_a_missing_file_is_a_problem(self, sandbox: Sandbox) -> None:
        """Reading or looking at what is not there says NOT_FOUND."""
        async with problem(FileProblemKind.NOT_FOUND):
            await sandbox.read_file(b"missing", offset=0, max_bytes=1)
        async with problem(FileProblemKind.NOT_FOUND):
            await sandbox.stat(b"missing", follow=True)
        async with problem(FileProblemKind.NOT_FOUND):
            await sandbox.list_files(b"missing", depth=1, max_entries=1)

    async def test_a_directory_is_no_file(self, sandbox: Sandbox) -> None:
        """Reading and writing a directory say IS_DIRECTORY."""
        async with problem(FileProblemKind.IS_DIRECTORY):
            await sandbox.read_file(b"/workspace", offset=0, max_bytes=1)
        async with problem(FileProblemKind.IS_DIRECTORY):
            await sandbox.write_file(b"/workspace", b"", mode=None, offset=None)

    async def test_a_file_is_no_directory(self, sandbox: Sandbox) -> None:
        """Listing a file, or a path that leads through one, says NOT_DIRECTORY."""
        await sandbox.write_file(b"file", b"", mode=None, offset=None)
        async with problem(FileProblemKind.NOT_DIRECTORY):
            await sandbox.list_files(b"file", depth=1, max_entries=1)
        async with problem(FileProblemKind.NOT_DIRECTORY):
            await sandbox.read_file(b"file/below", offset=0, max_bytes=1)

    async def test_the_agent_has_no_more_rights_than_its_user(self, sandbox: Sandbox) -> None:
        """A file of root's is closed to the agent's file actions and open to root's."""
        await sandbox.write_file(b"/tmp/secret", b"root only", mode=0o600, offset=None, as_root=True)
        async with problem(FileProblemKind.PERMISSION):
            await sandbox.read_file(b"/tmp/secret", offset=0, max_bytes=10)
        assert (await sandbox.read_file(b"/tmp/secret", offset=0, max_bytes=10, as_root=True)).data == b"root only"

    async def test_a_listing_is_sorted_and_relative(self, sandbox: Sandbox) -> None:
        """Entries come in the order of their bytes, relative to the directory, down to the asked depth."""
        for path in (b"b", b"a/x", b"a/deep/y", b"C"):
            await sandbox.write_file(path, b"12", mode=0o600, offset=None)
        shallow = await sandbox.list_files(b".", depth=1, max_entries=100)
        assert [(e.path, e.type) for e in shallow.entries] == [(b"C", FileType.FILE), (b"a", FileType.DIRECTORY), (b"b", FileType.FILE)]
        assert (shallow.entries[0].size, shallow.entries[0].mode, shallow.truncated) == (2, 0o600, False)
        deep = await sandbox.list_files(b"/workspace", depth=3, max_entries=100)
        assert [e.path for e in deep.entries] == [b"C", b"a", b"a/deep", b"a/deep/y", b"a/x", b"b"]

    async def test_a_listing_is_bounded(self, sandbox: Sandbox) -> None:
        """No more entries come than were asked for, and the listing says that there are more."""
        for number in range(5):
            await sandbox.write_file(b"%d" % number, b"", mode=None, offset=None)
        listed = await sandbox.list_files(b".", depth=1, max_entries=3)
        assert (len(listed.entries), listed.truncated) == (3, True)
        assert not (await sandbox.list_files(b".", depth=1, max_entries=5)).truncated

    async def test_stat_describes_one_path(self, sandbox: Sandbox) -> None:
        """`stat` gives type, size and mode, with an empty path."""
        await sandbox.write_file(b"file", b"12345", mode=0o600, offset=None)
        entry = await sandbox.stat(b"file", follow=True)
        assert (entry.path, entry.type, entry.size, entry.mode) == (b"", FileType.FILE, 5, 0o600)

    # Archives

    async def test_a_tree_is_packed_and_unpacked(self, sandbox: Sandbox) -> None:
        """Files and directories come out elsewhere as they went in, bytes, names and modes, under the names asked for."""
        await sandbox.write_file(b"tree/deep/caf\xe9 \n", bytes(range(256)) * 1000, mode=0o640, offset=None)
        await sandbox.write_file(b"tree/empty", b"", mode=0o755, offset=None)
        await sandbox.write_file(b"beside", b"not asked for", mode=None, offset=None)
        archive = await sandbox.pack([b"/workspace/tree"], max_bytes=MIB, max_entries=10)
        await sandbox.unpack(b"/tmp/copy", archive, uid=1000)
        before = await sandbox.list_files(b"tree", depth=9, max_entries=99)
        assert await sandbox.list_files(b"/tmp/copy/workspace/tree", depth=9, max_entries=99) == before
        assert [e.path for e in (await sandbox.list_files(b"/tmp/copy/workspace", depth=1, max_entries=99)).entries] == [b"tree"]
        copied = await sandbox.read_file(b"/tmp/copy/workspace/tree/deep/caf\xe9 \n", offset=0, max_bytes=MIB)
        assert (copied.data, copied.mode) == (bytes(range(256)) * 1000, 0o640)

    async def test_a_path_that_is_not_there_is_not_packed(self, sandbox: Sandbox) -> None:
        """What is missing is absent; what is there is an entry itself, a single file too."""
        await sandbox.write_file(b"file", b"one", mode=None, offset=None)
        archive = await sandbox.pack([b"missing", b"file"], max_bytes=MIB, max_entries=1)
        await sandbox.unpack(b"/tmp/copy", archive, uid=1000)
        assert [e.path for e in (await sandbox.list_files(b"/tmp/copy", depth=9, max_entries=9)).entries] == [b"file"]

    async def test_packing_is_bounded(self, sandbox: Sandbox) -> None:
        """More bytes or more entries than allowed are TOO_LARGE, and a path with `..` is INVALID."""
        await sandbox.write_file(b"tree/file", b"x" * 5000, mode=None, offset=None)
        async with problem(FileProblemKind.TOO_LARGE):
            await sandbox.pack([b"tree"], max_bytes=5000, max_entries=10)
        async with problem(FileProblemKind.TOO_LARGE):
            await sandbox.pack([b"tree"], max_bytes=MIB, max_entries=1)
        async with problem(FileProblemKind.INVALID):
            await sandbox.pack([b"../workspace/tree"], max_bytes=MIB, max_entries=10)
        assert await sandbox.pack([b"tree"], max_bytes=MIB, max_entries=2)

    async def test_what_its_owner_may_not_read_is_packed_as_root_only(self, sandbox: Sandbox) -> None:
        """As the agent it is PERMISSION; as root it is packed, and as shut where it is unpacked."""
        await sandbox.write_file(b"tree/shut", b"x", mode=0, offset=None)
        async with problem(FileProblemKind.PERMISSION):
            await sandbox.pack([b"tree"], max_bytes=MIB, max_entries=2)
        archive = await sandbox.pack([b"tree"], max_bytes=MIB, max_entries=2, as_root=True)
        await sandbox.unpack(b"/tmp/copy", archive, uid=1000)
        assert (await sandbox.stat(b"/tmp/copy/tree/shut", follow=False)).mode == 0

    async def test_what_is_removed_is_gone(self, sandbox: Sandbox) -> None:
        """A file, or a directory with all that is in it; NOT_FOUND where nothing is."""
        await sandbox.write_file(b"tree/deep/file", b"x", mode=0, offset=None)
        await sandbox.write_file(b"file", b"x", mode=None, offset=None)
        await sandbox.remove(b"tree")
        await sandbox.remove(b"/workspace/file")
        assert (await sandbox.list_files(b".", depth=9, max_entries=9)).entries == ()
        async with problem(FileProblemKind.NOT_FOUND):
            await sandbox.remove(b"tree")

    @pytest.mark.parametrize("name", ["/workspace/out", "../out", "a/../../out"])
    async def test_an_archive_that_leads_out_is_refused(self, sandbox: Sandbox, name: str) -> None:
        """Absolute names and names with `..` are INVALID, and so is what is no archive."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.addfile(tarfile.TarInfo(name))
        for data in (buffer.getvalue(), b"junk" * 500):
            async with problem(FileProblemKind.INVALID):
                await sandbox.unpack(b"/workspace/in", data, uid=1000)
        async with problem(FileProblemKind.NOT_FOUND):
            await sandbox.stat(b"/workspace/out", follow=False)

    async def test_a_frozen_sandbox_runs_nothing_and_goes_on_after(self, sandbox: Sandbox) -> None:
        """While everything stands still files can be read and no command is taken; thawed, all is as before. Thawing twice is thawing."""
        await run(sandbox, b"export KEPT=yes")
        await sandbox.write_file(b"file", b"read", mode=None, offset=None)
        assert await sandbox.freeze() == 0
        assert (await sandbox.read_file(b"file", offset=0, max_bytes=10)).data == b"read"
        async with problem(FileProblemKind.BUSY):
            await run(sandbox, b"true")
        await sandbox.thaw()
        await sandbox.thaw()
        after = await run(sandbox, b"echo $KEPT")
        assert (after.text(), after.end.session_restarted) == (b"yes\n", False)

    async def test_a_look_tells_what_was_asked_for(self, sandbox: Sandbox) -> None:
        """Entry, content as far as wanted, and hash come for each path in order; what is missing or no file is a value."""
        await sandbox.write_file(b"file", b"content", mode=0o640, offset=None)
        digest = hashlib.sha256(b"content").hexdigest()
        looks = [Look(b"file", 7, 7), Look(b"file", 6, 6), Look(b"file"), Look(b"/workspace", 5), Look(b"missing", 5), Look(b"file/x")]
        whole, part, bare, directory, missing, below = await sandbox.look(looks)
        assert isinstance(whole.entry, FileEntry)
        assert (whole.entry.type, whole.entry.size, whole.entry.mode) == (FileType.FILE, 7, 0o640)
        assert (whole.content, whole.whole, whole.sha256) == (b"content", True, digest)
        assert (part.content, part.whole, part.sha256) == (b"conten", False, "")
        assert (bare.content, bare.whole, bare.unread) == (b"", False, None)
        assert isinstance(directory.entry, FileEntry)
        assert (directory.entry.type, directory.content) == (FileType.DIRECTORY, b"")
        assert isinstance(missing.entry, FileProblem)
        assert missing.entry.kind is FileProblemKind.NOT_FOUND
        assert isinstance(below.entry, FileProblem)
        assert below.entry.kind is FileProblemKind.NOT_DIRECTORY

    async def test_a_look_does_not_see_what_the_agent_may_not(self, sandbox: Sandbox) -> None:
        """A file that is shut to the agent is there and can't be read."""
        await sandbox.write_file(b"secret", b"x", mode=0o600, offset=None, as_root=True)
        (seen,) = await sandbox.look([Look(b"secret", 5)])
        assert isinstance(seen.entry, FileEntry)
        assert seen.unread is not None
        assert seen.unread.kind is FileProblemKind.PERMISSION
        assert seen.content == b""

    async def test_a_look_lets_everything_go_on(self, sandbox: Sandbox) -> None:
        """After a look the session is as it was, and takes the next command at once."""
        await run(sandbox, b"export KEPT=yes")
        await sandbox.look([Look(b"/workspace")])
        after = await run(sandbox, b"echo $KEPT")
        assert (after.text(), after.end.session_restarted) == (b"yes\n", False)
        async with problem(FileProblemKind.INVALID):
            await sandbox.look([Look(b"a\0b")])

    # Programs outside of sessions

    async def test_a_program_has_exactly_what_it_is_given(self, sandbox: Sandbox) -> None:
        """A program runs in the given directory, with the given user and variables and no others."""
        await run(sandbox, b"export SECRET=session")
        line = b"pwd; echo $COLOUR $SECRET; id -u"
        done = await execute(sandbox, program(line, cwd=b"/tmp", environment={"COLOUR": "red", "PATH": "/bin:/usr/bin"}, uid=1001))
        assert done.text() == b"/tmp\nred\n1001\n"
        assert (done.end.reason, done.end.exit_code) == (EndReason.EXITED, 0)

    async def test_a_program_has_its_input(self, sandbox: Sandbox) -> None:
        """A program reads the given bytes and then the end."""
        assert (await execute(sandbox, program(b"cat", stdin=b"\x00\xffabc"))).text() == b"\x00\xffabc"
        assert (await execute(sandbox, program(b"cat"))).text() == b""

    async def test_a_programs_exit_code_is_its_own(self, sandbox: Sandbox) -> None:
        """`exit 3` of a program is status 3, and no session restarts."""
        done = await execute(sandbox, program(b"exit 3"))
        assert (done.end.reason, done.end.exit_code, done.end.session_restarted) == (EndReason.EXITED, 3, False)

    async def test_a_program_runs_beside_a_session(self, sandbox: Sandbox) -> None:
        """A program needs no free session."""
        command = await sandbox.run(b"sleep 30", session="main", timeout_s=60.0, output=KEPT)
        assert (await execute(sandbox, program(b"echo beside"))).text() == b"beside\n"
        command.interrupt()
        await finish(command)

    async def test_a_program_is_killed_in_time(self, sandbox: Sandbox) -> None:
        """A program over its time is killed; a check that hangs ends like any other."""
        done = await execute(sandbox, program(b"echo before; sleep 30", timeout_s=0.2))
        assert (done.end.reason, done.text()) == (EndReason.TIMED_OUT, b"before\n")

    async def test_a_program_that_is_not_there_is_a_problem(self, sandbox: Sandbox) -> None:
        """A program that can't be started is a FileProblem, not an exit code."""
        async with problem(FileProblemKind.NOT_FOUND):
            await execute(sandbox, replace(program(b""), argv=(b"/no/such/program",)))

    # Ends

    async def test_kill_all_leaves_a_usable_sandbox(self, sandbox: Sandbox) -> None:
        """`kill_all` ends what runs and keeps the files; a new command starts a new session."""
        await sandbox.write_file(b"file", b"still here", mode=None, offset=None)
        command = await sandbox.run(b"sleep 30", session="main", timeout_s=60.0, output=KEPT)
        assert await sandbox.kill_all() == 0
        assert (await finish(command)).end.reason is EndReason.INTERRUPTED
        assert (await run(sandbox, b"echo again")).text() == b"again\n"
        assert (await sandbox.read_file(b"file", offset=0, max_bytes=100)).data == b"still here"

    async def test_close_may_be_repeated(self, sandbox: Sandbox) -> None:
        """Closing twice, also at once, is closing."""
        await asyncio.gather(sandbox.close(), sandbox.close())
        await sandbox.close()

    async def test_a_closed_sandbox_is_lost(self, sandbox: Sandbox) -> None:
        """Whatever is asked of a closed sandbox raises SandboxLostError, also what was under way."""
        command = await sandbox.run(b"sleep 30", session="main", timeout_s=60.0, output=KEPT)
        await sandbox.close()
        with pytest.raises(SandboxLostError):
            await finish(command)
        with pytest.raises(SandboxLostError):
            await sandbox.run(b"true", session="other", timeout_s=1.0, output=KEPT)
        with pytest.raises(SandboxLostError):
            await sandbox.read_file(b"file", offset=0, max_bytes=1)

    async def test_a_lost_sandbox_says_so_everywhere(self, sandbox: Sandbox) -> None:
        """When a sandbox dies, what was under way and what comes later raise SandboxLostError with a cause; closing stays quiet."""
        command = await sandbox.run(b"sleep 30", session="main", timeout_s=60.0, output=KEPT)
        await self.lose(sandbox)
        with pytest.raises(SandboxLostError) as caught:
            await finish(command)
        assert caught.value.cause in {"oom", "overdue", "killed", "engine", "protocol", "gone"}
        command.interrupt()
        command.acknowledge(1)
        with pytest.raises(SandboxLostError):
            await sandbox.execute(program(b"true"))
        with pytest.raises(SandboxLostError):
            await sandbox.kill_all()
        with pytest.raises(SandboxLostError):
            await sandbox.stat(b".", follow=True)
        await sandbox.close()
