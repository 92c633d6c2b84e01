"""A sandbox whose programs do exactly what a test says: for what no real program would do on command."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from codecraft_server.grading.place import PRIVATE
from codecraft_server.sandbox import (
    CommandEvent,
    Ended,
    EndReason,
    Execution,
    FileContent,
    FileEntry,
    FileProblem,
    FileProblemKind,
    FileType,
    Limits,
    Origin,
    Output,
    SandboxSpec,
    Stream,
    Usage,
)

MIB = 1024 * 1024
SPEC = SandboxSpec("image", b"/bin/sh", b"/home/box", Limits(1.0, 64 * MIB, 32 * MIB, 100))
ENDED = Ended(
    reason=EndReason.EXITED,
    exit_code=0,
    signal=None,
    session_restarted=False,
    cwd=b"/home/box",
    out_bytes=0,
    err_bytes=0,
    dropped_bytes=0,
    wall_s=0.5,
    stalled_s=0.0,
    usage=Usage(),
)


def ends(reason: EndReason = EndReason.EXITED, exit_code: int | None = 0, **changes: Any) -> Ended:
    return replace(ENDED, reason=reason, exit_code=exit_code, **changes)


@dataclass
class Program:
    """What a program prints and how it ends; `hangs`: it never does unless it is interrupted."""

    out: bytes = b""
    err: bytes = b""
    ended: Ended = ENDED
    hangs: bool = False
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: bool = False

    async def events(self) -> AsyncIterator[CommandEvent]:
        """Print, then end."""
        if self.hangs:
            self.waiting.set()
            await asyncio.get_running_loop().create_future()
        for stream, data in ((Stream.OUT, self.out), (Stream.ERR, self.err)):
            for offset in range(0, len(data), 65_536):
                yield Output(stream, offset, data[offset : offset + 65_536])
        yield self.ended

    def acknowledge(self, byte_count: int) -> None:
        """Nothing is streamed in grading."""
        raise AssertionError(byte_count)

    async def write_stdin(self, data: bytes, *, end_of_file: bool) -> bool:
        """Standard input is given whole in grading."""
        raise AssertionError((data, end_of_file))

    def interrupt(self, grace_s: float = 0.0) -> None:
        """Note that it was ended."""
        assert grace_s == 0.0
        self.interrupted = True


Answer: TypeAlias = Program | Exception
Node: TypeAlias = bytes | FileEntry | FileProblemKind  # a file's content, anything else, or why it can't be looked at


@dataclass
class ScriptedSandbox:
    """A sandbox whose `execute` gives the prepared answers in turn (then successes) and whose files are a table."""

    answers: list[Answer] = field(default_factory=list)
    files: dict[bytes, Node] = field(default_factory=dict)
    links: dict[bytes, bytes] = field(default_factory=dict)
    unkilled: int = 0
    kills: Iterator[int] | None = None  # what `kill_all` returns in turn, instead
    private: bool = False  # what the look at the work's modes finds; that look is neither an answer nor a record
    executed: list[Execution] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    name: str = "scripted"
    origin: Origin = Origin.COLD
    image_digest: str = "sha256:0"

    async def execute(self, execution: Execution) -> Program:
        """Give the next answer."""
        if PRIVATE in execution.argv:
            return Program(out=b"/home/box/private\n" if self.private else b"")
        self.log.append("execute")
        self.executed.append(execution)
        answer = self.answers.pop(0) if self.answers else Program()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def kill_all(self) -> int:
        """Leave as many as the test says."""
        self.log.append("kill_all")
        return self.unkilled if self.kills is None else next(self.kills)

    async def stat(self, path: bytes, *, follow: bool) -> FileEntry:
        """Look into the table."""
        if path in self.links and not follow:
            return FileEntry(b"", FileType.LINK, 1, 0o777, self.links[path])
        node = self._node(path)
        return FileEntry(b"", FileType.FILE, len(node), 0o644) if isinstance(node, bytes) else node

    async def read_file(self, path: bytes, *, offset: int, max_bytes: int, as_root: bool = False) -> FileContent:
        """Read from the table."""
        assert not as_root
        node = self._node(path)
        if not isinstance(node, bytes):
            raise FileProblem(FileProblemKind.NOT_REGULAR, "not a regular file")
        return FileContent(node[offset : offset + max_bytes], len(node), 0o644, offset + max_bytes >= len(node))

    def _node(self, path: bytes) -> bytes | FileEntry:
        node = self.files.get(self.links.get(path, path), FileProblemKind.NOT_FOUND)
        if isinstance(node, FileProblemKind):
            raise FileProblem(node, node.value)
        return node

    async def run(self, *arguments: Any, **options: Any) -> Any:
        """No session, no writing, no listing in grading."""
        raise AssertionError("a session must not be used", arguments, options)

    write_file = list_files = run

    async def close(self) -> None:
        """Grading does not own the sandbox."""
        raise AssertionError("its owner closes it")
