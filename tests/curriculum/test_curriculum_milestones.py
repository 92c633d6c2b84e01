"""The milestones of the curriculum that ships: what can be proven of them without an engine."""

import pytest
from shipped import SHIPPED

from codecraft_server.grading.matching import mismatch
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Check, FileCheck, Task, TaskFile, Visibility

TASKS = list(SHIPPED.tasks.values())
MOST_RUN = 2  # milestones of a task that execute something: each costs a sandbox of its own, step after step

with_milestones = pytest.mark.parametrize("task", [task for task in TASKS if task.milestones], ids=lambda task: task.task_id)


def runs_nothing(milestone: Check) -> bool:
    return isinstance(milestone.body, FileCheck)


@pytest.mark.parametrize("task", [task for task in TASKS if len(task.solution) > 1], ids=lambda task: task.task_id)
def test_a_task_of_several_steps_has_milestones(task: Task) -> None:
    """Where the solution is done in several steps, there are at least two milestones."""
    assert len(task.milestones) >= 2


@with_milestones
def test_milestones_are_hidden_and_weighted(task: Task) -> None:
    """The agent is shown none of them, and each counts."""
    assert {milestone.visibility for milestone in task.milestones} == {Visibility.HIDDEN}
    assert all(milestone.weight > 0 for milestone in task.milestones)
    assert sum(milestone.weight for milestone in task.milestones) == pytest.approx(1)


@with_milestones
def test_most_milestones_are_seen_without_running_anything(task: Task) -> None:
    """At most two milestones of a task execute something; those that look at a file need no execution."""
    assert len([milestone for milestone in task.milestones if not runs_nothing(milestone)]) <= MOST_RUN


@with_milestones
def test_no_milestone_is_reached_by_making_an_empty_file(task: Task) -> None:
    """A milestone that looks at a file looks into it: at its content, its hash, or the mode that it must get; and never for its absence."""
    for milestone in task.milestones:
        if isinstance(body := milestone.body, FileCheck):
            assert body.exists
            assert body.directory or body.content or body.sha256 or body.mode is not None, milestone.check_id


@with_milestones
async def test_no_milestone_is_reached_at_the_start(task: Task) -> None:
    """None of those that look into a file is true of what lies in the sandbox at the start, nor of an empty file."""
    start = {file.path: file for file in task.files}
    for milestone in task.milestones:
        if isinstance(body := milestone.body, FileCheck) and not body.directory:
            given = start.get(body.path, TaskFile(body.path, b"", 0o644))
            assert not await holds(body, given), milestone.check_id


@with_milestones
async def test_the_files_of_the_solution_reach_the_milestones_in_their_order(task: Task) -> None:
    """Those that a file written by the solution decides become true one after the other, none before one that stands above it."""
    reached: list[int] = []
    for number, milestone in enumerate(task.milestones):
        if isinstance(body := milestone.body, FileCheck):
            done = [place for place, deed in enumerate(task.solution) if isinstance(deed, TaskFile) and deed.path == body.path]
            held = [place for place in done if await holds(body, written(task, place))]
            assert held or not done, (number, milestone.check_id)
            reached += held[:1]
    assert reached == sorted(reached)


def written(task: Task, place: int) -> TaskFile:
    deed = task.solution[place]
    assert isinstance(deed, TaskFile)
    return deed


async def holds(body: FileCheck, file: TaskFile) -> bool:
    right_mode = body.mode is None or file.mode == body.mode
    return right_mode and (body.content is None or not await mismatch(body.content, file.content, file.path, GradingBounds()))
