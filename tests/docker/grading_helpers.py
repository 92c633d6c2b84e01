"""What the tests of grading in real containers share: a task laid out, somebody's deeds done in it, and the verdict."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import cast

from desks import fits
from docker_helpers import Opener

from codecraft_server.curriculum import load
from codecraft_server.grading import Grader
from codecraft_server.grading.verdict import Grade
from codecraft_server.layout import lay_out
from codecraft_server.sandbox import Ended, OpenProgress, OutputPolicy, Sandbox, Sandboxes, SandboxSpec
from codecraft_server.settings import GradingSettings, TaskDefaults
from codecraft_server.task import Deed, GradingPlace, Task, TaskFile

_POLICY = OutputPolicy(stream=False, separate=False, kept=64 * 1024, max_output=64 * 1024 * 1024, window=0, stall_s=5.0, stall_total_s=5.0)


async def do(sandbox: Sandbox, deeds: Sequence[Deed], session: str = "main") -> None:
    """Do what a learner did, in its session. How its commands end is the learner's business."""
    for deed in deeds:
        if isinstance(deed, TaskFile):
            await sandbox.write_file(deed.path.encode(), deed.content, mode=deed.mode, offset=None)
            continue
        command = await sandbox.run(deed.encode(), session=session, timeout_s=30.0, output=_POLICY)
        assert isinstance([event async for event in command.events()][-1], Ended)


async def verdict(opened: Opener, task: Task, deeds: Sequence[Deed], within_s: float | None = None) -> Grade:
    """Lay a task out, do the deeds, and grade, within a time if one is given.

    What is graded in place has a sandbox of its own; other work is done at a desk, where its sandbox looks like one.
    """
    if task.grading_place is GradingPlace.IN_PLACE or not fits(task.sandbox):
        sandbox = await opened(task.sandbox)
        return await _verdict(opened, task, sandbox, deeds, "main", within_s=within_s)
    async with opened.desks.desk(task.sandbox) as desk:
        return await _verdict(opened, task, desk.sandbox, deeds, desk.session, within_s=within_s)


async def _verdict(opened: Opener, task: Task, sandbox: Sandbox, deeds: Sequence[Deed], session: str, *, within_s: float | None) -> Grade:
    await lay_out(task, sandbox, lambda _: None)
    await do(sandbox, deeds, session)
    async with asyncio.timeout(within_s):
        return await judge(opened, task, sandbox)


async def judge(opened: Opener, task: Task, sandbox: Sandbox) -> Grade:
    """Grade what an agent's sandbox holds, as Submit does."""
    grader = Grader(cast("Sandboxes", _Rooms(opened)), GradingSettings())
    work = await grader.collect(task, sandbox, lambda _: None)
    try:
        return await grader.grade(task, work or sandbox, lambda _: None)
    finally:
        if work is not None:
            await work.close()


class _Rooms:
    """Sandboxes to grade in, of those that the test has."""

    def __init__(self, opened: Opener) -> None:
        self._opened = opened

    async def open(self, spec: SandboxSpec, *, name: str, labels: Mapping[str, str], progress: Callable[[OpenProgress], None]) -> Sandbox:
        """See Sandboxes.open."""
        del labels, progress
        return await self._opened(spec, name)


async def judge_files(opened: Opener, folder: Path, check: dict[str, object], **files: str) -> Grade:
    """Write the learner's files (`name__py` is name.py) and grade one check."""
    task = await task_of(folder, {"id": "c", **check})
    named = {name.replace("__", "."): dedent(text).encode() for name, text in files.items()}
    return await verdict(opened, task, [TaskFile(name, content, 0o644) for name, content in named.items()])


def reasons(judged: Grade) -> dict[str, str]:
    """Why each check failed, for a test's message."""
    return {check.check_id: check.reason for check in judged.checks if not check.passed}


async def task_of(folder: Path, *checks: dict[str, object], **entry: object) -> Task:
    """Load a task with these checks, as an author would write it."""
    base: dict[str, object] = {
        "title": "T",
        "category": "C",
        "docker": "codecraft/debian:1",
        "shell": "/bin/bash",
        "description": "d",
        "test": "t",
    }
    file = folder / "curriculum.json"
    file.write_text(json.dumps({"tasks": {"t": {**base, **entry, "checks": list(checks)}}}))
    return (await asyncio.to_thread(load, file, TaskDefaults())).get("t")
