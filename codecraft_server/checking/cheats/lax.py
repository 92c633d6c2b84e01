"""The agent's sandbox as a careless grader uses it. Everything here is what `grading` must never do; only controls of cheats use it."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from codecraft_server.grading.verdict import FaultKind, GradingFault
from codecraft_server.sandbox import Command, Ended, EndReason, Execution, FileProblem, Output, OutputPolicy, Sandbox, Stream
from codecraft_server.task import Task

ROOT, AGENT, GRADER = 0, 1000, 1001
CLEAN: Mapping[str, str] = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_KEPT = 64 * 1024
_MAX_OUTPUT = 1024 * 1024
_WAIT = """\
n=0
while [ $n -lt 80 ]; do
    word=$(cat answer.txt 2> /dev/null)
    case $word in
        secret-????????????????) echo "$word"; exit;;
    esac
    n=$((n + 1))
    sleep 0.1
done
"""
_POLICY = OutputPolicy(stream=False, separate=True, kept=_KEPT, max_output=_MAX_OUTPUT, window=0, stall_s=1.0, stall_total_s=1.0)


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended and what it printed."""

    ended: Ended
    out: str

    @property
    def ok(self) -> bool:
        """Whether it exited with 0."""
        return self.ended.reason is EndReason.EXITED and self.ended.exit_code == 0


@dataclass(frozen=True, slots=True)
class Lax:
    """A sandbox in which the agent's processes may still run, and how careless graders reach into it."""

    task: Task
    sandbox: Sandbox

    async def sh(
        self, line: str, *, uid: int = AGENT, environment: Mapping[str, str] = CLEAN, timeout_s: float = 20.0, hidden_dir: bool = False
    ) -> Said:
        """Run a command line outside of the agent's session, in the working directory."""
        execution = Execution(
            argv=(b"/bin/sh", b"-c", line.encode()),
            cwd=self.task.sandbox.working_dir,
            environment=environment,
            uid=uid,
            timeout_s=timeout_s,
            output=_POLICY,
            hidden_dir=hidden_dir,
        )
        try:
            return await _said(await self.sandbox.execute(execution))
        except FileProblem as problem:
            raise fault(problem.message) from problem

    async def answer(self, before: str = ":") -> str:
        """Wait for a secret word to be in answer.txt, and return it; empty when none comes.

        Whoever writes there may just be writing again: an empty file says nothing yet. The waiting itself starts programs, so that it
        takes longer where the machine is busy.

        `before` is what the waiting shell does first; all of that is in its arguments.
        """
        said = await self.sh(f"{before}\n{_WAIT}", timeout_s=60.0)
        return said.out.strip()

    async def in_session(self, line: str, timeout_s: float = 20.0) -> Said:
        """Run a command line in the agent's own session."""
        return await _said(await self.sandbox.run(line.encode(), session="main", timeout_s=timeout_s, output=_POLICY))

    async def put(self, path: str, text: str, *, in_place: bool = False, as_root: bool = False) -> None:
        """Write a file, following what is there."""
        try:
            await self.sandbox.write_file(self._at(path), text.encode(), mode=None, offset=0 if in_place else None, as_root=as_root)
        except FileProblem as problem:
            raise fault(problem.message) from problem

    async def get(self, path: str, *, as_root: bool = False) -> str:
        """Read a file; empty when that can't be done."""
        try:
            content = await self.sandbox.read_file(self._at(path), offset=0, max_bytes=_KEPT, as_root=as_root)
        except FileProblem:
            return ""
        return content.data.decode(errors="replace")

    def _at(self, path: str) -> bytes:
        return posixpath.join(self.task.sandbox.working_dir, path.encode())


def fault(why: str) -> GradingFault:
    """What a careless grader raises where the learner is in its way."""
    return GradingFault(FaultKind.GRADER_FAILED, why)


async def _said(command: Command) -> Said:
    out, ended = bytearray(), None
    async for event in command.events():
        if isinstance(event, Output) and event.stream is Stream.OUT:
            out += event.data
        elif isinstance(event, Ended):
            ended = event
    assert ended is not None  # noqa: S101 - the last event of every command
    return Said(ended, out.decode(errors="replace"))
