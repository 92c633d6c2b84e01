"""Tasks as agents may see them, and what bounds an episode. What is hidden is counted at most: checks, milestones."""

from dataclasses import dataclass
from functools import lru_cache

from codecraft.v1 import types_pb2 as pb
from codecraft_server.episodes.events import Budget
from codecraft_server.errors import CurriculumError
from codecraft_server.sandbox import Limits
from codecraft_server.task import Task, TaskLimits, Visibility
from codecraft_server.wire.scalars import duration

_MAX_TASK_BYTES = 256 * 1024  # Ready holds a task twice: as itself and in words
_MAX_CHECKS_BYTES = 128 * 1024  # a result holds all that is shown of its checks, or of its milestones


@dataclass(frozen=True, slots=True)
class Terms:
    """What a server adds to each task's limits.

    Attributes:
        output_max_bytes: Bytes a command may print before it is killed.
        rootfs_bounded: Whether the storage driver bounds writable root file systems.
    """

    output_max_bytes: int
    rootfs_bounded: bool


def task(value: Task, terms: Terms) -> pb.Task:
    """Encode the public view of a task."""
    return pb.Task(
        task_id=value.task_id,
        title=value.title,
        category=value.category,
        tags=value.tags,
        difficulty=value.difficulty,
        prerequisites=value.prerequisites,
        description=value.description,
        test=value.test,
        image=value.sandbox.image,
        shell=value.sandbox.shell,
        working_dir=value.sandbox.working_dir,
        root_user=value.sandbox.root_user,
        network=value.sandbox.network,
        limits=limits(value, terms),
        digest=value.digest,
        gradable=bool(value.checks),
        milestone_count=len(value.milestones),
        milestone_share=value.milestone_share or 0.0,
    )


def limits(value: Task, terms: Terms) -> pb.Limits:
    """Encode what bounds an episode of a task."""
    bounded = terms.rootfs_bounded or not value.sandbox.writable_rootfs
    return _limits(value.limits, value.sandbox.limits, bounded, terms.output_max_bytes)


@lru_cache(256)  # every result of a step has them
def _limits(value: TaskLimits, box: Limits, rootfs_bounded: bool, output_max_bytes: int) -> pb.Limits:
    return pb.Limits(
        steps=value.steps,
        episode_time=duration(value.episode_s),
        command_time=duration(value.command_s),
        grading_time=duration(value.grading_s),
        cpus=box.cpus,
        memory_bytes=box.memory_bytes,
        disk_bytes=box.disk_bytes if rootfs_bounded else 0,
        pids=box.pids,
        output_bytes=value.output_bytes,
        output_max_bytes=output_max_bytes,
    )


def budget(value: Budget, terms: Terms) -> pb.Budget:
    """Encode what an episode has left."""
    return pb.Budget(
        steps_taken=value.steps_taken,
        steps_left=value.steps_left,
        limits=limits(value.task, terms) if value.task else None,
    )


def check_size(value: Task, terms: Terms) -> None:
    """Raise CurriculumError when a task is too large to be told in messages of 1 MiB."""
    if (size := task(value, terms).ByteSize()) > _MAX_TASK_BYTES:
        raise CurriculumError(f"task {value.task_id!r}: its public part has {size} bytes; shorten it to {_MAX_TASK_BYTES}")
    shown = [check for check in (*value.checks, *value.milestones) if check.visibility is not Visibility.HIDDEN]
    if (size := sum(len(check.check_id.encode()) + len(check.title.encode()) + 32 for check in shown)) > _MAX_CHECKS_BYTES:
        raise CurriculumError(
            f"task {value.task_id!r}: the shown checks and milestones have {size} bytes; hide some or shorten their titles"
        )
