"""The loop of an agent that is a model with tools: ask, carry out, tell, until the work is done or the budget is. Knows no endpoint."""

from collections.abc import Generator, Iterator, Sequence

from codecraft_client.agents import prompts
from codecraft_client.agents.conversation import Conversation, estimated
from codecraft_client.agents.errors import ContextFullError
from codecraft_client.agents.hands import Hands
from codecraft_client.agents.meter import Meter
from codecraft_client.agents.model import Assistant, PatientModel, Reply, System, ToolAnswer, ToolCall, User
from codecraft_client.agents.protocol import AgentEvent, AgentOptions, Called, Prompted, Returned, Said, Stop, Stopped, Used
from codecraft_client.episode import Episode
from codecraft_client.types import Task


class ToolAgent:
    """An agent that asks a model what to do next."""

    def __init__(self, model: PatientModel, options: AgentOptions) -> None:
        self._model = model
        self._options = options

    def play(self, task: Task, episode: Episode) -> Iterator[AgentEvent]:
        """Play an episode; see `protocol.Agent`. AgentError when the model can't be had."""
        return _Play(self._model, self._options, task, episode).events()


class _Play:
    """One episode."""

    def __init__(self, model: PatientModel, options: AgentOptions, task: Task, episode: Episode) -> None:
        self._model = model
        self._settings = options.settings
        self._task = task
        self._meter = Meter(options.budget, episode.observation.budget.steps_left)
        self._hands = Hands(task, episode, options.settings.shown_bytes)
        self._talk = Conversation(options.settings.context_bytes)
        self._silences = 0

    def events(self) -> Iterator[AgentEvent]:
        yield self._told(System(prompts.system(self._task, self._meter.steps_most)))
        yield self._told(User(prompts.task(self._task)))
        stop = self._meter.exhausted()
        while stop is None:
            stop = yield from self._turn()
        yield Stopped(stop)

    def _told(self, message: System | User) -> Prompted:
        self._talk.add(message)
        return Prompted("system" if isinstance(message, System) else "user", message.text)

    def _turn(self) -> Generator[AgentEvent, None, Stop | None]:
        """One reply and what it asks for. Returns why to stop, or None."""
        try:
            answer = yield from self._reply()
        except ContextFullError:
            return Stop.CONTEXT
        if answer.text:
            yield Said(answer.text)
        if not answer.calls:
            return (yield from self._remind())
        self._silences = 0
        return (yield from self._carry_out(answer.calls))

    def _reply(self) -> Generator[AgentEvent, None, Assistant]:
        messages = self._talk.messages()
        reply = yield from self._model.reply(messages)
        self._talk.add(reply.message)
        yield self._used(messages, reply)
        return reply.message

    def _used(self, messages: Sequence[System | User | Assistant | ToolAnswer], reply: Reply) -> Used:
        usage = reply.usage or estimated(messages, reply.message)
        self._meter.tokens += usage.prompt_tokens + usage.completion_tokens
        return Used(usage.prompt_tokens, usage.completion_tokens, estimated=reply.usage is None)

    def _remind(self) -> Generator[AgentEvent, None, Stop | None]:
        self._silences += 1
        if self._silences > self._settings.reminders:
            return Stop.SILENT
        yield self._told(User(prompts.REMINDER))
        return self._meter.exhausted()

    def _carry_out(self, calls: Sequence[ToolCall]) -> Generator[AgentEvent, None, Stop | None]:
        most = self._settings.calls_per_reply
        for place, call in enumerate(calls):
            yield Called(call.call_id, call.name, call.arguments)
            self._meter.steps += 1
            if place < most:
                text = yield from self._hands.carry_out(call)
            else:
                text = prompts.TOO_MANY_CALLS.format(most=most)
            text = prompts.answered(text, self._meter.steps_left)
            self._talk.add(ToolAnswer(call.call_id, text))
            yield Returned(call.call_id, text)
            if stop := self._hands.stop or self._steps_used_up():
                return stop
        return self._meter.exhausted()

    def _steps_used_up(self) -> Stop | None:
        return None if self._meter.steps_left else Stop.STEPS
