"""Messages of types.proto, and those of the services that are no events, to values."""

from functools import lru_cache

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_client import grades, rewards, types
from codecraft_client.wire import enums

NANO = 1e-9


def seconds(value: Duration | Timestamp) -> float:
    """A duration in seconds, or a time as a Unix time; absent: 0."""
    return value.seconds + value.nanos * NANO


def task(message: pb.Task) -> types.Task:
    """Task."""
    return types.Task(
        task_id=message.task_id,
        title=message.title,
        category=message.category,
        tags=tuple(message.tags),
        difficulty=message.difficulty,
        prerequisites=tuple(message.prerequisites),
        description=message.description,
        test=message.test,
        image=message.image,
        shell=message.shell,
        working_dir=message.working_dir,
        root_user=message.root_user,
        network=message.network,
        limits=limits(message.limits),
        digest=message.digest,
        gradable=message.gradable,
        milestone_count=message.milestone_count,
        milestone_share=message.milestone_share,
    )


def limits(message: pb.Limits) -> types.Limits:
    """Limits."""
    return types.Limits(
        steps=message.steps,
        episode_s=seconds(message.episode_time),
        command_s=seconds(message.command_time),
        grading_s=seconds(message.grading_time),
        cpus=message.cpus,
        memory_bytes=message.memory_bytes,
        disk_bytes=message.disk_bytes,
        pids=message.pids,
        output_bytes=message.output_bytes,
        output_max_bytes=message.output_max_bytes,
    )


def server_info(message: env.GetServerInfoResponse) -> types.ServerInfo:
    """GetServerInfoResponse with all that is in it."""
    can, bounds, used = message.capabilities, message.limits, message.capacity
    return types.ServerInfo(
        server_version=message.server_version,
        protocol_version=message.protocol_version,
        guest_digest=message.guest_digest,
        worker=message.worker,
        capabilities=types.Capabilities(can.network, can.root_user, can.writable_rootfs_bounded, can.runtime),
        limits=types.ServerLimits(
            episodes=bounds.episodes,
            queued_resets=bounds.queued_resets,
            episode_lease_s=seconds(bounds.episode_lease),
            reattach_grace_s=seconds(bounds.reattach_grace),
            result_kept_s=seconds(bounds.result_kept),
            resume_window_bytes=bounds.resume_window_bytes,
            gradings=bounds.gradings,
            work_kept_s=seconds(bounds.work_kept),
        ),
        capacity=types.Capacity(used.episodes, used.queued_resets, used.warm_sandboxes, used.gradings, used.queued_gradings),
        catalog_digest=message.catalog_digest,
        task_count=message.task_count,
    )


def gap(message: pb.Gap) -> types.Gap:
    """Gap."""
    return types.Gap(enums.STREAM.get(message.stream, types.Stream.OUT), message.offset, message.dropped_bytes)


def command_end(message: pb.CommandEnd) -> types.CommandEnd:
    """CommandEnd."""
    return types.CommandEnd(
        reason=enums.END_REASON.get(message.reason, types.EndReason.UNKNOWN),
        exit_code=message.exit_code if message.HasField("exit_code") else None,
        signal=message.signal if message.HasField("signal") else None,
        session_restarted=message.session_restarted,
        cwd=message.cwd,
        out_bytes=message.out_bytes,
        err_bytes=message.err_bytes,
        dropped_bytes=message.dropped_bytes,
        background=tuple(types.BackgroundProcess(each.pid, each.command) for each in message.background),
    )


def file_content(message: pb.FileContent) -> types.FileContent:
    """FileContent."""
    return types.FileContent(message.data, message.size_bytes, message.mode, message.end_of_file)


def file_list(message: pb.FileList) -> types.FileList:
    """FileList."""
    return types.FileList(tuple(_file_entry(entry) for entry in message.entries), message.truncated)


def _file_entry(message: pb.FileEntry) -> types.FileEntry:
    kind = enums.FILE_TYPE.get(message.type, types.FileType.OTHER)
    return types.FileEntry(message.path, kind, message.size_bytes, message.mode, message.target)


def observation(message: pb.Observation) -> types.Observation:
    """Observation."""
    return types.Observation(
        message=message.message,
        output=message.output,
        error_output=message.error_output,
        gaps=tuple(gap(each) for each in message.gaps),
        command_end=command_end(message.command_end) if message.HasField("command_end") else None,
        file=file_content(message.file) if message.HasField("file") else None,
        files=file_list(message.files) if message.HasField("files") else None,
        error=enums.optional(enums.ACTION_ERROR, message.error, types.ActionError.OTHER),
        budget=budget(message.budget),
    )


def budget(message: pb.Budget) -> types.Budget:
    """Budget."""
    bounds = _known_limits(message.limits.SerializeToString()) if message.HasField("limits") else None
    return types.Budget(message.steps_taken, message.steps_left, bounds)


@lru_cache(64)  # every result of a step has those of its episode
def _known_limits(message: bytes) -> types.Limits:
    return limits(pb.Limits.FromString(message))


