"""A model's hands in an episode: carries its tool calls out, and says what it is to read of them. Knows no endpoint."""

from collections.abc import Generator
from dataclasses import replace

from codecraft_client.actions import ReadFile, RunCommand
from codecraft_client.agents.excerpt import Excerpt
from codecraft_client.agents.model import ToolCall
from codecraft_client.agents.protocol import AgentEvent, Printed, Stop
from codecraft_client.agents.telling import command_told, told
from codecraft_client.agents.wishes import BadCallError, Submit, wish
from codecraft_client.episode import Episode
from codecraft_client.errors import InvalidFieldError
from codecraft_client.events import Output, StepResult
from codecraft_client.types import Gap, Task

SUBMITTED = "Submitted."
OVER = "The episode is over."


class Hands:
    """Carries calls out, one after the other. `stop` is set once no more can be."""

    def __init__(self, task: Task, episode: Episode, shown_bytes: int) -> None:
        self._task = task
        self._episode = episode
        self._shown_bytes = shown_bytes
        self.stop: Stop | None = None

    def carry_out(self, call: ToolCall) -> Generator[AgentEvent, None, str]:
        """Carry a call out: yields what is printed, returns what the model is told. CodecraftError for what is not the model's failing."""
        try:
            action = wish(call.name, call.arguments)
            if isinstance(action, Submit):
                self.stop = Stop.SUBMITTED
                return SUBMITTED
            if isinstance(action, RunCommand):
                return (yield from self._run(action))
            if isinstance(action, ReadFile):
                action = replace(action, max_bytes=self._shown_bytes)
            return self._seen(self._episode.step(action))
        except BadCallError as error:
            return str(error)
        except InvalidFieldError as error:  # no step was taken
            return f"Refused: {error.message}. Nothing was done."

    def _run(self, action: RunCommand) -> Generator[AgentEvent, None, str]:
        most_s = self._task.limits.command_s
        timeout_s = most_s if action.timeout_s is None else min(action.timeout_s, most_s)
        printed = Excerpt(self._shown_bytes)
        running = self._episode.start(replace(action, timeout_s=timeout_s))
        for event in running:
            if isinstance(event, Output):
                printed.add(event.data)
                yield Printed(event.data)
            elif isinstance(event, Gap):
                printed.missing(event.dropped_bytes)
        result = running.result()
        self._weigh(result)
        return command_told(printed, result.observation, timeout_s)

    def _seen(self, result: StepResult) -> str:
        self._weigh(result)
        return told(result.observation, self._shown_bytes)

    def _weigh(self, result: StepResult) -> None:
        if result.done:
            self.stop = Stop.EPISODE_OVER
