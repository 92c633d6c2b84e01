"""Every bound of the service with its unit and its reason, in frozen dataclasses. Knows nothing of how it is set (`cli`) or used."""

from dataclasses import dataclass, field
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class TaskDefaults:
    """Limits of a task whose entry does not set them. The one place where they stand."""

    steps: int = 100
    episode_s: float = 1800.0
    command_s: float = 60.0
    grading_s: float = 120.0
    cpus: float = 1.0
    memory_mb: int = 512
    disk_mb: int = 192  # tmpfs, so charged to memory: at most half of it
    pids: int = 192  # the guest's own threads (about 50) included
    output_kb: int = 64
    pass_score: float = 1.0
    malformed_penalty: float = -1.0  # as in gym-codecraft
    milestone_share: float = 0.5  # of the return, in episodes that pay for milestones


@dataclass(frozen=True, slots=True)
class CurriculumBounds:
    """Bounds of what a curriculum may hold; bytes are of UTF-8."""

    tasks: int = 10_000
    file_bytes: int = 16 * MIB  # one JSON file, or one file that it refers to
    text_bytes: int = 64 * KIB  # a description; GetTask answers within 1 MiB
    name_characters: int = 128  # ids, names, tags
    checks: int = 200
    cases: int = 2000  # or calls, of one check
    command_bytes: int = 36_000  # of a check, arguments included: it travels in one frame's header, as base64
    hidden_bytes: int = 1_400_000  # files or arguments of a check: they travel in one frame's body
    files: int = 500
    task_file_bytes: int = 16 * MIB  # all files of one task
    problems: int = 20  # reported at once


@dataclass(frozen=True, slots=True)
class ImportBounds:
    """Bounds of what is read of a foreign format."""

    foreign_bytes: int = 64 * MIB  # one file, unpacked; four times what a curriculum may have, since little of a record may be needed


@dataclass(frozen=True, slots=True)
class GradingBounds:
    """Bounds of grading. Seconds and bytes."""

    check_s: float = 10.0  # of a check that sets none; less where a task has many
    output_kept_bytes: int = 1 * MIB  # of both streams together; more than a check expects
    output_max_bytes: int = 16 * MIB  # then the program is killed and its check fails
    file_bytes: int = 1 * MIB  # whose content is compared
    hashed_bytes: int = 64 * MIB  # whose SHA-256 is compared
    chunk_bytes: int = 1 * MIB  # read at once
    leave_s: float = 1.0  # for the learner's process to end after the tests that used it; then it is killed
    match_s: float = 5.0  # a regular expression over the agent's text, in a process of its own
    reason_characters: int = 2000
    looked_bytes: int = 1 * MIB  # of a file's content that a milestone compares, while everything stands still
    looked_hashed_bytes: int = 64 * MIB  # whose SHA-256 a milestone compares
    looks: int = 16  # paths that are looked at in one moment; the guest's bound
    hold_s: float = 2.0  # between the renewals of a freeze, which ends by itself after 5 s
    stop_tries: int = 10  # of a second each, for processes that are many and slow to stop
    end_tries: int = 4  # of five seconds and more each, likewise to end
    slack_s: float = 120.0  # beyond a check's own time: what its end may take (kill_timeout_s, end_tries), and the service may add
    prepare_s: float = 600.0  # until a fresh sandbox has the work in it, a pull and the task's setup included
    prepare_tries: int = 2  # a sandbox that is lost or can't be started meanwhile is the service's affair, so another one is tried
    work_bytes: int = 64 * MIB  # of one work's archive; a sparse file counts by its size. More than that fails all checks
    work_entries: int = 50_000  # files, directories and links of one work; likewise
    emptied_entries: int = 100_000  # of a path, before the work comes there


@dataclass(frozen=True, slots=True)
class GradingSettings:
    """The reserve that work is graded in, apart from the episodes' places, and how long work is kept. Seconds and bytes."""

    places: int = 8  # sandboxes for grading at once; more wait in turn, so that every submission is graded whatever is open
    copies: int = 2  # works copied at once: each is in memory until it is on disk
    works_kept: int = 256  # of ended episodes
    work_bytes: int = 512 * MIB  # of these works, on disk
    work_kept_s: float = 900.0  # after an episode's end; as long as its result


