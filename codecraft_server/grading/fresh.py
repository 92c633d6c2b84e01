"""Fresh sandboxes to grade in: opened, laid out as at Reset, and the work put where it was. Knows nothing of checks.

A sandbox that can't be started or is lost before the work is in it is the service's affair: another one is tried.
"""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from codecraft_server.errors import SandboxLostError, SandboxStartError, TaskSetupError
from codecraft_server.grading.verdict import FaultKind, GradingFault
from codecraft_server.grading.work import Work
from codecraft_server.layout import AGENT_UID, lay_out
from codecraft_server.sandbox import FileProblem, FileProblemKind, Sandbox, Sandboxes
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Task

_log = logging.getLogger(__name__)

# A file with two names is copied twice and a sparse one in full, so what was in the agent's sandbox may not fit into another one.
_LEARNERS = frozenset({FileProblemKind.NO_SPACE, FileProblemKind.TOO_LARGE, FileProblemKind.NAME_TOO_LONG})


class UnfitError(Exception):
    """The work does not fit into a sandbox of its task, by the learner's doing. The text says why."""


class Fresh:
    """Opens them."""

    def __init__(self, sandboxes: Sandboxes, bounds: GradingBounds) -> None:
        self._sandboxes = sandboxes
        self._bounds = bounds
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def sandbox(self, task: Task, work: Work) -> AsyncIterator[Sandbox]:
        """Have a sandbox with a copy of the work in it. It is closed in any case.

        Raises:
            UnfitError: See there.
            GradingFault, SandboxError: It can't be had.
        """
        sandbox = await self._prepared(task, work)
        try:
            yield sandbox
        finally:
            await sandbox.close()

    async def _prepared(self, task: Task, work: Work) -> Sandbox:
        try:
            async with asyncio.timeout(self._bounds.prepare_s):
                for _ in range(self._bounds.prepare_tries - 1):
                    try:
                        return await self._open(task, work)
                    except (SandboxLostError, SandboxStartError) as error:
                        _log.warning("another sandbox to grade in is tried", extra={"task": task.task_id, "error": error.message})
                return await self._open(task, work)
        except TimeoutError as error:
            raise GradingFault(FaultKind.GRADER_FAILED, "No sandbox to grade in was ready in time.") from error

    async def _open(self, task: Task, work: Work) -> Sandbox:
        sandbox = await self._sandboxes.open(
            replace(task.sandbox, network=False),
            name=f"grading-{next(self._numbers)}",
            labels={"task": task.task_id},
            progress=lambda _: None,
        )
        try:
            await _furnish(task, work, sandbox, self._bounds)
        except BaseException:
            await sandbox.close()
            raise
        return sandbox


async def _furnish(task: Task, work: Work, sandbox: Sandbox, bounds: GradingBounds) -> None:
    try:
        # All of it, though the work has a part of it already: what setup leaves elsewhere, files or processes, nobody can tell beforehand.
        await lay_out(task, sandbox, lambda _: None)
    except TaskSetupError as error:  # it could be at Reset, so it is not broken
        _log.warning("a task could not be laid out for grading", extra={"task": task.task_id, "error": error.message})
        raise GradingFault(FaultKind.GRADER_FAILED, "The task could not be laid out anew for grading.") from error
    try:
        for root in work.roots:
            await _clear(root.path, sandbox, bounds, directory=root.directory)
        await sandbox.unpack(b"/", await work.read(), uid=0 if task.sandbox.root_user else AGENT_UID)
    except FileProblem as problem:
        if problem.kind in _LEARNERS:
            raise UnfitError(f"the work does not fit into a sandbox of its task: {problem.message}") from problem
        _log.warning("a work could not be unpacked", extra={"task": task.task_id, "kind": problem.kind.value, "problem": problem.message})
        raise GradingFault(FaultKind.GRADER_FAILED, "The work could not be put into a fresh sandbox.") from problem


async def _clear(path: bytes, sandbox: Sandbox, bounds: GradingBounds, *, directory: bool) -> None:
    """Take away what the task laid where the work goes; of a `directory`, and of what can't be removed (a mount), what is in it."""
    if not directory:
        try:
            await sandbox.remove(path)
        except FileProblem as problem:
            if problem.kind is FileProblemKind.NOT_FOUND:
                return
        else:
            return
    try:
        listed = await sandbox.list_files(path, depth=1, max_entries=bounds.emptied_entries)
    except FileProblem as problem:
        if problem.kind is not FileProblemKind.NOT_FOUND:
            await sandbox.remove(path)
        return
    for entry in listed.entries:
        await _clear(path.rstrip(b"/") + b"/" + entry.path, sandbox, bounds, directory=False)
