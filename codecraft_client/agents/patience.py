"""Asking a model until it replies, within bounds. Decides by what `EndpointError` says; knows no endpoint and no library."""

import random
from collections.abc import Generator, Sequence

from codecraft_client.agents.errors import ContextFullError, EndpointError, HaltedError, ModelError, ModelRefusedError
from codecraft_client.agents.model import Message, Model, Reply
from codecraft_client.agents.protocol import AgentOptions, Retried


class Patient:
    """Repeats what is worth repeating: exponential backoff with jitter, and the endpoint's own wish where it has one."""

    def __init__(self, model: Model, options: AgentOptions, chance: random.Random | None = None) -> None:
        self._model = model
        self._settings = options.settings
        self._halt = options.halt
        self._answered = options.answered
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, keeps no secret

    def reply(self, messages: Sequence[Message]) -> Generator[Retried, None, Reply]:
        """Ask until there is a reply, which it returns; yields what made it ask again. ModelError, ModelRefusedError, HaltedError."""
        for attempt in range(self._settings.attempts):
            if self._halt.is_set():
                raise HaltedError("the run is being stopped")
            try:
                reply = self._model.reply(messages)
            except EndpointError as error:
                self._raise_unless_transient(error)
                if attempt + 1 == self._settings.attempts:
                    raise ModelError(f"no reply after {attempt + 1} attempts: {error.message}") from error
                again = Retried(error.message, self._wait_s(attempt, error))
            else:
                self._answered.set()
                return reply
            yield again
            self._halt.wait(again.wait_s)
        raise ModelError("no attempt is allowed")

    def _raise_unless_transient(self, error: EndpointError) -> None:
        if not error.nobody_at:
            self._answered.set()
        elif not self._answered.is_set():
            raise ModelRefusedError(f"nobody answers at {error.nobody_at} ({error.message})") from error
        if error.hopeless:
            raise ModelRefusedError(error.message) from error
        if error.out_of_context:
            raise ContextFullError(error.message) from error
        if not error.transient:
            raise ModelError(error.message) from error

    def _wait_s(self, attempt: int, error: EndpointError) -> float:
        step = min(self._settings.longest_wait_s, self._settings.first_wait_s * 2.0**attempt)
        drawn = self._chance.uniform(step / 2, step)
        return min(self._settings.longest_wait_s, max(error.retry_after_s or 0.0, drawn))
