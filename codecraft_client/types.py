"""The values an agent works with: tasks, observations, how episodes stand and end. Frozen, and free of anything of the wire's.

Times and sizes have their unit in the name; a Unix time (`…_at`) is in seconds. Paths, directories and output are bytes.
Enumerations that may grow have an UNKNOWN, which stands for every value this version does not know.

Those of episodes stand here; the others, in `tasks`, `observations` and `server_info`, are to be had from here, too.
"""

from dataclasses import dataclass
from enum import Enum

from codecraft_client.observations import (
    ActionError,
    BackgroundProcess,
    Budget,
    CommandEnd,
    EndReason,
    FileContent,
    FileEntry,
    FileList,
    FileType,
    Gap,
    Observation,
    Stream,
)
from codecraft_client.server_info import Capabilities, Capacity, ServerInfo, ServerLimits
from codecraft_client.tasks import ChoiceStrategy, Limits, Task, TaskChoice, TaskStatistics

__all__ = [
    "ActionError",
    "BackgroundProcess",
    "Budget",
    "Capabilities",
    "Capacity",
    "ChoiceStrategy",
    "CommandEnd",
    "EndReason",
    "EpisodeState",
    "EpisodeStatus",
    "EpisodeSummary",
    "Fault",
    "FaultReason",
    "FileContent",
    "FileEntry",
    "FileList",
    "FileType",
    "Gap",
    "Limits",
    "Observation",
    "Outcome",
    "SandboxOrigin",
    "ServerInfo",
    "ServerLimits",
    "Stream",
    "Task",
    "TaskChoice",
    "TaskStatistics",
    "Timing",
    "Usage",
]


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