def reward(message: pb.Reward) -> rewards.Reward:
    """Reward; one that is not valid has no value, whatever else is in it."""
    return rewards.Reward(
        valid=message.valid,
        value=message.value if message.valid and message.HasField("value") else None,
        components=tuple(_component(each) for each in message.components),
    )


def _component(message: pb.RewardComponent) -> rewards.RewardComponent:
    kind = enums.REWARD_KIND.get(message.kind, rewards.RewardKind.UNKNOWN)
    return rewards.RewardComponent(kind, message.value, message.name)


def reward_options(message: pb.RewardOptions) -> rewards.RewardOptions:
    """RewardOptions, as the server filled them in."""
    return rewards.RewardOptions(
        mode=enums.REWARD_MODE.get(message.mode, rewards.RewardMode.UNKNOWN),
        milestone_share=message.milestone_share if message.HasField("milestone_share") else None,
        discount=message.discount if message.HasField("discount") else None,
    )


def milestone_change(message: pb.MilestoneChange) -> rewards.MilestoneChange:
    """MilestoneChange."""
    return rewards.MilestoneChange(message.milestone_id, message.title, message.holds, message.first, message.weight)


def fault(message: pb.Fault) -> types.Fault:
    """Fault."""
    return types.Fault(enums.FAULT_REASON.get(message.reason, types.FaultReason.UNKNOWN), message.message, message.can_submit_again)


def timing(message: pb.Timing) -> types.Timing:
    """Timing."""
    return types.Timing(
        started_at=seconds(message.start_time),
        elapsed_s=seconds(message.elapsed),
        queued_s=seconds(message.queued),
        busy_s=seconds(message.busy),
        stalled_s=seconds(message.stalled),
        episode_s_left=seconds(message.episode_time_left),
    )


def usage(message: pb.Usage) -> types.Usage:
    """Usage."""
    return types.Usage(
        cpu_s=seconds(message.cpu) if message.HasField("cpu") else None,
        memory_peak_bytes=message.memory_peak_bytes if message.HasField("memory_peak_bytes") else None,
        oom_kills=message.oom_kills if message.HasField("oom_kills") else None,
    )


def check(message: pb.CheckResult) -> grades.CheckResult:
    """CheckResult."""
    return grades.CheckResult(message.check_id, message.title, message.passed, message.weight)


def grade(message: pb.Grade) -> grades.Grade:
    """Grade."""
    score = message.score if message.HasField("score") else None
    return grades.Grade(
        score=score,
        passed=message.passed,
        checks=tuple(check(each) for each in message.checks),
        place=enums.GRADING_PLACE.get(message.place, grades.GradingPlace.UNKNOWN),
        sandbox_origin=enums.optional(enums.SANDBOX_ORIGIN, message.sandbox_origin, types.SandboxOrigin.UNKNOWN),
        work_digest=message.work_digest,
    )


def episode_status(message: env.GetEpisodeResponse) -> types.EpisodeStatus:
    """GetEpisodeResponse."""
    return types.EpisodeStatus(
        state=enums.EPISODE_STATE.get(message.state, types.EpisodeState.UNKNOWN),
        task=task(message.task) if message.HasField("task") else None,
        next_step_index=message.next_step_index,
        budget=budget(message.budget),
        expires_at=seconds(message.expire_time),
        outcome=outcome(message.outcome),
        episode_s_left=seconds(message.episode_time_left),
    )


def outcome(number: int) -> types.Outcome | None:
    """Outcome; None while the episode goes on."""
    return enums.optional(enums.OUTCOME, number, types.Outcome.UNKNOWN)


def episode_summary(message: ctl.EpisodeSummary) -> types.EpisodeSummary:
    """EpisodeSummary."""
    return types.EpisodeSummary(
        episode_id=message.episode_id,
        task_id=message.task_id or None,
        state=enums.EPISODE_STATE.get(message.state, types.EpisodeState.UNKNOWN),
        steps_taken=message.steps_taken,
        started_at=seconds(message.start_time),
        expires_at=seconds(message.expire_time),
        outcome=outcome(message.outcome),
    )


def task_statistics(message: ctl.TaskStatistics) -> types.TaskStatistics:
    """TaskStatistics."""
    return types.TaskStatistics(
        task_id=message.task_id,
        started=message.started,
        passed=message.passed,
        failed=message.failed,
        gave_up=message.gave_up,
        out_of_budget=message.out_of_budget,
        abandoned=message.abandoned,
        faults=message.faults,
        mean_score=message.mean_score if message.HasField("mean_score") else None,
        mean_return=message.mean_return if message.HasField("mean_return") else None,
        mean_steps=message.mean_steps if message.HasField("mean_steps") else None,
        recent_pass_rate=message.recent_pass_rate if message.HasField("recent_pass_rate") else None,
        recent_episodes=message.recent_episodes,
        mean_grading_s=seconds(message.mean_grading_time) if message.HasField("mean_grading_time") else None,
    )
