"""Where checks run: a sandbox in which nothing of the agent's is alive, and how programs and files in it are reached.

The one door between grading and `Sandbox`: every program starts here, as the grader, outside of any session and with an environment in
which nothing of the agent's counts. What is the learner's doing comes back as a value, what is the service's or the task's is raised.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from codecraft_server.grading.verdict import FaultKind, GradingFault
from codecraft_server.sandbox import (
    Command,
    Ended,
    EndReason,
    Execution,
    FileEntry,
    FileProblem,
    FileProblemKind,
    Output,
    OutputPolicy,
    Sandbox,
    Stream,
)
from codecraft_server.settings import GradingBounds

PYTHON = b"/usr/bin/python3"

_CLEAN: Mapping[str, str] = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
_SHELL = b"/bin/sh"
_SERVICE_PROBLEMS = frozenset({FileProblemKind.IO, FileProblemKind.BUSY, FileProblemKind.LIMIT})
_TASKS_PROBLEMS = frozenset({FileProblemKind.TOO_LARGE, FileProblemKind.INVALID})  # of a start: what is started is the task's alone
_BROKEN_PROGRAM = frozenset({FileProblemKind.INVALID, FileProblemKind.IO})  # of a start: ENOEXEC; ELIBBAD, or EIO of an empty interpreter


# Prints something, or fails, when a part of the working directory is shut to the group.
PRIVATE = b'find "$1" -xdev ! -type l \\( ! -perm -040 -o -type d ! -perm -050 \\) -print | head -n 1'


class User(Enum):
    """Whom a program runs as; the values are user ids of docs/guest-protocol.md. The grader may read what the agent's group may."""

    AGENT = 1000
    GRADER = 1001


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program did. `out` and `err` are whole if `dropped_bytes` of `ended` is 0."""

    ended: Ended
    out: bytes
    err: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """A sandbox as the checks see it.

    Attributes:
        working_dir: Where programs start and relative paths begin.
        programs_breakable: Whether the learner could have broken the image's own programs.
    """

    sandbox: Sandbox
    working_dir: bytes
    programs_breakable: bool
    bounds: GradingBounds = field(default_factory=GradingBounds)

    async def run(
        self, argv: tuple[bytes, ...], *, timeout_s: float, stdin: bytes = b"", user: User = User.GRADER, alone: bool = True
    ) -> Ran | str:
        """Run a program to its end. A string says how the learner's work kept it from starting or from ending.

        `alone`: nothing else runs here, so that all may be ended after it.

        Raises:
            GradingFault: It can't be started in this image, or it was ended by somebody else.
            SandboxLostError: The sandbox died.
        """
        execution = self._execution(argv, timeout_s, stdin, user)
        try:
            ran = await _finish(await self.sandbox.execute(execution))
        except FileProblem as problem:
            return await self._why_not_started(execution, problem)
        if ran.ended.reason is EndReason.INTERRUPTED:
            raise GradingFault(FaultKind.GRADER_FAILED, "A check was interrupted.")
        if ran.ended.unkilled and not (alone and await ended_all(self.sandbox, self.bounds)):
            return (
                "it started processes that took too long to end"  # many and heavy ones: no fault, or that would be the learner's to choose
            )
        return ran

    async def reader(self) -> User:
        """Return who can read all of the work: the grader, or the agent itself where `umask 077` or `chmod 600` shut others out.

        Private files are no mistake of the learner's. Changing their modes would be one of ours: checks look at them.
        """
        ran = await self.run((_SHELL, b"-c", PRIVATE, b"sh", self.working_dir), timeout_s=self.bounds.check_s, user=User.AGENT)
        open_to_group = isinstance(ran, Ran) and ran.ended.exit_code == 0 and not ran.out and not ran.err
        return User.GRADER if open_to_group else User.AGENT

    async def look(self, path: str, *, follow: bool) -> FileEntry | FileProblem:
        """Look at a path as the agent, so that a symbolic link leads nowhere the agent could not go."""
        try:
            return await self.sandbox.stat(self._absolute(path), follow=follow)
        except FileProblem as problem:
            return learners(problem)

    async def read(self, path: str, *, offset: int, max_bytes: int) -> bytes | FileProblem:
        """Read a piece of a regular file, as the agent; empty at its end."""
        try:
            return (await self.sandbox.read_file(self._absolute(path), offset=offset, max_bytes=max_bytes)).data
        except FileProblem as problem:
            return learners(problem)

    def _absolute(self, path: str) -> bytes:
        return posixpath.join(self.working_dir, path.encode())

    def _execution(self, argv: tuple[bytes, ...], timeout_s: float, stdin: bytes, user: User) -> Execution:
        kept, most = self.bounds.output_kept_bytes, self.bounds.output_max_bytes
        return Execution(
            argv=argv,
            cwd=self.working_dir,
            environment=_CLEAN,
            uid=user.value,
            groups=(User.AGENT.value,) if user is User.GRADER else (),
            timeout_s=timeout_s,
            output=OutputPolicy(stream=False, separate=True, kept=kept, max_output=most, window=kept, stall_s=1.0, stall_total_s=1.0),
            stdin=stdin,
            hidden_dir=True,
        )

    async def _why_not_started(self, execution: Execution, problem: FileProblem) -> str:
        """Tell the learner's doing (the directory is gone or shut, the disk full) from the task's (the image lacks the program)."""
        program = execution.argv[0]
        if self.programs_breakable and problem.kind in _BROKEN_PROGRAM:
            return f"it could not be started: {problem.message}"
        learners(problem)
        if problem.kind in _TASKS_PROBLEMS:
            raise GradingFault(FaultKind.TASK_BROKEN, f"A check can't be started: {problem.message}.") from problem
        try:
            bare = replace(execution, argv=(program, b"-c", b""), cwd=b"/", stdin=b"", hidden_dir=False, timeout_s=self.bounds.check_s)
            await _finish(await self.sandbox.execute(bare))
        except FileProblem as again:
            if not self.programs_breakable:
                message = f"A check needs {program.decode(errors='replace')}, which can't be started in the task's image: {again.message}."
                raise GradingFault(FaultKind.TASK_BROKEN, message) from again
        return f"it could not be started: {problem.message}"


async def ended_all(sandbox: Sandbox, bounds: GradingBounds) -> bool:
    """End every process, and say whether they are gone. How long that takes is up to what they hold, so it is waited for."""
    for _ in range(bounds.end_tries):
        if not await sandbox.kill_all():
            return True
    return False


async def _finish(command: Command) -> Ran:
    """Collect what a program prints until it has ended; if nobody waits for it any more, it is ended."""
    streams = {Stream.OUT: bytearray(), Stream.ERR: bytearray()}
    ended: Ended | None = None
    try:
        async for event in command.events():
            if isinstance(event, Output):
                streams[event.stream] += event.data
            elif isinstance(event, Ended):
                ended = event
    finally:
        if ended is None:
            command.interrupt()
    if ended is None:
        raise GradingFault(FaultKind.GRADER_FAILED, "A check ended without saying how.")
    return Ran(ended, bytes(streams[Stream.OUT]), bytes(streams[Stream.ERR]))


def learners(problem: FileProblem) -> FileProblem:
    """Return a problem that the learner's work may have; raise GradingFault for one that it can't have."""
    if problem.kind in _SERVICE_PROBLEMS:
        raise GradingFault(FaultKind.GRADER_FAILED, "A check could not look into the sandbox.") from problem
    return problem
