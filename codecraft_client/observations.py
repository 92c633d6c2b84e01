"""What an agent sees after an action. Values only; whoever needs them takes them from `types`, which has all of them."""

from dataclasses import dataclass
from enum import Enum

from codecraft_client.tasks import Limits


class Stream(Enum):
    """The output streams of a command; OUT has both when they are merged."""

    OUT = "out"
    ERR = "err"


class EndReason(Enum):
    """Why a command ended."""

    UNKNOWN = "unknown"
    EXITED = "exited"
    SIGNALLED = "signalled"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    OUTPUT_LIMIT = "output_limit"
    OUT_OF_MEMORY = "out_of_memory"
    SHELL_ENDED = "shell_ended"


class FileType(Enum):
    """Kinds of directory entry."""

    OTHER = "other"
    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"


class ActionError(Enum):
    """What can be wrong with an action by the agent's own doing."""

    OTHER = "other"
    MALFORMED = "malformed"
    UNKNOWN_ACTION = "unknown_action"
    NO_TASK = "no_task"
    TASK_NOT_FOUND = "task_not_found"
    FILE_NOT_FOUND = "file_not_found"
    PERMISSION = "permission"
    WRONG_FILE_TYPE = "wrong_file_type"
    NO_SPACE = "no_space"
    BAD_PATH = "bad_path"
    BAD_COMMAND = "bad_command"
    TOO_MANY_SESSIONS = "too_many_sessions"
    TASK_ALREADY_STARTED = "task_already_started"


@dataclass(frozen=True, slots=True)
class Gap:
    """`dropped_bytes` bytes of a stream, from `offset` on, are missing: nobody took them in time."""

    stream: Stream
    offset: int
    dropped_bytes: int


@dataclass(frozen=True, slots=True)
class BackgroundProcess:
    """A process that a command left running."""

    pid: int
    command: bytes


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """How a command ended.

    Attributes:
        exit_code: The shell's own report, 0 to 255; None when there is none.
        session_restarted: The shell is a new one, in the directory and with the exported variables of the end of the command before.
        out_bytes: Printed on standard output (both streams when merged), gaps included.
    """

    reason: EndReason
    exit_code: int | None
    signal: int | None
    session_restarted: bool
    cwd: bytes
    out_bytes: int
    err_bytes: int
    dropped_bytes: int
    background: tuple[BackgroundProcess, ...]

    @property
    def succeeded(self) -> bool:
        """It ended by itself with exit code 0."""
        return self.reason is EndReason.EXITED and self.exit_code == 0


@dataclass(frozen=True, slots=True)
class FileEntry:
    """An entry of a listed directory; `path` is relative to it, `target` is where a link points."""

    path: bytes
    type: FileType
    size_bytes: int
    mode: int
    target: bytes


@dataclass(frozen=True, slots=True)
class FileContent:
    """What reading a file gave: `data` from the asked offset on, `size_bytes` of the whole file."""

    data: bytes
    size_bytes: int
    mode: int
    end_of_file: bool


@dataclass(frozen=True, slots=True)
class FileList:
    """What listing a directory gave; `truncated`: there are more entries than were asked for."""

    entries: tuple[FileEntry, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Budget:
    """What an episode has left; `limits` None before a task is started."""

    steps_taken: int
    steps_left: int
    limits: Limits | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What an agent sees after an action; parts that the action has none of are empty or None.

    Attributes:
        output: Standard output (both streams when merged) unless it was streamed: head and tail within the task's output_bytes.
        gaps: Where in `output` and `error_output` bytes are missing.
    """

    message: str
    output: bytes
    error_output: bytes
    gaps: tuple[Gap, ...]
    command_end: CommandEnd | None
    file: FileContent | None
    files: FileList | None
    error: ActionError | None
    budget: Budget

    @property
    def text(self) -> str:
        """Output as text; what is no UTF-8 shows as U+FFFD."""
        return self.output.decode("utf-8", errors="replace")
