"""What streams yield, to values. An event that this version does not know decodes to None and is passed over, as the schema asks."""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_client import events, rewards, types
from codecraft_client.wire import enums, values


def reset_event(message: env.ResetResponse) -> events.Progress | events.Ready | None:
    """ResetResponse."""
    event: events.Progress | events.Ready | None = _decoded(message, "event", RESET)
    return event


def step_event(message: env.StepResponse) -> events.StepEvent | events.StepResult | None:
    """StepResponse."""
    event: events.StepEvent | events.StepResult | None = _decoded(message, "event", STEP)
    return event


def submit_event(message: env.SubmitResponse) -> events.SubmitEvent | events.SubmitResult | None:
    """SubmitResponse."""
    event: events.SubmitEvent | events.SubmitResult | None = _decoded(message, "event", SUBMIT)
    return event


def regrade_event(message: ctl.RegradeResponse) -> events.SubmitEvent | events.RegradeResult | None:
    """RegradeResponse."""
    event: events.SubmitEvent | events.RegradeResult | None = _decoded(message, "event", REGRADE)
    return event


def progress(message: env.Progress) -> events.Progress | None:
    """Progress."""
    stage: events.Progress | None = _decoded(message, "stage", PROGRESS)
    return stage


def _decoded(message: Message, oneof: str, decoders: Mapping[str, Callable[[Any], Any]]) -> Any:
    """Decode the set member of a oneof; None when there is none, or none that is known here."""
    name = message.WhichOneof(oneof)
    return decoders[name](getattr(message, name)) if name in decoders else None


def pulling(message: env.Pulling) -> events.Pulling:
    """Pulling."""
    return events.Pulling(message.image, message.layer, message.status, message.done_bytes, message.total_bytes)


def output(message: pb.Output) -> events.Output:
    """Output."""
    return events.Output(enums.STREAM.get(message.stream, types.Stream.OUT), message.offset, message.data)


def heartbeat(message: env.Heartbeat) -> events.Heartbeat:
    """Heartbeat."""
    return events.Heartbeat(values.seconds(message.elapsed))


def phase(message: env.Phase) -> events.Phase:
    """Phase."""
    return events.Phase(enums.GRADING_PHASE.get(message.phase, events.GradingPhase.UNKNOWN), message.checks)


def ready(message: env.Ready) -> events.Ready:
    """Ready."""
    return events.Ready(
        episode_id=message.episode_id,
        episode_token=message.episode_token,
        task=values.task(message.task) if message.HasField("task") else None,
        image_digest=message.image_digest,
        observation=values.observation(message.observation),
        sandbox_origin=enums.optional(enums.SANDBOX_ORIGIN, message.sandbox_origin, types.SandboxOrigin.UNKNOWN),
        timing=values.timing(message.timing),
        reward=values.reward_options(message.reward),
    )


def step_result(message: env.StepResult) -> events.StepResult:
    """StepResult."""
    return events.StepResult(
        step_index=message.step_index,
        observation=values.observation(message.observation),
        reward=values.reward(message.reward),
        terminated=message.terminated,
        truncated=message.truncated,
        outcome=values.outcome(message.outcome),
        fault=values.fault(message.fault) if message.HasField("fault") else None,
        label=enums.STEP_LABEL.get(message.label, rewards.StepLabel.UNKNOWN),
        grade=values.grade(message.grade) if message.HasField("grade") else None,
        timing=values.timing(message.timing),
        usage=values.usage(message.usage) if message.HasField("usage") else None,
        started_task=values.task(message.started_task) if message.HasField("started_task") else None,
        milestones=tuple(map(values.milestone_change, message.milestones)),
    )


def submit_result(message: env.SubmitResult) -> events.SubmitResult:
    """SubmitResult."""
    return events.SubmitResult(
        grade=values.grade(message.grade) if message.HasField("grade") else None,
        reward=values.reward(message.reward),
        episode_return=message.episode_return if message.HasField("episode_return") else None,
        terminated=message.terminated,
        truncated=message.truncated,
        outcome=values.outcome(message.outcome) or types.Outcome.UNKNOWN,
        fault=values.fault(message.fault) if message.HasField("fault") else None,
        timing=values.timing(message.timing),
        label=enums.STEP_LABEL.get(message.label, rewards.StepLabel.UNKNOWN),
    )


def regrade_result(message: ctl.RegradeResult) -> events.RegradeResult:
    """RegradeResult."""
    return events.RegradeResult(
        grade=values.grade(message.grade) if message.HasField("grade") else None,
        previous_grade=values.grade(message.previous_grade) if message.HasField("previous_grade") else None,
        task_digest=message.task_digest,
        previous_task_digest=message.previous_task_digest,
        fault=values.fault(message.fault) if message.HasField("fault") else None,
        timing=values.timing(message.timing),
    )


PROGRESS: Mapping[str, Callable[[Any], events.Progress]] = {
    "queued": lambda message: events.Queued(message.position),
    "pulling": pulling,
    "starting": lambda message: events.Starting(message.image),
    "setting_up": lambda message: events.SettingUp(message.done, message.total),
}
RESET: Mapping[str, Callable[[Any], Any]] = {"progress": progress, "ready": ready}
SUBMIT: Mapping[str, Callable[[Any], Any]] = {"phase": phase, "check": values.check, "heartbeat": heartbeat, "result": submit_result}
REGRADE: Mapping[str, Callable[[Any], Any]] = {**SUBMIT, "result": regrade_result}
STEP: Mapping[str, Callable[[Any], Any]] = {
    "started": lambda message: events.Started(message.step_index),
    "output": output,
    "gap": values.gap,
    "heartbeat": heartbeat,
    "progress": progress,
    "phase": phase,
    "check": values.check,
    "result": step_result,
}
