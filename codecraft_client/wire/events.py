"""What streams yield, to values. An event that this version does not know decodes to None and is passed over, as the schema asks."""

from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_client import events, types
from codecraft_client.wire import enums, values


def reset_event(message: env.ResetResponse) -> events.Progress | events.Ready | None:
    """ResetResponse."""
    match message.WhichOneof("event"):
        case "progress":
            return progress(message.progress)
        case "ready":
            return ready(message.ready)
    return None


def step_event(message: env.StepResponse) -> events.StepEvent | events.StepResult | None:
    """StepResponse."""
    match message.WhichOneof("event"):
        case "output":
            return output(message.output)
        case "gap":
            return values.gap(message.gap)
        case "heartbeat":
            return heartbeat(message.heartbeat)
        case "started":
            return events.Started(message.started.step_index)
        case "progress":
            return progress(message.progress)
        case "phase":
            return phase(message.phase)
        case "check":
            return values.check(message.check)
        case "result":
            return step_result(message.result)
    return None


def submit_event(message: env.SubmitResponse) -> events.SubmitEvent | events.SubmitResult | None:
    """SubmitResponse."""
    match message.WhichOneof("event"):
        case "phase":
            return phase(message.phase)
        case "check":
            return values.check(message.check)
        case "heartbeat":
            return heartbeat(message.heartbeat)
        case "result":
            return submit_result(message.result)
    return None


def progress(message: env.Progress) -> events.Progress | None:
    """Progress."""
    match message.WhichOneof("stage"):
        case "queued":
            return events.Queued(message.queued.position)
        case "pulling":
            pull = message.pulling
            return events.Pulling(pull.image, pull.layer, pull.status, pull.done_bytes, pull.total_bytes)
        case "starting":
            return events.Starting(message.starting.image)
        case "setting_up":
            return events.SettingUp(message.setting_up.done, message.setting_up.total)
    return None


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
        label=enums.STEP_LABEL.get(message.label, types.StepLabel.UNKNOWN),
        grade=values.grade(message.grade) if message.HasField("grade") else None,
        timing=values.timing(message.timing),
        usage=values.usage(message.usage) if message.HasField("usage") else None,
        started_task=values.task(message.started_task) if message.HasField("started_task") else None,
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
    )
