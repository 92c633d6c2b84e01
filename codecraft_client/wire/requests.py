"""Actions, choices and times to messages."""

from collections.abc import Iterator
from contextlib import contextmanager

from google.protobuf.duration_pb2 import Duration

from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_client.actions import Action, ListFiles, ReadFile, RunCommand, Text, WriteFile
from codecraft_client.errors import UsageError
from codecraft_client.rewards import RewardMode, RewardOptions
from codecraft_client.types import TaskChoice

NANOS = 1_000_000_000
_MODES = {
    RewardMode.OUTCOME: pb.REWARD_MODE_OUTCOME,
    RewardMode.MILESTONES: pb.REWARD_MODE_MILESTONES,
    RewardMode.SHAPED: pb.REWARD_MODE_SHAPED,
}


def as_bytes(value: str | bytes) -> bytes:
    """UTF-8 of a string; undecodable bytes that Python smuggles through strings (PEP 383) come out as they were."""
    return value.encode("utf-8", errors="surrogateescape") if isinstance(value, str) else value


def duration(seconds: float) -> Duration:
    """A Duration of that many seconds, rounded to nanoseconds. Whether it is in range is for the server to say."""
    try:
        whole, rest = divmod(abs(round(seconds * NANOS)), NANOS)
        sign = -1 if seconds < 0 else 1
        return Duration(seconds=sign * whole, nanos=sign * rest)
    except (OverflowError, ValueError) as error:
        raise UsageError(f"a time of {seconds} seconds can't be sent") from error


def reset(
    request_id: str, task_id: str | None, choice: TaskChoice | None, trainer: str, reward: RewardOptions | None = None
) -> env.ResetRequest:
    """ResetRequest. UsageError for a task that is named and to be chosen at once, and for what the wire can't carry."""
    if task_id is not None and choice is not None:
        raise UsageError("name a task or have one chosen, not both")
    with carried("Reset"):
        request = env.ResetRequest(request_id=request_id, trainer=trainer)
        if choice is not None:
            request.choice.CopyFrom(_choice(choice))
        elif task_id is not None:
            request.task_id = task_id
        else:
            request.no_task.SetInParent()
        if reward is not None:
            request.reward.CopyFrom(reward_options(reward))
        return request


def _choice(value: TaskChoice) -> env.TaskChoice:
    return env.TaskChoice(
        strategy=env.ChoiceStrategy.Value(f"CHOICE_STRATEGY_{value.strategy.name}"),
        seed=value.seed,
        categories=value.categories,
        min_difficulty=value.min_difficulty,
        max_difficulty=value.max_difficulty,
        task_ids=value.task_ids,
    )


def reward_options(value: RewardOptions) -> pb.RewardOptions:
    """RewardOptions. UsageError for a mode that is none."""
    if value.mode not in _MODES:
        raise UsageError(f"{value.mode} can't be asked for")
    return pb.RewardOptions(mode=_MODES[value.mode], milestone_share=value.milestone_share, discount=value.discount)


@contextmanager
def carried(what: str) -> Iterator[None]:
    """Raise UsageError where the wire can't carry a value."""
    try:
        yield
    except ValueError as error:  # protobuf's for a number out of range or a lone surrogate
        raise UsageError(f"this {what} can't be sent: {error}") from error


def action(value: Action) -> pb.Action:
    """Any of the actions. UsageError for a value that the wire can't carry."""
    with carried(type(value).__name__):
        return _action(value)


def _action(value: Action) -> pb.Action:
    match value:
        case RunCommand():
            return pb.Action(run_command=_run_command(value))
        case WriteFile():
            return pb.Action(write_file=_write_file(value))
        case ReadFile():
            return pb.Action(read_file=pb.ReadFile(path=as_bytes(value.path), offset=value.offset, max_bytes=value.max_bytes))
        case ListFiles():
            return pb.Action(list_files=pb.ListFiles(path=as_bytes(value.path), depth=value.depth, max_entries=value.max_entries))
        case Text():
            return pb.Action(text=value.text)


def _run_command(value: RunCommand) -> pb.RunCommand:
    return pb.RunCommand(
        command=as_bytes(value.command),
        timeout=None if value.timeout_s is None else duration(value.timeout_s),
        stdin=None if value.stdin is None else as_bytes(value.stdin),
        stdin_open=value.stdin_open,
        session=value.session,
        output_mode=pb.OUTPUT_MODE_SEPARATE if value.separate else pb.OUTPUT_MODE_MERGED,
    )


def _write_file(value: WriteFile) -> pb.WriteFile:
    return pb.WriteFile(path=as_bytes(value.path), content=as_bytes(value.content), mode=value.mode, offset=value.offset)