@dataclass(frozen=True, slots=True)
class EpisodeSettings:
    """Bounds of episodes. Seconds and bytes."""

    max_episodes: int = 64
    max_queued_resets: int = 64
    lease_s: float = 900.0  # covers a slow model's thinking between two calls
    reattach_grace_s: float = 10.0
    result_kept_s: float = 900.0  # after an episode's end
    ended_kept: int = 4096  # ended episodes remembered at the most, whatever their age
    ended_bytes: int = 64 * MIB  # of their last results
    heartbeat_s: float = 10.0  # under every proxy's idle limit
    resume_window_bytes: int = 4 * MIB  # above our clients' fixed window of 1 MiB; others are told to keep theirs below
    output_window_bytes: int = 1 * MIB  # credit of a streamed command
    output_max_bytes: int = 1024 * MIB
    stall_s: float = 20.0  # longer than reattach_grace: a lost connection loses nothing
    stall_total_s: float = 600.0
    readers_per_step: int = 4
    recorded_steps: int = 64  # results kept per episode for repeats; older ones are gone (STEP_NOT_FOUND)
    recorded_bytes: int = 8 * MIB  # of these results, the last one's streamed output included
    drain_s: float = 10.0  # what running steps get at shutdown before they are interrupted
    max_command_bytes: int = 1_000_000
    max_content_bytes: int = 900_000
    max_stdin_bytes: int = 512 * KIB
    max_path_bytes: int = 4096
    max_grace_s: float = 10.0


@dataclass(frozen=True, slots=True)
class StatisticsBounds:
    """Bounds of what is remembered of trainers, their choices and how their episodes went."""

    recent_episodes: int = 20  # of a task, for its pass rate: few enough to follow a learner, enough to know the rate within about 0.1
    trainers: int = 256  # the one heard of longest ago is forgotten
    tallies: int = 32_768  # of all trainers, one for each task that one has played; about 1.5 KB each
    choices: int = 256  # of a trainer: seeds and filters whose place in their sequence is known
    faults: int = 4096  # episodes that may still be graded; as many as ended ones are remembered
    filter_entries: int = 1000  # categories or ids that a choice may name


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Bounds of the Docker room. Seconds and bytes."""

    runtime: str = ""  # empty: the engine's default
    allow_network: bool = False
    allow_root: bool = True
    warm_per_image: int = 0
    max_warm: int = 16
    control_threads: int = 8  # docker-py calls at once; the engine itself starts 5-7 containers a second, whatever the concurrency
    concurrent_starts: int = 4
    start_timeout_s: float = 60.0
    pull_timeout_s: float = 1800.0
    request_timeout_s: float = 20.0  # an answer of the guest to anything but a command, or its taking anything off the wire
    archive_timeout_s: float = 120.0  # an archive of `packed_bytes` through a busy engine
    packed_bytes: int = 64 * MIB  # of one archive; it is held in memory
    kill_timeout_s: float = 60.0  # from a command's time-out to its Ended, before the sandbox is given up; heavy processes go slowly
    link_lease_s: float = 30.0
    renew_every_s: float = 8.0
    close_timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class RpcSettings:
    """Bounds of the transport. Seconds and bytes."""

    max_request_bytes: int = 2 * MIB  # a command of 1 MB with its standard input
    max_response_bytes: int = 1 * MIB  # every language's default accepts 4 MiB; the contract promises 1
    max_streams: int = 1024  # of one connection: more than any client has episodes
    max_calls: int = 8192  # of all connections together
    rollout_in_flight: int = 512  # requests of one Rollout; more than resets may queue, or the close they wait for could wait behind them
    keepalive_s: float = 60.0  # a dead client's calls end after this and the time-out
    keepalive_timeout_s: float = 20.0
    min_client_ping_s: float = 5.0  # clients that ping more often are cut off
    stop_grace_s: float = 1.0  # what calls get to fetch their last event, once all steps have ended


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can set."""

    host: str = "127.0.0.1"
    port: int = 50051
    allow_remote: bool = False
    curriculum: Path | None = None  # None: the one that ships
    worker: str = ""  # empty: made up at start
    agent_token: str = ""  # empty: none needed
    control_token: str = ""
    log_json: bool = False
    log_level: str = "info"
    build_images: bool = True  # those of ours that the curriculum names, at start
    defaults: TaskDefaults = field(default_factory=TaskDefaults)
    episodes: EpisodeSettings = field(default_factory=EpisodeSettings)
    grading: GradingSettings = field(default_factory=GradingSettings)
    statistics: StatisticsBounds = field(default_factory=StatisticsBounds)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    rpc: RpcSettings = field(default_factory=RpcSettings)
