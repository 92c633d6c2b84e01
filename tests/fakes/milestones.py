"""A task with milestones that are files, and how they come and go."""

from typing import Any

from codecraft_server.episodes.events import StepResult, WriteFile
from codecraft_server.task import Check, FileCheck, Task, Visibility
from fakes.game import Player
from fakes.tasks import a_task


def exists(name: str, weight: float, visibility: Visibility = Visibility.RESULT) -> Check:
    return Check(name, f"Title of {name}", weight, 5.0, visibility, FileCheck(name))


def with_milestones(**changes: Any) -> Task:
    """A task whose milestones are that the files `a` (a quarter) and `b` exist."""
    return a_task(**{"milestones": (exists("a", 0.25), exists("b", 0.75)), "milestone_share": 0.5, "limits": {"steps": 100}} | changes)


async def write(player: Player, name: str) -> StepResult:
    return await player.step(WriteFile(name.encode(), b""))


def behind_its_back(player: Player, name: str, *, there: bool) -> None:
    """Make a file be there or not, as a job in the background might."""
    files = player.sandbox.files
    files.write(name.encode(), b"", None, None, as_root=False)
    if not there:
        files.remove(name.encode())
