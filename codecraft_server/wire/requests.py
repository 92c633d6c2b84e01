"""What clients ask for, decoded and checked as far as only the wire can; ranges that are rules are checked by `episodes`."""

from dataclasses import dataclass

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_server.episodes.choosing import Strategy, TaskChoice
from codecraft_server.episodes.events import Action, ListFiles, ReadFile, RunCommand, TextAction, WriteFile
from codecraft_server.errors import InvalidFieldError
from codecraft_server.rewards import BY_OUTCOME, RewardMode, RewardTerms
from codecraft_server.wire.scalars import seconds

_SEPARATE = {pb.OUTPUT_MODE_UNSPECIFIED: False, pb.OUTPUT_MODE_MERGED: False, pb.OUTPUT_MODE_SEPARATE: True}
_MODES = {
    pb.REWARD_MODE_UNSPECIFIED: RewardMode.OUTCOME,
    pb.REWARD_MODE_OUTCOME: RewardMode.OUTCOME,
    pb.REWARD_MODE_MILESTONES: RewardMode.MILESTONES,
    pb.REWARD_MODE_SHAPED: RewardMode.SHAPED,
}
_STRATEGIES = {
    env.CHOICE_STRATEGY_UNSPECIFIED: Strategy.UNIFORM,
    env.CHOICE_STRATEGY_UNIFORM: Strategy.UNIFORM,
    env.CHOICE_STRATEGY_IN_ORDER: Strategy.IN_ORDER,
    env.CHOICE_STRATEGY_ADAPTIVE: Strategy.ADAPTIVE,
}
_PAGE_SIZE = 100
_MAX_PAGE_SIZE = 500


@dataclass(frozen=True, slots=True)
class Reset:
    """ResetRequest; `start` is a task's id, how to choose one, or None: no task yet."""

    request_id: str
    start: TaskChoice | str | None
    trainer: str
    reward: RewardTerms = BY_OUTCOME


@dataclass(frozen=True, slots=True)
class Step:
    """StepRequest."""

    episode_id: str
    token: str
    step_index: int
    action: Action
    stream_output: bool


@dataclass(frozen=True, slots=True)
class Resume:
    """ResumeRequest; offsets in bytes."""

    episode_id: str
    token: str
    step_index: int
    out_offset: int
    err_offset: int


@dataclass(frozen=True, slots=True)
class Interrupt:
    """InterruptRequest."""

    episode_id: str
    token: str
    step_index: int
    grace_s: float


@dataclass(frozen=True, slots=True)
class WriteStdin:
    """WriteStdinRequest; `offset` in bytes."""

    episode_id: str
    token: str
    step_index: int
    offset: int
    data: bytes
    end_of_file: bool


@dataclass(frozen=True, slots=True)
class Episode:
    """GetEpisodeRequest and CloseRequest: an episode and its token."""

    episode_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Submit:
    """SubmitRequest."""

    episode_id: str
    token: str
    again: bool


@dataclass(frozen=True, slots=True)
class Page:
    """ListTasksRequest, ListEpisodesRequest and ListTaskStatisticsRequest; `size` from 1 on, `category` and `trainer` empty: all."""

    size: int
    token: str
    category: str = ""
    trainer: str = ""


@dataclass(frozen=True, slots=True)
class Prewarm:
    """PrewarmRequest."""

    task_id: str
    sandboxes: int


def reset(request: env.ResetRequest) -> Reset:
    """Decode ResetRequest. InvalidFieldError when it does not say what to start with."""
    return Reset(request.request_id, _start(request), request.trainer, reward_terms(request.reward))


def _start(request: env.ResetRequest) -> TaskChoice | str | None:
    match request.WhichOneof("start"):
        case "task_id":
            return request.task_id
        case "no_task":
            return None
        case "choice":
            return _choice(request.choice)
        case _:
            raise InvalidFieldError("start", "is missing; set task_id, choice or no_task")


def _choice(value: env.TaskChoice) -> TaskChoice:
    if value.strategy not in _STRATEGIES:
        raise InvalidFieldError("choice.strategy", f"{value.strategy} is no ChoiceStrategy that this server knows")
    return TaskChoice(
        strategy=_STRATEGIES[value.strategy],
        seed=value.seed,
        categories=tuple(sorted(set(value.categories))),
        min_difficulty=value.min_difficulty,
        max_difficulty=value.max_difficulty,
        task_ids=tuple(sorted(set(value.task_ids))),
    )


