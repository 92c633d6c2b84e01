"""Lays a task out in a sandbox, an agent's or one to grade in: files, then setup commands, as the agent. Knows nothing of episodes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from codecraft_server.errors import SandboxLostError, SandboxStartError, TaskSetupError
from codecraft_server.sandbox import Ended, EndReason, Execution, FileProblem, Output, OutputPolicy, Sandbox
from codecraft_server.task import Task

AGENT_UID = 1000
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_POLICY = OutputPolicy(stream=False, separate=False, kept=2000, max_output=16 * 1024 * 1024, window=0, stall_s=1.0, stall_total_s=1.0)
_TOLD = 300  # characters of a command's last words that an error repeats

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SettingUp:
    """The task is being laid out: items done and in all."""

    done: int
    total: int


async def lay_out(task: Task, sandbox: Sandbox, report: Callable[[SettingUp], None]) -> None:
    """Write the task's files and run its setup commands. TaskSetupError; SandboxStartError when the sandbox is lost meanwhile."""
    total = len(task.files) + len(task.setup)
    try:
        for done, file in enumerate(task.files):
            report(SettingUp(done, total))
            try:
                await sandbox.write_file(file.path.encode(), file.content, mode=file.mode, offset=None)
            except FileProblem as problem:
                raise TaskSetupError(task.task_id, f"file {file.path!r}: {problem.message}") from problem
        for number, command in enumerate(task.setup):
            report(SettingUp(len(task.files) + number, total))
            await _run(task, number, command, sandbox)
    except SandboxLostError as lost:
        raise SandboxStartError(f"the sandbox was lost while task {task.task_id!r} was set up", cause=lost.cause) from lost
    if total:
        report(SettingUp(total, total))


async def _run(task: Task, number: int, command: str, sandbox: Sandbox) -> None:
    what = f"setup command {number + 1} of {len(task.setup)}"
    try:
        running = await sandbox.execute(_execution(task, command))
    except FileProblem as problem:
        raise TaskSetupError(task.task_id, f"{what}: {problem.message}") from problem
    words = bytearray()
    async for event in running.events():
        if isinstance(event, Output):
            words += event.data
        elif isinstance(event, Ended) and (event.reason is not EndReason.EXITED or event.exit_code):
            _log.warning("setup failed", extra={"task": task.task_id, "item": what, "output": words.decode(errors="replace")})
            raise TaskSetupError(task.task_id, f"{what} {_how(event)}: {_last_words(words)}")


def _execution(task: Task, command: str) -> Execution:
    root = task.sandbox.root_user
    return Execution(
        argv=(b"/bin/sh", b"-c", command.encode()),
        cwd=task.sandbox.working_dir,
        environment={"PATH": PATH, "HOME": "/root" if root else "/home/agent"} | dict(task.sandbox.environment),
        uid=0 if root else AGENT_UID,
        timeout_s=task.limits.command_s,
        output=_POLICY,
    )


def _how(ended: Ended) -> str:
    if ended.reason is EndReason.EXITED:
        return f"exited {ended.exit_code}"
    return str(ended.reason.value).replace("_", " ")


def _last_words(words: bytearray) -> str:
    one_line = " ".join(words.decode(errors="replace").split())
    return one_line[-_TOLD:] or "it printed nothing"
