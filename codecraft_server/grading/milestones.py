"""Asks the milestones of an episode whether they hold. Knows nothing of what they pay.

Those of kind `file` are looked at in the agent's own sandbox, at one moment at which everything in it stands still. Those that execute
something are asked of a copy of the work in a sandbox for grading, and only when the work is another one than when they were last asked.
What the learner's work makes impossible means that a milestone does not hold; what the service can't do is raised.
"""

import asyncio
import logging
import posixpath
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from codecraft_server.grading.kinds import file
from codecraft_server.grading.verdict import CheckResult, FaultKind, GradingFault
from codecraft_server.grading.work import Work
from codecraft_server.sandbox import FileProblem, FileProblemKind, Look, Sandbox, Seen
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Check, FileCheck, Task

_log = logging.getLogger(__name__)


class RestlessError(Exception):
    """The agent's processes can't be had to stand still. How many there are and how heavy is its own doing, so nothing holds then."""


class Examiner(Protocol):
    """Runs checks on a copy of a work, where nothing of the agent's is alive."""

    async def copy(self, task: Task, sandbox: Sandbox) -> Work:
        """Copy a task's grading paths. GradingFault, SandboxLostError."""
        ...

    async def check(self, task: Task, checks: Sequence[Check], work: Work) -> tuple[CheckResult, ...]:
        """Run checks, in order; each has its result. GradingFault."""
        ...


class Milestones:
    """Of one episode."""

    def __init__(self, task: Task, examiner: Examiner, bounds: GradingBounds) -> None:
        self._task = task
        self._examiner = examiner
        self._bounds = bounds
        self._asked_of = ""  # digest of the work that those which execute were last asked about
        self._answers: dict[str, bool] = {}

    async def ask(self, sandbox: Sandbox) -> tuple[bool, ...]:
        """Say of each milestone, in the task's order, whether it holds now.

        Raises:
            GradingFault: They could not be asked, by no doing of the learner.
            SandboxLostError: The sandbox died.
        """
        looked_at = [each for each in self._task.milestones if isinstance(each.body, FileCheck)]
        executed = tuple(each for each in self._task.milestones if not isinstance(each.body, FileCheck))
        holds: dict[str, bool] = {}
        for start in range(0, len(looked_at), self._bounds.looks):
            holds |= await self._look(looked_at[start : start + self._bounds.looks], sandbox)
        if executed:
            holds |= await self._execute(executed, sandbox)
        return tuple(holds[each.check_id] for each in self._task.milestones)

    async def _look(self, milestones: list[Check], sandbox: Sandbox) -> dict[str, bool]:
        bodies = [(each.check_id, each.body) for each in milestones if isinstance(each.body, FileCheck)]
        root = self._task.sandbox.working_dir
        wishes = [file.wish(body, posixpath.join(root, body.path.encode()), self._bounds) for _, body in bodies]
        try:
            seen = await self._seen(wishes, sandbox)
        except RestlessError:
            return {name: False for name, _ in bodies}
        except FileProblem as problem:  # the paths are the task's, and none of them ends a look
            raise GradingFault(FaultKind.GRADER_FAILED, "The milestones could not be looked at.") from problem
        return {name: not await self._why_not(name, body, each) for (name, body), each in zip(bodies, seen, strict=True)}

    async def _seen(self, wishes: Sequence[Look], sandbox: Sandbox) -> Sequence[Seen]:
        if (seen := await _look_once(wishes, sandbox)) is not None:
            return seen
        async with _standing_still(sandbox, self._bounds):  # what has stopped stays so until all has
            seen = await _look_once(wishes, sandbox)
        if seen is None:
            raise RestlessError
        return seen

    async def _why_not(self, name: str, body: FileCheck, seen: Seen) -> str:
        reason = await file.unfulfilled(body, seen, self._bounds)
        _log.debug("task %s milestone %s: %s", self._task.task_id, name, reason[: self._bounds.reason_characters] or "holds")
        return reason

    async def _execute(self, milestones: tuple[Check, ...], sandbox: Sandbox) -> dict[str, bool]:
        try:
            work = await self._copy(sandbox)
        except RestlessError:
            return {each.check_id: False for each in milestones}
        try:
            if not self._answers or work.digest != self._asked_of:
                results = await self._examiner.check(self._task, milestones, work)
                self._answers = {result.check_id: result.passed for result in results}
                self._asked_of = work.digest
            return self._answers
        finally:
            await work.close()

    async def _copy(self, sandbox: Sandbox) -> Work:
        """Copy what there is at one moment; the agent's processes go on before anything is asked."""
        try:
            async with _standing_still(sandbox, self._bounds):
                return await self._examiner.copy(self._task, sandbox)
        except FileProblem as problem:
            kind = FaultKind.TASK_BROKEN if problem.kind is FileProblemKind.INVALID else FaultKind.GRADER_FAILED
            raise GradingFault(kind, "The work could not be copied for its milestones.") from problem


async def _look_once(wishes: Sequence[Look], sandbox: Sandbox) -> Sequence[Seen] | None:
    """Look; None where not everything stood still."""
    try:
        return await sandbox.look(wishes)
    except FileProblem as problem:
        if problem.kind is FileProblemKind.BUSY:
            return None
        raise


@asynccontextmanager
async def _standing_still(sandbox: Sandbox, bounds: GradingBounds) -> AsyncIterator[None]:
    """Have every process of a sandbox stand still, however long it takes: a freeze ends by itself, so it is renewed. RestlessError."""

    async def freeze() -> None:
        for _ in range(bounds.stop_tries):  # one that stands is prolonged: what has stopped stays so
            if not await sandbox.freeze():
                return
        raise RestlessError

    async def hold() -> None:
        while True:
            await asyncio.sleep(bounds.hold_s)
            await freeze()

    try:
        await freeze()
        holding = asyncio.create_task(hold())
        try:
            yield
            if holding.done():
                await holding  # raises why it could not be held
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
    finally:
        await sandbox.thaw()
