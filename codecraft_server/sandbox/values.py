"""The values that cross between sandboxes and those who use them. Units: bytes and seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias


class Stream(Enum):
    """The output streams of a command."""

    OUT = "out"
    ERR = "err"


class Origin(Enum):
    """How a sandbox came to be."""

    COLD = "cold"
    WARM = "warm"
    RECYCLED = "recycled"


class EndReason(Enum):
    """Why a command ended; docs/guest-protocol.md defines each."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    OUTPUT_LIMIT = "output_limit"
    OUT_OF_MEMORY = "out_of_memory"
    SHELL_ENDED = "shell_ended"


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a sandbox. `disk_bytes` is the sum of all its writable tmpfs mounts and at most half of `memory_bytes`."""

    cpus: float
    memory_bytes: int
    disk_bytes: int
    pids: int


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """Everything a sandbox is made from. Two equal specs are interchangeable.

    Attributes:
        image: Reference as the engine understands it.
        shell: Absolute path of a POSIX shell in the image.
        working_dir: Absolute path; made if missing, owned by the agent, writable.
        root_user: Whether the agent is uid 0 (else 1000).
        capabilities: Linux capabilities of a root agent, without CAP_; never SYS_PTRACE or SYS_ADMIN.
        writable_rootfs: Whether the whole root file system is writable (else only working_dir, /tmp, /home/agent, /dev/shm).
        network: Whether it has a network besides loopback.
        environment: Variables of every session.
    """

    image: str
    shell: bytes
    working_dir: bytes
    limits: Limits
    root_user: bool = False
    capabilities: tuple[str, ...] = ()
    writable_rootfs: bool = False
    network: bool = False
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class OutputPolicy:
    """What happens to a command's output. Sizes in bytes, times in seconds.

    Attributes:
        stream: Whether `Output`/`Gap` events flow while it runs; else head and tail come just before `Ended`.
        separate: Two pipes rather than one.
        kept: Bytes kept (20 % head, 80 % tail) when not streamed.
        max_output: Bytes after which the command is killed.
        window: Credit: bytes that may be unacknowledged (see `Command.acknowledge`) when streamed.
        stall_s: How long a command may stand blocked for want of credit before output is dropped.
        stall_total_s: The same in sum.
    """

    stream: bool
    separate: bool
    kept: int
    max_output: int
    window: int
    stall_s: float
    stall_total_s: float


@dataclass(frozen=True, slots=True)
class Output:
    """A piece of output, 1 to 65,536 bytes; `offset` counts this stream's bytes from 0."""

    stream: Stream
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """`dropped` bytes from `offset` on were dropped."""

    stream: Stream
    offset: int
    dropped: int


@dataclass(frozen=True, slots=True)
class BackgroundProcess:
    """A process that lives on after its command; `command` is cut at 256 bytes."""

    pid: int
    command: bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command used; None where it can't be known."""

    cpu_s: float | None = None
    memory_peak_bytes: int | None = None
    oom_kills: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: the last thing its stream yields.

    Attributes:
        exit_code: 0 to 255, the shell's own word in a session, wait(2)'s outside of one.
        wall_s: From the moment it was given to the shell, stalls included.
        stalled_s: Of this, blocked for want of credit.
        unkilled: Processes that could not be verified gone (0 but for a broken kernel).
    """

    reason: EndReason
    exit_code: int | None
    signal: int | None
    session_restarted: bool
    cwd: bytes
    out_bytes: int
    err_bytes: int
    dropped_bytes: int
    wall_s: float
    stalled_s: float
    usage: Usage
    background: tuple[BackgroundProcess, ...] = ()
    unkilled: int = 0


CommandEvent: TypeAlias = Output | Gap | Ended


class FileProblemKind(Enum):
    """What can be wrong with a file action; the values are the guest's words."""

    NOT_FOUND = "not_found"
    PERMISSION = "permission"
    IS_DIRECTORY = "is_directory"
    NOT_DIRECTORY = "not_directory"
    NOT_REGULAR = "not_regular"
    EXISTS = "exists"
    NO_SPACE = "no_space"
    TOO_LARGE = "too_large"
    NAME_TOO_LONG = "name_too_long"
    LOOP = "loop"
    INVALID = "invalid"
    LIMIT = "limit"
    BUSY = "busy"
    IO = "io"


class FileProblem(Exception):  # noqa: N818 - not an error of ours: the learner's failure, raised so that no result can be mistaken for success
    """A file action or the start of a command failed by its user's doing. `message` is one line for people."""

    def __init__(self, kind: FileProblemKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class FileType(Enum):
    """Kinds of directory entry."""

    FILE = "file"
    DIRECTORY = "dir"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FileContent:
    """What reading a file gave: `data` from the asked offset on, `size` of the whole file in bytes, permission bits."""

    data: bytes
    size: int
    mode: int
    end_of_file: bool


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A directory entry, `path` relative to the listed directory; also what `stat` gives (path empty)."""

    path: bytes
    type: FileType
    size: int
    mode: int
    target: bytes = b""


@dataclass(frozen=True, slots=True)
class FileList:
    """A listed directory, sorted by the bytes of the path."""

    entries: tuple[FileEntry, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What is wanted of a path: what it is; so many bytes of its content; its SHA-256 if it has no more than so many bytes. 0: not that."""

    path: bytes
    content_bytes: int = 0
    hashed_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a path is at one moment.

    Attributes:
        entry: The path itself, a link as a link; or why it can't be looked at.
        leads_to: What a link leads to; None for anything else, and where it leads nowhere.
        content: Of the regular file it is or leads to, as much as was wanted; `whole` if that is all of it.
        sha256: Hex; empty when none was wanted, or the file is too large.
        unread: Why the content could not be read.
    """

    entry: FileEntry | FileProblem
    leads_to: FileEntry | None = None
    content: bytes = b""
    whole: bool = False
    sha256: str = ""
    unread: FileProblem | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """A program run outside of any session: for setup and checks.

    Attributes:
        argv: Program (absolute path) and arguments; no shell unless it is one.
        cwd: Absolute directory.
        environment: The whole of it.
        uid: User; its gid is the same number.
        groups: Supplementary groups.
        stdin: The whole of standard input.
        hidden_dir: Whether a fresh private directory is made for it and named in CHECK_DIR.
    """

    argv: tuple[bytes, ...]
    cwd: bytes
    environment: Mapping[str, str]
    uid: int
    timeout_s: float
    output: OutputPolicy
    groups: tuple[int, ...] = ()
    stdin: bytes = b""
    hidden_dir: bool = False


@dataclass(frozen=True, slots=True)
class PullProgress:
    """An image is being pulled; sizes in bytes, 0 where the engine does not say."""

    image: str
    layer: str
    status: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class StartProgress:
    """A sandbox is being started."""

    image: str


OpenProgress: TypeAlias = PullProgress | StartProgress


@dataclass(frozen=True, slots=True)
class Provided:
    """What a kind of sandbox can do."""

    guest_digest: str
    runtime: str
    writable_rootfs_bounded: bool
    network: bool
    warm: int = field(default=0)