def reward_terms(value: pb.RewardOptions) -> RewardTerms:
    """Decode RewardOptions. InvalidFieldError for a mode that this server does not know."""
    if value.mode not in _MODES:
        raise InvalidFieldError("reward.mode", f"{value.mode} is no RewardMode that this server knows")
    return RewardTerms(
        mode=_MODES[value.mode],
        milestone_share=value.milestone_share if value.HasField("milestone_share") else None,
        discount=value.discount if value.HasField("discount") else None,
    )


def step(request: env.StepRequest) -> Step:
    """Decode StepRequest. InvalidFieldError for what is wrong with the shape of its action."""
    return Step(request.episode_id, request.episode_token, request.step_index, action(request.action), request.stream_output)


def action(value: pb.Action) -> Action:
    """Decode an action. InvalidFieldError when no kind is set, or none that this server knows."""
    match value.WhichOneof("kind"):
        case "run_command":
            return _run_command(value.run_command)
        case "write_file":
            return _write_file(value.write_file)
        case "read_file":
            return ReadFile(value.read_file.path, value.read_file.offset, value.read_file.max_bytes)
        case "list_files":
            return ListFiles(value.list_files.path, value.list_files.depth or 1, value.list_files.max_entries or 1000)
        case "text":
            return TextAction(value.text)
        case _:
            raise InvalidFieldError("action.kind", "is missing; set exactly one kind of action that this server knows")


def _run_command(value: pb.RunCommand) -> RunCommand:
    if value.output_mode not in _SEPARATE:
        raise InvalidFieldError("action.run_command.output_mode", f"{value.output_mode} is no OutputMode that this server knows")
    return RunCommand(
        command=value.command,
        timeout_s=seconds(value.timeout, "action.run_command.timeout") if value.HasField("timeout") else None,
        stdin=value.stdin if value.HasField("stdin") else None,
        stdin_open=value.stdin_open,
        session=value.session or "main",
        separate=_SEPARATE[value.output_mode],
    )


def _write_file(value: pb.WriteFile) -> WriteFile:
    return WriteFile(
        path=value.path,
        content=value.content,
        mode=value.mode if value.HasField("mode") else None,
        offset=value.offset if value.HasField("offset") else None,
    )


def resume(request: env.ResumeRequest) -> Resume:
    """Decode ResumeRequest."""
    return Resume(request.episode_id, request.episode_token, request.step_index, request.out_offset, request.err_offset)


def interrupt(request: env.InterruptRequest) -> Interrupt:
    """Decode InterruptRequest. InvalidFieldError when the grace is negative or no duration."""
    return Interrupt(request.episode_id, request.episode_token, request.step_index, seconds(request.grace, "grace"))


def write_stdin(request: env.WriteStdinRequest) -> WriteStdin:
    """Decode WriteStdinRequest."""
    return WriteStdin(request.episode_id, request.episode_token, request.step_index, request.offset, request.data, request.end_of_file)


def submit(request: env.SubmitRequest) -> Submit:
    """Decode SubmitRequest."""
    return Submit(request.episode_id, request.episode_token, request.again)


def episode(request: env.GetEpisodeRequest | env.CloseRequest) -> Episode:
    """Decode a request that has nothing but an episode and its token."""
    return Episode(request.episode_id, request.episode_token)


def task_page(request: env.ListTasksRequest) -> Page:
    """Decode ListTasksRequest. InvalidFieldError when the size is negative."""
    return Page(_page_size(request.page_size), request.page_token, request.category)


def episode_page(request: ctl.ListEpisodesRequest) -> Page:
    """Decode ListEpisodesRequest. InvalidFieldError when the size is negative."""
    return Page(_page_size(request.page_size), request.page_token)


def statistics_page(request: ctl.ListTaskStatisticsRequest) -> Page:
    """Decode ListTaskStatisticsRequest. InvalidFieldError when the size is negative."""
    return Page(_page_size(request.page_size), request.page_token, trainer=request.trainer)


def _page_size(value: int) -> int:
    if value < 0:
        raise InvalidFieldError("page_size", "must not be negative")
    return min(value or _PAGE_SIZE, _MAX_PAGE_SIZE)


def task_id(request: env.GetTaskRequest) -> str:
    """Decode GetTaskRequest."""
    return request.task_id


def prewarm(request: ctl.PrewarmRequest, max_sandboxes: int) -> Prewarm:
    """Decode PrewarmRequest. InvalidFieldError when the number is not within 0 to `max_sandboxes`."""
    if not 0 <= request.sandboxes <= max_sandboxes:
        raise InvalidFieldError("sandboxes", f"must be 0 to {max_sandboxes}, not {request.sandboxes}")
    return Prewarm(request.task_id, request.sandboxes)


def regrade(request: ctl.RegradeRequest) -> str:
    """Decode RegradeRequest: the episode's id."""
    return request.episode_id
