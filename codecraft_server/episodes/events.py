"""What episodes take and give: actions, observations, results, events on the way. Values; `wire` carries each field to the schema."""

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from codecraft_server.grading.verdict import CheckResult, Grade, PhaseBegan
from codecraft_server.layout import SettingUp
from codecraft_server.rewards import BY_OUTCOME, Reward, RewardTerms, Step
from codecraft_server.sandbox import Ended, FileContent, FileList, Gap, Origin, Output, PullProgress, StartProgress
from codecraft_server.task import Task


@dataclass(frozen=True, slots=True)
class RunCommand:
    """See RunCommand in the schema. `timeout_s` None: the task's."""

    command: bytes
    timeout_s: float | None = None
    stdin: bytes | None = None
    stdin_open: bool = False
    session: str = "main"
    separate: bool = False


@dataclass(frozen=True, slots=True)
class WriteFile:
    """See WriteFile in the schema."""

    path: bytes
    content: bytes
    mode: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """See ReadFile in the schema. `max_bytes` 0: the task's output_bytes."""

    path: bytes
    offset: int = 0
    max_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ListFiles:
    """See ListFiles in the schema; defaults filled in."""

    path: bytes = b""
    depth: int = 1
    max_entries: int = 1000


@dataclass(frozen=True, slots=True)
class TextAction:
    """An action in the text dialect, not parsed yet."""

    text: str


@dataclass(frozen=True, slots=True)
class StartTask:
    """Text dialect only: start a task in an episode that has none."""

    task_id: str


@dataclass(frozen=True, slots=True)
class Restart:
    """Text dialect only: the same task from the beginning in a fresh sandbox; the budget goes on."""


@dataclass(frozen=True, slots=True)
class SubmitWork:
    """Text dialect only: as the Submit call."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Text dialect only: leave."""


Action: TypeAlias = RunCommand | WriteFile | ReadFile | ListFiles | TextAction
ParsedAction: TypeAlias = RunCommand | WriteFile | ReadFile | ListFiles | StartTask | Restart | SubmitWork | GiveUp


class ActionError(Enum):
    """What can be wrong with an action by the agent's doing; names as in the schema."""

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
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Budget:
    """What an episode has left; `task` (for its limits) None before one is started."""

    steps_taken: int
    steps_left: int
    task: Task | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What an agent sees. Deterministic wherever its programs are."""

    budget: Budget
    message: str = ""
    output: bytes = b""
    error_output: bytes = b""
    gaps: tuple[Gap, ...] = ()
    ended: Ended | None = None
    file: FileContent | None = None
    files: FileList | None = None
    error: ActionError | None = None


class Outcome(Enum):
    """How an episode ended."""

    PASSED = "passed"
    FAILED = "failed"
    GAVE_UP = "gave_up"
    OUT_OF_STEPS = "out_of_steps"
    OUT_OF_TIME = "out_of_time"
    EXPIRED = "expired"
    CLOSED = "closed"
    FAULT = "fault"

    @property
    def terminated(self) -> bool:
        """By the agent's doing, as Gymnasium means it."""
        return self in {Outcome.PASSED, Outcome.FAILED, Outcome.GAVE_UP}

    @property
    def truncated(self) -> bool:
        """By anything else."""
        return not self.terminated


class FaultReason(Enum):
    """What failed that was not the agent."""

    SANDBOX_LOST = "sandbox_lost"
    ENGINE_LOST = "engine_lost"
    GRADER_FAILED = "grader_failed"
    TASK_HAS_NO_CHECKS = "task_has_no_checks"
    TASK_BROKEN = "task_broken"
    SHUTDOWN = "shutdown"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and one sentence for people, free of anything of the host's. `can_submit_again`: the work is kept and may be judged anew."""

    reason: FaultReason
    message: str
    can_submit_again: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time went. `started_at` is a Unix time in seconds, the rest are seconds."""

    started_at: float
    elapsed_s: float
    queued_s: float = 0.0
    busy_s: float = 0.0
    stalled_s: float = 0.0
    episode_s_left: float = 0.0


@dataclass(frozen=True, slots=True)
class MilestoneChange:
    """What became of a milestone that the task shows; `first`: it never held before. `weight` is its share of all milestones."""

    milestone_id: str
    title: str
    holds: bool
    first: bool
    weight: float


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step came to."""

    step_index: int
    observation: Observation
    reward: Reward
    label: Step
    timing: Timing
    outcome: Outcome | None = None
    fault: Fault | None = None
    grade: Grade | None = None
    started_task: Task | None = None
    milestones: tuple[MilestoneChange, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """What a submission came to; `grade` None and `reward` absent with a fault."""

    grade: Grade | None
    reward: Reward
    episode_return: float | None
    outcome: Outcome
    timing: Timing
    fault: Fault | None = None
    label: Step = Step.UNKNOWN


@dataclass(frozen=True, slots=True)
class RegradeResult:
    """What grading again came to; `grade` None with a fault, `previous_grade` likewise. The digests are those of the tasks."""

    grade: Grade | None
    previous_grade: Grade | None
    task_digest: str
    previous_task_digest: str
    timing: Timing
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """Waiting for a place; 1 is next."""

    position: int


Progress: TypeAlias = Queued | PullProgress | StartProgress | SettingUp


@dataclass(frozen=True, slots=True)
class Ready:
    """An episode is open."""

    episode_id: str
    episode_token: str
    task: Task | None
    image_digest: str
    observation: Observation
    origin: Origin | None
    timing: Timing
    reward: RewardTerms = BY_OUTCOME


@dataclass(frozen=True, slots=True)
class Started:
    """A step has been taken up (only when its output is streamed)."""

    step_index: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life; seconds since the call's subject began."""

    elapsed_s: float


ResetEvent: TypeAlias = Progress | Ready
StepEvent: TypeAlias = Started | Output | Gap | Heartbeat | Progress | PhaseBegan | CheckResult | StepResult
SubmitEvent: TypeAlias = PhaseBegan | CheckResult | Heartbeat | SubmitResult
RegradeEvent: TypeAlias = PhaseBegan | CheckResult | Heartbeat | RegradeResult


class State(Enum):
    """How an episode stands."""

    READY = "ready"
    STEPPING = "stepping"
    GRADING = "grading"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class EpisodeView:
    """How an episode stands; `expires_at` is a Unix time in seconds."""

    episode_id: str
    state: State
    task: Task | None
    next_step_index: int
    budget: Budget
    started_at: float
    expires_at: float
    outcome: Outcome | None
    episode_s_left: float


@dataclass(frozen=True, slots=True)
class Load:
    """What of the capacity is in use."""

    episodes: int
    queued_resets: int
    warm: int = field(default=0)
    gradings: int = field(default=0)
    queued_gradings: int = field(default=0)
