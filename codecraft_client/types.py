"""The values an agent works with: tasks, observations, rewards. Frozen, and free of anything of the wire's.

Times and sizes have their unit in the name; a Unix time (`…_at`) is in seconds. Paths, directories and output are bytes.
Enumerations that may grow have an UNKNOWN, which stands for every value this version does not know.
"""

from dataclasses import dataclass
from enum import Enum


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


class Outcome(Enum):
    """How an episode ended. For UNKNOWN the flags `terminated` and `truncated` say what it means."""

    UNKNOWN = "unknown"
    PASSED = "passed"
    FAILED = "failed"
    GAVE_UP = "gave_up"
    OUT_OF_STEPS = "out_of_steps"
    OUT_OF_TIME = "out_of_time"
    EXPIRED = "expired"
    CLOSED = "closed"
    FAULT = "fault"


class FaultReason(Enum):
    """What failed that was not the agent."""

    UNKNOWN = "unknown"
    SANDBOX_LOST = "sandbox_lost"
    ENGINE_LOST = "engine_lost"
    GRADER_FAILED = "grader_failed"
    TASK_HAS_NO_CHECKS = "task_has_no_checks"
    TASK_BROKEN = "task_broken"
    SHUTDOWN = "shutdown"
    INTERNAL = "internal"


class SandboxOrigin(Enum):
    """How a sandbox came to be."""

    UNKNOWN = "unknown"
    COLD = "cold"
    WARM = "warm"
    RECYCLED = "recycled"


class EpisodeState(Enum):
    """How an episode stands."""

    UNKNOWN = "unknown"
    READY = "ready"
    STEPPING = "stepping"
    GRADING = "grading"
    ENDED = "ended"


class ChoiceStrategy(Enum):
    """How the server chooses a task; the schema says what each means."""

    UNIFORM = "uniform"
    IN_ORDER = "in_order"
    ADAPTIVE = "adaptive"


@dataclass(frozen=True, slots=True)
class TaskChoice:
    """Has the server choose a task: the same seed, filter and course of events give the same tasks again on a server started anew.

    Attributes:
        seed: What chance is drawn from, any integer of 64 bits.
        categories: Only tasks of these; none: all.
        min_difficulty: Only tasks of at least this difficulty, 1 to 10; 0: any.
        max_difficulty: Only tasks of at most this difficulty; 0: any.
        task_ids: Only these tasks; none: all.
    """

    strategy: ChoiceStrategy = ChoiceStrategy.UNIFORM
    seed: int = 0
    categories: tuple[str, ...] = ()
    min_difficulty: int = 0
    max_difficulty: int = 0
    task_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server can do beyond the contract's core; `writable_rootfs_bounded`: the disk of writable sandboxes has a limit."""

    network: bool
    root_user: bool
    writable_rootfs_bounded: bool
    runtime: str


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Bounds that hold for every episode of a server; the schema says what each means."""

    episodes: int
    queued_resets: int
    episode_lease_s: float
    reattach_grace_s: float
    result_kept_s: float
    resume_window_bytes: int
    gradings: int
    work_kept_s: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """What of a server is in use."""

    episodes: int
    queued_resets: int
    warm_sandboxes: int
    gradings: int
    queued_gradings: int


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a server is, may do and has left. Digests are SHA-256 in hex."""

    server_version: str
    protocol_version: int
    guest_digest: str
    worker: str
    capabilities: Capabilities
    limits: ServerLimits
    capacity: Capacity
    catalog_digest: str
    task_count: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds an episode; `disk_bytes` 0 where the storage driver can't bound it."""

    steps: int
    episode_s: float
    command_s: float
    grading_s: float
    cpus: float
    memory_bytes: int
    disk_bytes: int
    pids: int
    output_bytes: int
    output_max_bytes: int


@dataclass(frozen=True, slots=True)
class Task:
    """The public view of a task.

    Attributes:
        difficulty: 1 to 10; 0 when unknown.
        test: In words, how the work will be judged.
        gradable: Whether it has checks; submitting one that has none ends with a fault.
        milestone_count: How many milestones mark the way.
        milestone_share: Their part of the return in RewardMode.MILESTONES, unless Reset says otherwise.
    """

    task_id: str
    title: str
    category: str
    tags: tuple[str, ...]
    difficulty: int
    prerequisites: tuple[str, ...]
    description: str
    test: str
    image: str
    shell: bytes
    working_dir: bytes
    root_user: bool
    network: bool
    limits: Limits
    digest: str
    gradable: bool
    milestone_count: int
    milestone_share: float


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


@dataclass(frozen=True, slots=True)
class Fault:
    """What failed that was not the agent; `can_submit_again`: the work is kept, and `Episode.submit(again=True)` has it judged anew."""

    reason: FaultReason
    message: str
    can_submit_again: bool


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time went; the schema says what each part means."""

    started_at: float
    elapsed_s: float
    queued_s: float
    busy_s: float
    stalled_s: float
    episode_s_left: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command used; None where it can't be known."""

    cpu_s: float | None
    memory_peak_bytes: int | None
    oom_kills: int | None


@dataclass(frozen=True, slots=True)
class EpisodeStatus:
    """How an episode stands; `next_step_index` is the one after the running step while one runs."""

    state: EpisodeState
    task: Task | None
    next_step_index: int
    budget: Budget
    expires_at: float
    outcome: Outcome | None
    episode_s_left: float


@dataclass(frozen=True, slots=True)
class EpisodeSummary:
    """An open episode in one line; `task_id` None when no task was started, `outcome` None while it goes on."""

    episode_id: str
    task_id: str | None
    state: EpisodeState
    steps_taken: int
    started_at: float
    expires_at: float
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class TaskStatistics:
    """How the episodes of a task went since the server started; None is what can't be known. The schema says what counts where."""

    task_id: str
    started: int
    passed: int
    failed: int
    gave_up: int
    out_of_budget: int
    abandoned: int
    faults: int
    mean_score: float | None
    mean_return: float | None
    mean_steps: float | None
    recent_pass_rate: float | None
    recent_episodes: int
    mean_grading_s: float | None
