"""Asks the milestones of an episode whether they hold. Knows nothing of what they pay.

Those of kind `file` are looked at in the agent's own sandbox, at one moment at which everything in it stands still. Those that execute
something are asked of a copy of the work in a sandbox for grading, and only when the work is another one than when they were last asked.
What the learner's work makes impossible means that a milestone does not hold; what the service can't do is raised.
"""

import logging
import posixpath
from typing import Protocol, TypeVar

from codecraft_server.grading.kinds import file
from codecraft_server.grading.verdict import CheckResult, FaultKind, GradingFault
from codecraft_server.sandbox import FileProblem, FileProblemKind, Sandbox, Seen
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Check, FileCheck, Task

_log = logging.getLogger(__name__)


class Work(Protocol):
    """A copy of what the agent made; whoever has one made closes it. Equal works have equal digests."""

    @property
    def digest(self) -> str:
        """SHA-256 in hex."""
        ...

    async def close(self) -> None:
        """Let it go."""
        ...


W = TypeVar("W", bound=Work)


class Examiner(Protocol[W]):
    """Runs checks on a copy of a work, where nothing of the agent's is alive."""

    async def copy(self, task: Task, sandbox: Sandbox) -> W:
        """Copy a task's grading paths. GradingFault, SandboxLostError."""
        ...

    async def check(self, task: Task, checks: tuple[Check, ...], work: W) -> tuple[CheckResult, ...]:
        """Run checks, in order; each has its result. GradingFault."""
        ...


class Milestones:
    """Of one episode."""

    def __init__(self, task: Task, examiner: "Examiner[Work]", bounds: GradingBounds) -> None:
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
            seen = await sandbox.look(wishes)
        except FileProblem as problem:  # the paths are the task's, and none of them ends a look
            raise GradingFault(FaultKind.GRADER_FAILED, "The milestones could not be looked at.") from problem
        return {name: not await self._why_not(name, body, each) for (name, body), each in zip(bodies, seen, strict=True)}

    async def _why_not(self, name: str, body: FileCheck, seen: Seen) -> str:
        reason = await file.unfulfilled(body, seen, self._bounds)
        _log.debug("task %s milestone %s: %s", self._task.task_id, name, reason[: self._bounds.reason_characters] or "holds")
        return reason

    async def _execute(self, milestones: tuple[Check, ...], sandbox: Sandbox) -> dict[str, bool]:
        work = await self._copy(sandbox)
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
            try:
                if await sandbox.freeze():
                    raise GradingFault(FaultKind.GRADER_FAILED, "Processes of the agent could not be stopped.")
                return await self._examiner.copy(self._task, sandbox)
            finally:
                await sandbox.thaw()
        except FileProblem as problem:
            kind = FaultKind.TASK_BROKEN if problem.kind is FileProblemKind.INVALID else FaultKind.GRADER_FAILED
            raise GradingFault(kind, "The work could not be copied for its milestones.") from problem
