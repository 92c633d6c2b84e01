"""What a step or a submission came to: rewards, grades, faults, times."""

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_server import rewards
from codecraft_server.episodes.events import Fault, MilestoneChange, RegradeResult, StepResult, SubmitResult, Timing
from codecraft_server.grading.verdict import CheckResult, Grade
from codecraft_server.sandbox import Usage
from codecraft_server.wire.observations import observation
from codecraft_server.wire.scalars import duration, named, shortened, timestamp
from codecraft_server.wire.tasks import Terms, task

_MAX_FAULT_BYTES = 1024
_LABELS = {
    rewards.Step.UNKNOWN: pb.STEP_LABEL_UNSPECIFIED,
    rewards.Step.PROGRESS: pb.STEP_LABEL_PROGRESS,
    rewards.Step.NEUTRAL: pb.STEP_LABEL_NEUTRAL,
    rewards.Step.REGRESS: pb.STEP_LABEL_REGRESS,
}


def reward(value: rewards.Reward) -> pb.Reward:
    """Encode a reward, or its absence."""
    return pb.Reward(valid=value.valid, value=value.value, components=map(reward_component, value.components))


def reward_component(value: rewards.RewardComponent) -> pb.RewardComponent:
    """Encode one part of a reward."""
    return pb.RewardComponent(kind=named(pb.RewardKind, "REWARD_KIND", value.kind), value=value.value, name=value.name)


def reward_terms(value: rewards.RewardTerms) -> pb.RewardOptions:
    """Encode how an episode pays."""
    return pb.RewardOptions(
        mode=named(pb.RewardMode, "REWARD_MODE", value.mode), milestone_share=value.milestone_share, discount=value.discount
    )


def milestone_change(value: MilestoneChange) -> pb.MilestoneChange:
    """Encode what became of a milestone that is shown."""
    return pb.MilestoneChange(milestone_id=value.milestone_id, title=value.title, holds=value.holds, first=value.first, weight=value.weight)


def check_result(value: CheckResult) -> pb.CheckResult | None:
    """Encode what may be shown of a check: None when that is nothing. Its reason is never for agents."""
    if not value.shown:
        return None
    return pb.CheckResult(check_id=value.check_id, title=value.title, passed=value.passed, weight=value.weight)


def grade(value: Grade | None) -> pb.Grade | None:
    """Encode what grading said."""
    if value is None:
        return None
    shown = filter(None, map(check_result, value.checks))
    return pb.Grade(
        score=value.score,
        passed=value.passed,
        checks=shown,
        place=named(pb.GradingPlace, "GRADING_PLACE", value.place),
        sandbox_origin=named(pb.SandboxOrigin, "SANDBOX_ORIGIN", value.origin),
        work_digest=value.work_digest,
    )


def fault(value: Fault | None) -> pb.Fault | None:
    """Encode what failed."""
    if value is None:
        return None
    return pb.Fault(
        reason=named(pb.FaultReason, "FAULT_REASON", value.reason),
        message=shortened(value.message, _MAX_FAULT_BYTES),
        can_submit_again=value.can_submit_again,
    )


def timing(value: Timing) -> pb.Timing:
    """Encode where the time went."""
    return pb.Timing(
        start_time=timestamp(value.started_at),
        elapsed=duration(value.elapsed_s),
        queued=duration(value.queued_s),
        busy=duration(value.busy_s),
        stalled=duration(value.stalled_s),
        episode_time_left=duration(value.episode_s_left),
    )


def usage(value: Usage) -> pb.Usage:
    """Encode what a command used; what is not known stays absent."""
    return pb.Usage(
        cpu=None if value.cpu_s is None else duration(value.cpu_s),
        memory_peak_bytes=value.memory_peak_bytes,
        oom_kills=value.oom_kills,
    )


def step_result(value: StepResult, terms: Terms) -> env.StepResult:
    """Encode what a step came to."""
    ended = value.observation.ended
    return env.StepResult(
        step_index=value.step_index,
        observation=observation(value.observation, terms),
        reward=reward(value.reward),
        terminated=value.outcome is not None and value.outcome.terminated,
        truncated=value.outcome is not None and value.outcome.truncated,
        outcome=named(pb.Outcome, "OUTCOME", value.outcome),
        fault=fault(value.fault),
        label=_LABELS[value.label],
        grade=grade(value.grade),
        timing=timing(value.timing),
        usage=usage(ended.usage) if ended else None,
        started_task=task(value.started_task, terms) if value.started_task else None,
        milestones=map(milestone_change, value.milestones),
    )


def submit_result(value: SubmitResult) -> env.SubmitResult:
    """Encode what a submission came to."""
    return env.SubmitResult(
        grade=grade(value.grade),
        reward=reward(value.reward),
        episode_return=value.episode_return,
        terminated=value.outcome.terminated,
        truncated=value.outcome.truncated,
        outcome=named(pb.Outcome, "OUTCOME", value.outcome),
        fault=fault(value.fault),
        timing=timing(value.timing),
        label=_LABELS[value.label],
    )


def regrade_result(value: RegradeResult) -> ctl.RegradeResult:
    """Encode what grading again came to."""
    return ctl.RegradeResult(
        grade=grade(value.grade),
        previous_grade=grade(value.previous_grade),
        task_digest=value.task_digest,
        previous_task_digest=value.previous_task_digest,
        fault=fault(value.fault),
        timing=timing(value.timing),
    )
