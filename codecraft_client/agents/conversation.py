"""A conversation with a model, within a bound. Knows no endpoint."""

from collections.abc import Sequence

from codecraft_client.agents.model import Assistant, Message, ToolAnswer, Usage
from codecraft_client.agents.prompts import ELIDED
from codecraft_client.agents.settings import BYTES_PER_TOKEN


class Conversation:
    """All that was said. What is sent of it stays below `bound_bytes` as long as leaving out the oldest tool results can achieve that."""

    def __init__(self, bound_bytes: int) -> None:
        self._bound_bytes = bound_bytes
        self._messages: list[Message] = []
        self._first_kept = 0  # tool answers before it are left out

    def add(self, message: Message) -> None:
        """Go on with it."""
        self._messages.append(message)

    def messages(self) -> Sequence[Message]:
        """Return what is to be sent.

        Once a result is left out it stays so, and they are left out in batches down to half the bound: what an endpoint has cached of the
        beginning of a conversation stays of use (https://platform.openai.com/docs/guides/prompt-caching).
        """
        shown = self._shown()
        if sum(map(size_bytes, shown)) > self._bound_bytes:
            shown = self._shortened(shown)
        return shown

    def _shortened(self, shown: list[Message]) -> list[Message]:
        total = sum(map(size_bytes, shown))
        last = self._last_assistant()
        while total > self._bound_bytes // 2 and self._first_kept < last:
            before = size_bytes(shown[self._first_kept])
            shown[self._first_kept] = _left_out(shown[self._first_kept])
            total -= before - size_bytes(shown[self._first_kept])
            self._first_kept += 1
        return shown

    def _shown(self) -> list[Message]:
        return [*map(_left_out, self._messages[: self._first_kept]), *self._messages[self._first_kept :]]

    def _last_assistant(self) -> int:
        """Where the last reply stands; the results that answer it are what the model waits for."""
        places = (place for place in range(len(self._messages) - 1, -1, -1) if isinstance(self._messages[place], Assistant))
        return next(places, 0)


def size_bytes(message: Message) -> int:
    """How much a message is to send, its frame apart."""
    size = len(message.text.encode("utf-8", "replace"))
    if isinstance(message, Assistant):
        size += sum(len(call.name) + len(call.arguments.encode("utf-8", "replace")) for call in message.calls)
    return size


def estimated(messages: Sequence[Message], answer: Assistant) -> Usage:
    """Estimate the tokens of a reply, for endpoints that do not say."""
    return Usage(sum(map(size_bytes, messages)) // BYTES_PER_TOKEN + 1, size_bytes(answer) // BYTES_PER_TOKEN + 1)


def _left_out(message: Message) -> Message:
    if isinstance(message, ToolAnswer) and len(message.text) > len(ELIDED):
        return ToolAnswer(message.call_id, ELIDED)
    return message
