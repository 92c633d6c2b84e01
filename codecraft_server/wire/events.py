"""The events of the streams, each in the message of its own call."""

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_server.episodes import events
from codecraft_server.grading.verdict import CheckResult, PhaseBegan
from codecraft_server.layout import SettingUp
from codecraft_server.sandbox import Gap, Output, PullProgress, StartProgress
from codecraft_server.wire.observations import gap, observation, output
from codecraft_server.wire.results import check_result, regrade_result, reward_terms, step_result, submit_result, timing
from codecraft_server.wire.scalars import duration, named, shortened
from codecraft_server.wire.tasks import Terms, task

_MAX_WORDS_BYTES = 1024  # of what the engine says


def progress(value: events.Progress) -> env.Progress:
    """Encode what a waiting client may show."""
    match value:
        case events.Queued():
            return env.Progress(queued=env.Queued(position=value.position))
        case PullProgress():
            return env.Progress(pulling=_pulling(value))
        case StartProgress():
            return env.Progress(starting=env.Starting(image=value.image))
        case SettingUp():
            return env.Progress(setting_up=env.SettingUp(done=value.done, total=value.total))


def _pulling(value: PullProgress) -> env.Pulling:
    return env.Pulling(
        image=value.image,
        layer=shortened(value.layer, _MAX_WORDS_BYTES),
        status=shortened(value.status, _MAX_WORDS_BYTES),
        done_bytes=value.done,
        total_bytes=value.total,
    )


def ready(value: events.Ready, terms: Terms) -> env.Ready:
    """Encode an opened episode."""
    return env.Ready(
        episode_id=value.episode_id,
        episode_token=value.episode_token,
        task=task(value.task, terms) if value.task else None,
        image_digest=value.image_digest,
        observation=observation(value.observation, terms),
        sandbox_origin=named(pb.SandboxOrigin, "SANDBOX_ORIGIN", value.origin),
        timing=timing(value.timing),
        reward=reward_terms(value.reward),
    )


def phase(value: PhaseBegan) -> env.Phase:
    """Encode the beginning of a phase of grading."""
    return env.Phase(phase=named(env.GradingPhase, "GRADING_PHASE", value.phase), checks=value.checks)


def heartbeat(value: events.Heartbeat) -> env.Heartbeat:
    """Encode a sign of life."""
    return env.Heartbeat(elapsed=duration(value.elapsed_s))


def reset_event(value: events.ResetEvent, terms: Terms) -> env.ResetResponse:
    """Encode an event of an opening episode."""
    if isinstance(value, events.Ready):
        return env.ResetResponse(ready=ready(value, terms))
    return env.ResetResponse(progress=progress(value))


def step_event(value: events.StepEvent, terms: Terms) -> env.StepResponse | None:  # noqa: PLR0911 - one return per kind of event
    """Encode an event of a running step; None for a check that is not shown."""
    match value:
        case Output():
            return env.StepResponse(output=output(value))
        case Gap():
            return env.StepResponse(gap=gap(value))
        case events.StepResult():
            return env.StepResponse(result=step_result(value, terms))
        case events.Started():
            return env.StepResponse(started=env.Started(step_index=value.step_index))
        case events.Heartbeat():
            return env.StepResponse(heartbeat=heartbeat(value))
        case PhaseBegan():
            return env.StepResponse(phase=phase(value))
        case CheckResult():
            return env.StepResponse(check=shown) if (shown := check_result(value)) else None
        case _:
            return env.StepResponse(progress=progress(value))


def resume_event(value: events.StepEvent, terms: Terms) -> env.ResumeResponse | None:
    """Encode an event of a step that was re-attached to; None for a check that is not shown."""
    event = step_event(value, terms)
    return env.ResumeResponse(event=event) if event else None


def submit_event(value: events.SubmitEvent) -> env.SubmitResponse | None:
    """Encode an event of a grading; None for a check that is not shown."""
    match value:
        case PhaseBegan():
            return env.SubmitResponse(phase=phase(value))
        case CheckResult():
            return env.SubmitResponse(check=shown) if (shown := check_result(value)) else None
        case events.Heartbeat():
            return env.SubmitResponse(heartbeat=heartbeat(value))
        case events.SubmitResult():
            return env.SubmitResponse(result=submit_result(value))


def regrade_event(value: events.RegradeEvent) -> ctl.RegradeResponse | None:
    """Encode an event of grading again; None for a check that is not shown."""
    match value:
        case PhaseBegan():
            return ctl.RegradeResponse(phase=phase(value))
        case CheckResult():
            return ctl.RegradeResponse(check=shown) if (shown := check_result(value)) else None
        case events.Heartbeat():
            return ctl.RegradeResponse(heartbeat=heartbeat(value))
        case events.RegradeResult():
            return ctl.RegradeResponse(result=regrade_result(value))
