"""What a server tells of itself, its tasks and its episodes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_server.curriculum import Curriculum
from codecraft_server.episodes.events import EpisodeView, Load, Outcome
from codecraft_server.episodes.statistics import TaskStatistics
from codecraft_server.sandbox import Provided
from codecraft_server.settings import EpisodeSettings, GradingSettings
from codecraft_server.task import Task
from codecraft_server.wire.pages import cut, page_token, position
from codecraft_server.wire.requests import Page
from codecraft_server.wire.scalars import duration, named, timestamp
from codecraft_server.wire.tasks import Terms, budget, task

PROTOCOL_VERSION = 1


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What does not change while a server runs."""

    version: str
    worker: str
    provided: Provided
    root_user: bool
    bounds: EpisodeSettings
    grading: GradingSettings


def server_info(facts: ServerFacts, load: Load, catalog_digest: str, task_count: int) -> env.GetServerInfoResponse:
    """Encode what a server is, may do and has left; `catalog_digest` is SHA-256 in hex."""
    return env.GetServerInfoResponse(
        server_version=facts.version,
        protocol_version=PROTOCOL_VERSION,
        guest_digest=facts.provided.guest_digest,
        worker=facts.worker,
        capabilities=env.Capabilities(
            network=facts.provided.network,
            root_user=facts.root_user,
            writable_rootfs_bounded=facts.provided.writable_rootfs_bounded,
            runtime=facts.provided.runtime,
        ),
        limits=server_limits(facts.bounds, facts.grading),
        capacity=capacity(load),
        catalog_digest=catalog_digest,
        task_count=task_count,
    )


def server_limits(value: EpisodeSettings, grading: GradingSettings) -> env.ServerLimits:
    """Encode what bounds every episode of a server."""
    return env.ServerLimits(
        episodes=value.max_episodes,
        queued_resets=value.max_queued_resets,
        episode_lease=duration(value.lease_s),
        reattach_grace=duration(value.reattach_grace_s),
        result_kept=duration(value.result_kept_s),
        resume_window_bytes=value.resume_window_bytes,
        gradings=grading.places,
        work_kept=duration(grading.work_kept_s),
    )


def capacity(value: Load) -> env.Capacity:
    """Encode what of a server is in use."""
    return env.Capacity(
        episodes=value.episodes,
        queued_resets=value.queued_resets,
        warm_sandboxes=value.warm,
        gradings=value.gradings,
        queued_gradings=value.queued_gradings,
    )


def list_tasks(tasks: Sequence[Task], digest: str, page: Page, terms: Terms) -> env.ListTasksResponse:
    """Encode a page of tasks, in the curriculum's order. InvalidFieldError for a page token of another list or catalog."""
    scope = f"tasks {digest} {page.category}"
    start = position(page.token, scope)
    rest = [one for one in tasks if page.category in {"", one.category}][int(start or 0) :]
    encoded, more = cut((task(one, terms) for one in rest), page.size)
    following = str(int(start or 0) + len(encoded))
    return env.ListTasksResponse(tasks=encoded, next_page_token=page_token(scope, following) if more else "")


def get_task(value: Task, terms: Terms) -> env.GetTaskResponse:
    """Encode one task."""
    return env.GetTaskResponse(task=task(value, terms))


def get_episode(value: EpisodeView, terms: Terms) -> env.GetEpisodeResponse:
    """Encode how an episode stands, for the agent that plays it."""
    return env.GetEpisodeResponse(
        state=named(env.EpisodeState, "EPISODE_STATE", value.state),
        task=task(value.task, terms) if value.task else None,
        next_step_index=value.next_step_index,
        budget=budget(value.budget, terms),
        expire_time=timestamp(value.expires_at),
        outcome=named(pb.Outcome, "OUTCOME", value.outcome),
        episode_time_left=duration(value.episode_s_left),
    )


def episode_summary(value: EpisodeView) -> ctl.EpisodeSummary:
    """Encode how an episode stands, for those who watch them all."""
    return ctl.EpisodeSummary(
        episode_id=value.episode_id,
        task_id=value.task.task_id if value.task else "",
        state=named(env.EpisodeState, "EPISODE_STATE", value.state),
        steps_taken=value.budget.steps_taken,
        start_time=timestamp(value.started_at),
        expire_time=timestamp(value.expires_at),
        outcome=named(pb.Outcome, "OUTCOME", value.outcome),
    )


def list_episodes(views: Sequence[EpisodeView], page: Page) -> ctl.ListEpisodesResponse:
    """Encode a page of episodes, oldest first: none is told twice, whatever opens or closes between pages."""
    after = position(page.token, "episodes")
    rest = [view for view in sorted(views, key=_age) if _age(view) > after]
    encoded, more = cut(map(episode_summary, rest), page.size)
    last = _age(rest[len(encoded) - 1]) if more else ""
    return ctl.ListEpisodesResponse(episodes=encoded, next_page_token=page_token("episodes", last) if more else "")


def _age(view: EpisodeView) -> str:
    return f"{view.started_at:020.6f} {view.episode_id}"


def list_task_statistics(curriculum: Curriculum, told: Callable[[str], TaskStatistics], page: Page) -> ctl.ListTaskStatisticsResponse:
    """Encode a page of statistics, in the curriculum's order. InvalidFieldError for a page token of another trainer or catalog."""
    scope = f"statistics {curriculum.digest} {hashlib.sha256(page.trainer.encode()).hexdigest()}"
    start = int(position(page.token, scope) or 0)
    encoded, more = cut((task_statistics(told(task_id)) for task_id in islice(curriculum.tasks, start, None)), page.size)
    return ctl.ListTaskStatisticsResponse(tasks=encoded, next_page_token=page_token(scope, str(start + len(encoded))) if more else "")


def task_statistics(value: TaskStatistics) -> ctl.TaskStatistics:
    """Encode how the episodes of a task went; what is not known stays absent."""
    return ctl.TaskStatistics(
        task_id=value.task_id,
        started=value.started,
        passed=value.passed,
        failed=value.failed,
        gave_up=value.gave_up,
        out_of_budget=value.out_of_budget,
        abandoned=value.abandoned,
        faults=value.faults,
        mean_score=value.mean_score,
        mean_return=value.mean_return,
        mean_steps=value.mean_steps,
        recent_pass_rate=value.recent_pass_rate,
        recent_episodes=value.recent_episodes,
        mean_grading_time=None if value.mean_grading_s is None else duration(value.mean_grading_s),
    )


def prewarm(ready: int) -> ctl.PrewarmResponse:
    """Encode how many sandboxes stand ready."""
    return ctl.PrewarmResponse(ready=ready)


def write_stdin(accepted_offset: int) -> env.WriteStdinResponse:
    """Encode what was taken of the standard input."""
    return env.WriteStdinResponse(accepted_offset=accepted_offset)


def close(outcome: Outcome) -> env.CloseResponse:
    """Encode how a closed episode ended."""
    return env.CloseResponse(outcome=named(pb.Outcome, "OUTCOME", outcome))
