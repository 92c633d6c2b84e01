"""What there is to be done, how one has the server choose of it, and how it went. Values only."""

from dataclasses import dataclass
from enum import Enum


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
