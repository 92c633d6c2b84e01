"""What a sandbox must be able to do: the Protocols that `docker` and the tests' fake implement.

Any method may raise `SandboxLostError`; what the learner does wrong is a `FileProblem`. All methods must be called on one event loop.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

from codecraft_server.sandbox.values import (
    CommandEvent,
    Execution,
    FileContent,
    FileEntry,
    FileList,
    Look,
    OpenProgress,
    Origin,
    OutputPolicy,
    Provided,
    SandboxSpec,
    Seen,
)


class Command(Protocol):
    """A command that is running in a sandbox.

    Its events are `Output`s and `Gap`s, then exactly one `Ended`. They must be taken by one reader. The command runs whether or not
    anybody reads; dropping the iterator does not stop it, `interrupt` does.
    """

    def events(self) -> AsyncIterator[CommandEvent]:
        """Yield what happens, from the beginning, once."""
        ...

    def acknowledge(self, byte_count: int) -> None:
        """Grant credit for as many streamed bytes as have been passed on."""
        ...

    async def write_stdin(self, data: bytes, *, end_of_file: bool) -> bool:
        """Offer bytes to a command started with `stdin_open`; False: its buffer is full or it has closed its input, nothing taken."""
        ...

    def interrupt(self, grace_s: float = 0.0) -> None:
        """Kill its whole process tree (TERM first if a grace is given); it ends INTERRUPTED. Does nothing once it has ended."""
        ...


class Sandbox(Protocol):
    """One isolated machine: files, processes, shell sessions. Made by `Sandboxes.open`, ended by `close`."""

    @property
    def name(self) -> str:
        """Unique, for logs."""
        ...

    @property
    def origin(self) -> Origin:
        """How it came to be."""
        ...

    @property
    def image_digest(self) -> str:
        """`sha256:…` of the image it was made from."""
        ...

    async def run(
        self,
        command: bytes,
        *,
        session: str,
        timeout_s: float,
        output: OutputPolicy,
        stdin: bytes | None = None,
        stdin_open: bool = False,
    ) -> Command:
        """Start a command line in a persistent shell session.

        FileProblem: a NUL byte (INVALID), the session busy (BUSY), too many sessions (LIMIT).
        """
        ...

    async def execute(self, execution: Execution) -> Command:
        """Start a program outside of any session. Its exit code is true. FileProblem when it can't be started."""
        ...

    async def read_file(self, path: bytes, *, offset: int, max_bytes: int, as_root: bool = False) -> FileContent:
        """Read a regular file as the agent. FileProblem."""
        ...

    async def write_file(self, path: bytes, content: bytes, *, mode: int | None, offset: int | None, as_root: bool = False) -> None:
        """Write a regular file as the agent: atomically, or in place from `offset`. FileProblem."""
        ...

    async def list_files(self, path: bytes, *, depth: int, max_entries: int) -> FileList:
        """List a directory as the agent; symbolic links are not followed below `path`. FileProblem."""
        ...

    async def stat(self, path: bytes, *, follow: bool) -> FileEntry:
        """Look at one path as the agent. FileProblem."""
        ...

    async def remove(self, path: bytes) -> None:
        """Remove as root what is at a path, a directory with all that is in it; links are not followed. FileProblem, also for a mount."""
        ...

    async def pack(self, paths: Sequence[bytes], *, max_bytes: int, max_entries: int, as_root: bool = False) -> bytes:
        """Return what is at and below some paths, read as the agent, as one tar archive (GNU format) within the bounds.

        Names begin with the path as asked for, without leading slashes. Regular files, directories and links that stay inside their path;
        everything else, and a path that is not there, is left out. Modes and times are kept, links never followed.
        FileProblem: TOO_LARGE; PERMISSION where something can't be read; INVALID for a path with `..`.
        """
        ...

    async def unpack(self, path: bytes, data: bytes, *, uid: int) -> None:
        """Make an archive's entries below a directory as that user (its gid is the same number), replacing what is there but directories.

        What was made before a failure stays.
        FileProblem: INVALID where the archive is none or would lead out; NOT_DIRECTORY where a link is in its way; NO_SPACE, PERMISSION.
        """
        ...

    async def freeze(self) -> int:
        """Have every process stand still; returns how many could not be stopped. No command can be run until `thaw` (FileProblem BUSY).

        It ends by itself 5 s after the last call. No time is charged to commands meanwhile.
        """
        ...

    async def thaw(self) -> None:
        """Let those go on that `freeze` stopped. Does nothing without a freeze."""
        ...

    async def look(self, looks: Sequence[Look]) -> tuple[Seen, ...]:
        """Look at up to 16 paths as the agent, at one moment at which every process stands still; then all goes on.

        One by one the answers belong to `looks`. At most 1 MiB of content and 64 MiB to be hashed each; no time is charged to commands.
        FileProblem: INVALID for a path with a NUL byte; BUSY: not everything could be stopped.
        """
        ...

    async def kill_all(self) -> int:
        """End every process but the guest; returns how many could not be verified gone. Running commands end INTERRUPTED."""
        ...

    async def close(self) -> None:
        """Remove it. Idempotent, never raises SandboxLostError, returns once it is surely going away."""
        ...


class Sandboxes(Protocol):
    """Where sandboxes come from. An async context manager: leaving it removes every sandbox it ever opened."""

    async def __aenter__(self) -> Self:
        """Connect, sweep what a dead predecessor left, get ready. Raises EngineUnavailableError."""
        ...

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Remove everything that is ours and still there."""
        ...

    async def open(self, spec: SandboxSpec, *, name: str, labels: Mapping[str, str], progress: Callable[[OpenProgress], None]) -> Sandbox:
        """Return a fresh sandbox: warm if one stands ready, else cold. Cancellable at any moment; then nothing is left behind.

        Raises:
            EngineUnavailableError, ImageUnavailableError, SandboxStartError.
        """
        ...

    async def provided(self) -> Provided:
        """Tell what can be had here."""
        ...

    def prewarm(self, spec: SandboxSpec, count: int) -> int:
        """Have `count` sandboxes of this spec stand ready from now on (bounded); returns how many do at this moment."""
        ...

    def ready(self, specs: Sequence[SandboxSpec]) -> int:
        """How many warm sandboxes of these specs stand ready."""
        ...
