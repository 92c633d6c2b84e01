"""What an action does in a sandbox, and what the agent sees of it. Knows nothing of budgets or of who is watching.

The learner's failures (`FileProblem`) become effects here; the sandbox's own (`SandboxLostError`) pass through.
"""

from collections.abc import Callable
from dataclasses import dataclass

from codecraft_server import rewards
from codecraft_server.episodes import text
from codecraft_server.episodes.events import ActionError, Fault, ListFiles, MilestoneChange, Outcome, ReadFile, RunCommand, WriteFile
from codecraft_server.episodes.fields import Complaint
from codecraft_server.grading.verdict import Grade
from codecraft_server.rewards import Reward, Step
from codecraft_server.sandbox import (
    Command,
    Ended,
    FileContent,
    FileList,
    FileProblem,
    FileProblemKind,
    Gap,
    Output,
    OutputPolicy,
    Sandbox,
    Stream,
)
from codecraft_server.task import Task

DEFAULT_ENTRIES = 1000


@dataclass(slots=True)
class Effect:
    """What an action came to, before the episode's budget has its say. Fields as in `Observation` and `StepResult`; times in seconds.

    Attributes:
        changed: Whether something in the sandbox may be another than before.
        holds: Of each milestone of the task, whether it holds now; None: nobody asked, or nobody knows.
    """

    message: str = ""
    output: bytes = b""
    error_output: bytes = b""
    gaps: tuple[Gap, ...] = ()
    ended: Ended | None = None
    file: FileContent | None = None
    files: FileList | None = None
    error: ActionError | None = None
    reward: Reward = rewards.NOTHING
    label: Step = Step.NEUTRAL
    outcome: Outcome | None = None
    fault: Fault | None = None
    grade: Grade | None = None
    started_task: Task | None = None
    busy_s: float = 0.0
    stalled_s: float = 0.0
    changed: bool = False
    holds: tuple[bool, ...] | None = None
    milestones: tuple[MilestoneChange, ...] = ()


_FILE_ERRORS = {
    FileProblemKind.NOT_FOUND: ActionError.FILE_NOT_FOUND,
    FileProblemKind.PERMISSION: ActionError.PERMISSION,
    FileProblemKind.IS_DIRECTORY: ActionError.WRONG_FILE_TYPE,
    FileProblemKind.NOT_DIRECTORY: ActionError.WRONG_FILE_TYPE,
    FileProblemKind.NOT_REGULAR: ActionError.WRONG_FILE_TYPE,
    FileProblemKind.EXISTS: ActionError.OTHER,
    FileProblemKind.NO_SPACE: ActionError.NO_SPACE,
    FileProblemKind.TOO_LARGE: ActionError.NO_SPACE,
    FileProblemKind.NAME_TOO_LONG: ActionError.BAD_PATH,
    FileProblemKind.LOOP: ActionError.BAD_PATH,
    FileProblemKind.INVALID: ActionError.BAD_PATH,
    FileProblemKind.LIMIT: ActionError.OTHER,
    FileProblemKind.BUSY: ActionError.OTHER,
    FileProblemKind.IO: ActionError.OTHER,
}
_COMMAND_ERRORS = _FILE_ERRORS | {
    FileProblemKind.INVALID: ActionError.BAD_COMMAND,
    FileProblemKind.LIMIT: ActionError.TOO_MANY_SESSIONS,
}


def refused(complaint: Complaint, penalty: float | None = None) -> Effect:
    """The effect of an action that is not even tried; with a penalty it was an invalid one."""
    effect = Effect(message=complaint.message, error=complaint.error)
    if penalty is not None:
        effect.reward = rewards.penalty(penalty, complaint.error.value)
        effect.label = Step.REGRESS
    return effect


async def run_command(
    sandbox: Sandbox,
    action: RunCommand,
    timeout_s: float,
    policy: OutputPolicy,
    *,
    started: Callable[[Command], None],
    streamed: Callable[[Output | Gap], None],
) -> Effect:
    """Run a command to its end. `started` is told the command, `streamed` what it prints if the policy streams; else the effect has it."""
    try:
        command = await sandbox.run(
            action.command,
            session=action.session,
            timeout_s=timeout_s,
            output=policy,
            stdin=action.stdin,
            stdin_open=action.stdin_open,
        )
        started(command)
        return await _followed(command, streamed if policy.stream else None)
    except FileProblem as problem:  # it can't be started, which may come out later: where an agent has used up all memory, say
        return Effect(message=problem.message, error=_COMMAND_ERRORS[problem.kind])


async def _followed(command: Command, streamed: Callable[[Output | Gap], None] | None) -> Effect:
    kept: list[Output | Gap] = []
    take = streamed or kept.append
    end: Ended | None = None
    async for event in command.events():  # to its end: an iterator that is left before has to be closed by a task of its own
        if isinstance(event, Ended):
            end = event
        else:
            take(event)
    if end is None:
        raise AssertionError("a command's events stopped without an Ended")
    return _ended(end, kept)


def _ended(ended: Ended, kept: list[Output | Gap]) -> Effect:
    return Effect(
        output=_joined(kept, Stream.OUT),
        error_output=_joined(kept, Stream.ERR),
        gaps=tuple(event for event in kept if isinstance(event, Gap)),
        ended=ended,
        busy_s=max(0.0, ended.wall_s - ended.stalled_s),
        stalled_s=ended.stalled_s,
        changed=True,
    )


def _joined(kept: list[Output | Gap], stream: Stream) -> bytes:
    return b"".join(event.data for event in kept if isinstance(event, Output) and event.stream is stream)


async def file_action(sandbox: Sandbox, action: WriteFile | ReadFile | ListFiles, output_bytes: int) -> Effect:
    """Write, read or list; `output_bytes` are read where the action does not say how many."""
    try:
        match action:
            case WriteFile():
                await sandbox.write_file(action.path, action.content, mode=action.mode, offset=action.offset)
                return Effect(message=text.written(action.path), changed=True)
            case ReadFile():
                content = await sandbox.read_file(action.path, offset=action.offset, max_bytes=action.max_bytes or output_bytes)
                return Effect(message=text.read(action.path, content), file=content)
            case ListFiles():
                entries = action.max_entries or DEFAULT_ENTRIES
                files = await sandbox.list_files(action.path or b".", depth=action.depth or 1, max_entries=entries)
                return Effect(message=text.listed(action.path, files), files=files)
    except FileProblem as problem:
        changed = isinstance(action, WriteFile)  # the directories on the way may have been made
        return Effect(message=problem.message, error=_FILE_ERRORS[problem.kind], changed=changed)
