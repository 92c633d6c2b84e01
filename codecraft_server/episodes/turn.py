"""One turn of an episode: what the action means, and what it does. Knows the workbench; knows nothing of order, budgets or readers.

The agent's mistakes come back as effects with their price. What the service can't do is raised.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from codecraft_server.episodes import dialect, text
from codecraft_server.episodes.actions import Effect, file_action, refused, run_command
from codecraft_server.episodes.events import (
    Action,
    ActionError,
    GiveUp,
    ListFiles,
    Outcome,
    ParsedAction,
    ReadFile,
    Restart,
    RunCommand,
    StartTask,
    SubmitWork,
    TextAction,
    WriteFile,
)
from codecraft_server.episodes.fields import Complaint, check_parsed, complaint
from codecraft_server.episodes.steps import StepRun
from codecraft_server.episodes.workbench import Workbench
from codecraft_server.episodes.world import World, fault_of
from codecraft_server.errors import CodecraftError, InvalidFieldError, TaskNotFoundError
from codecraft_server.sandbox import EndReason, OutputPolicy, Sandbox
from codecraft_server.task import Task

_LEAST_S = 0.001  # a command gets some time, or it could not time out


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn has: `seconds_left` of busy time, and `submit`, which has the work judged."""

    world: World
    bench: Workbench
    run: StepRun
    seconds_left: float
    submit: Callable[[StepRun], Awaitable[Effect]]

    async def play(self, action: Action) -> Effect:
        """Do it. SandboxLostError; from `start` also what `Workbench.start` raises, nothing having happened then."""
        meant = self._meaning(action)
        if isinstance(meant, Complaint):
            return refused(meant, self._penalty)
        match meant:
            case StartTask(task_id=task_id):
                return await self._start(task_id)
            case GiveUp():
                return Effect(message=text.GAVE_UP, outcome=Outcome.GAVE_UP)
            case _:
                return await self._work(meant)

    def _meaning(self, action: Action) -> ParsedAction | Complaint:
        if not isinstance(action, TextAction):
            return action
        meant = dialect.parse(action.text)
        if isinstance(meant, Complaint):
            return meant
        try:
            check_parsed(meant, command_s(self.world, self.bench.task), self.world.bounds)
        except InvalidFieldError as error:
            return Complaint(ActionError.MALFORMED, f'"{error.field.rpartition(".")[2]}" {error.problem}.')
        return meant

    @property
    def _penalty(self) -> float:
        task = self.bench.task
        return task.malformed_penalty if task else self.world.settings.defaults.malformed_penalty

    async def _start(self, task_id: str) -> Effect:
        if self.bench.task is not None:
            return refused(Complaint(ActionError.TASK_ALREADY_STARTED, text.already_started(self.bench.task)), self._penalty)
        try:
            task = self.world.curriculum.get(task_id)
        except TaskNotFoundError:
            return refused(Complaint(ActionError.TASK_NOT_FOUND, text.unknown_task(task_id)), self._penalty)
        await self.bench.start(task, self.run.publish)
        return Effect(message=text.task_text(task), started_task=task)

    async def _work(self, action: RunCommand | WriteFile | ReadFile | ListFiles | Restart | SubmitWork) -> Effect:
        task, sandbox = self.bench.task, self.bench.sandbox
        if task is None or sandbox is None:
            return refused(Complaint(ActionError.NO_TASK, text.NO_TASK), self._penalty)
        if wrong := complaint(action, self.world.bounds):
            return refused(wrong)
        match action:
            case RunCommand():
                return await self._command(action, task, sandbox)
            case Restart():
                return await self._restart(task)
            case SubmitWork():
                return await self.submit(self.run)
            case _:
                began = self.world.clock.monotonic()
                effect = await file_action(sandbox, action, min(task.limits.output_bytes, self.world.bounds.max_content_bytes))
                effect.busy_s = self.world.clock.monotonic() - began
                return effect

    async def _restart(self, task: Task) -> Effect:
        try:
            await self.bench.restart(task, self.run.publish)
        except CodecraftError as error:  # the old sandbox is gone already, so there is no going back
            return Effect(fault=fault_of(error))
        return Effect(message=text.task_text(task), changed=True)

    async def _command(self, action: RunCommand, task: Task, sandbox: Sandbox) -> Effect:
        wanted_s = action.timeout_s or task.limits.command_s
        timeout_s = max(_LEAST_S, min(wanted_s, self.seconds_left))
        began = self.world.clock.monotonic()
        effect = await run_command(
            sandbox,
            action,
            timeout_s,
            self._policy(action, task),
            started=lambda command: self.run.started(command, stdin_open=action.stdin_open),
            streamed=self.run.printed,
        )
        if effect.ended is None:
            effect.busy_s = self.world.clock.monotonic() - began
        if effect.ended and effect.ended.reason is EndReason.TIMED_OUT and timeout_s < wanted_s:
            effect.busy_s = max(effect.busy_s, self.seconds_left)  # it was the episode's time that ran out, whatever rounding says
        return effect

    def _policy(self, action: RunCommand, task: Task) -> OutputPolicy:
        bounds = self.world.bounds
        return OutputPolicy(
            stream=self.run.streamed,
            separate=action.separate,
            kept=task.limits.output_bytes,
            max_output=bounds.output_max_bytes,
            window=bounds.output_window_bytes,
            stall_s=bounds.stall_s,
            stall_total_s=bounds.stall_total_s,
        )


def command_s(world: World, task: Task | None) -> float:
    """The longest a command may take, in seconds."""
    return task.limits.command_s if task else world.settings.defaults.command_s
