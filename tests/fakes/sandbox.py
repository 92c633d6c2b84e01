"""Fake sandboxes: files in memory, a shell of a dozen words, and failures on demand."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from codecraft_server.clock import Clock, RealClock
from codecraft_server.errors import SandboxLostError
from codecraft_server.sandbox import (
    Execution,
    FileContent,
    FileEntry,
    FileList,
    FileProblem,
    FileProblemKind,
    Look,
    OpenProgress,
    Origin,
    OutputPolicy,
    Provided,
    SandboxSpec,
    Seen,
    StartProgress,
)
from fakes.files import FakeFiles
from fakes.shell import FakeCommand, FakeShell

SESSIONS = 8


class FakeSandbox:
    """A `Sandbox`. `calls` has what was asked of it, in order.

    Attributes:
        fail_next: Raised by the next operation, once.
        closing: When set to an event, `close` waits for it.
        unstoppable: How many processes a freeze leaves running.
    """

    def __init__(
        self, spec: SandboxSpec, name: str, labels: Mapping[str, str], clock: Clock, on_close: Callable[["FakeSandbox"], None]
    ) -> None:
        self.spec = spec
        self.name = name
        self.labels = labels
        self.origin = Origin.COLD
        self.image_digest = "sha256:" + "0" * 64
        self.calls: list[str] = []
        self.commands: list[FakeCommand] = []
        self.executions: list[Execution] = []
        self.fail_next: BaseException | None = None
        self.closing: asyncio.Event | None = None
        self.closed = False
        self.frozen = False
        self.unstoppable = 0
        self.files = FakeFiles(spec.working_dir)
        self._clock = clock
        self._on_close = on_close
        self._lost: SandboxLostError | None = None
        self._sessions: dict[str, FakeShell] = {}

    def lose(self, cause: str = "gone") -> None:
        """Die, as by a crash."""
        if self._lost is None:
            self._lost = SandboxLostError(f"sandbox {self.name} was lost", cause)
            for command in self.commands:
                command.kill(self._lost)

    def _enter(self, call: str) -> None:
        self.calls.append(call)
        if self.fail_next is not None:
            error, self.fail_next = self.fail_next, None
            raise error
        if self._lost is not None:
            raise self._lost

    async def run(
        self,
        command: bytes,
        *,
        session: str,
        timeout_s: float,
        output: OutputPolicy,
        stdin: bytes | None = None,
        stdin_open: bool = False,
    ) -> FakeCommand:
        self._enter("run")
        if b"\0" in command:
            raise FileProblem(FileProblemKind.INVALID, "a command can't have a NUL byte")
        shell = self._sessions.get(session)
        if shell is None:
            if len(self._sessions) >= SESSIONS:
                raise FileProblem(FileProblemKind.LIMIT, f"there are {SESSIONS} sessions already")
            shell = self._sessions[session] = FakeShell(self.spec.working_dir)
        if shell.busy or self.frozen:
            raise FileProblem(FileProblemKind.BUSY, "the session runs a command")
        shell.busy = True
        return self._started(
            FakeCommand(command, shell, self.files, self._clock, output, timeout_s=timeout_s, stdin=stdin, stdin_open=stdin_open)
        )

    async def execute(self, execution: Execution) -> FakeCommand:
        self._enter("execute")
        self.executions.append(execution)
        if execution.argv[0] != b"/bin/sh":
            raise FileProblem(FileProblemKind.NOT_FOUND, "no such program")
        variables = {name.encode(): value.encode() for name, value in execution.environment.items()}
        shell = FakeShell(execution.cwd, variables, uid=execution.uid)
        return self._started(
            FakeCommand(
                execution.argv[-1],
                shell,
                self.files,
                self._clock,
                execution.output,
                timeout_s=execution.timeout_s,
                stdin=execution.stdin,
                session=False,
            )
        )

    def _started(self, command: FakeCommand) -> FakeCommand:
        self.commands.append(command)
        return command

    async def read_file(self, path: bytes, *, offset: int, max_bytes: int, as_root: bool = False) -> FileContent:
        self._enter("read_file")
        return self.files.read(path, offset, max_bytes, as_root=as_root)

    async def write_file(self, path: bytes, content: bytes, *, mode: int | None, offset: int | None, as_root: bool = False) -> None:
        self._enter("write_file")
        self.files.write(path, content, mode, offset, as_root=as_root)

    async def list_files(self, path: bytes, *, depth: int, max_entries: int) -> FileList:
        self._enter("list_files")
        return self.files.list(path, depth, max_entries)

    async def stat(self, path: bytes, *, follow: bool) -> FileEntry:
        del follow  # there are no links here
        self._enter("stat")
        return self.files.stat(path)

    async def remove(self, path: bytes) -> None:
        self._enter("remove")
        self.files.remove(path)

    async def pack(self, paths: Sequence[bytes], *, max_bytes: int, max_entries: int, as_root: bool = False) -> bytes:
        self._enter("pack")
        return self.files.pack(paths, max_bytes, max_entries, as_root=as_root)

    async def unpack(self, path: bytes, data: bytes, *, uid: int) -> None:
        self._enter("unpack")
        self.files.unpack(path, data, uid)

    async def freeze(self) -> int:
        self._enter("freeze")
        self.frozen = True
        return self.unstoppable

    async def thaw(self) -> None:
        self._enter("thaw")
        self.frozen = False

    async def look(self, looks: Sequence[Look]) -> tuple[Seen, ...]:
        self._enter("look")
        return tuple(self.files.look(each) for each in looks)

    async def kill_all(self) -> int:
        self._enter("kill_all")
        self.frozen = False
        for command in self.commands:
            command.interrupt()
        await asyncio.gather(*(command.task for command in self.commands))
        self._sessions.clear()
        return 0

    async def close(self) -> None:
        self.calls.append("close")
        if self.closing is not None:
            await self.closing.wait()
        self.lose()
        await asyncio.gather(*(command.task for command in self.commands))
        self.closed = True
        self._on_close(self)


class FakeSandboxes:
    """A `Sandboxes`.

    Attributes:
        made: Every sandbox there ever was.
        alive: Those that are not closed.
        failures: Raised by the next opens, one each.
        starting: When set to an event, `open` waits for it.
        told: Progress that `open` tells besides its own.
        opened: Is given each sandbox before its owner is.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.made: list[FakeSandbox] = []
        self.alive: set[FakeSandbox] = set()
        self.failures: list[BaseException] = []
        self.starting: asyncio.Event | None = None
        self.told: list[OpenProgress] = []
        self.opened: Callable[[FakeSandbox], None] = lambda _: None
        self.opening = 0
        self._clock = clock or RealClock()
        self._warm: dict[SandboxSpec, int] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for sandbox in list(self.alive):
            await sandbox.close()

    async def open(
        self, spec: SandboxSpec, *, name: str, labels: Mapping[str, str], progress: Callable[[OpenProgress], None]
    ) -> FakeSandbox:
        self.opening += 1
        try:
            for event in (*self.told, StartProgress(spec.image)):
                progress(event)
            if self.starting is not None:
                await self.starting.wait()
            await asyncio.sleep(0)
            if self.failures:
                raise self.failures.pop(0)
        finally:
            self.opening -= 1
        sandbox = FakeSandbox(spec, name, labels, self._clock, self.alive.discard)
        self.made.append(sandbox)
        self.alive.add(sandbox)
        self.opened(sandbox)
        return sandbox

    async def provided(self) -> Provided:
        return Provided(guest_digest="0" * 64, runtime="fake", writable_rootfs_bounded=False, network=False, warm=sum(self._warm.values()))

    def prewarm(self, spec: SandboxSpec, count: int) -> int:
        self._warm[spec] = count
        return count

    def ready(self, specs: Sequence[SandboxSpec]) -> int:
        return sum(self._warm.get(spec, 0) for spec in specs)
