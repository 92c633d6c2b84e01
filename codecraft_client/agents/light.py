"""A model behind any endpoint that speaks OpenAI's chat completions, asked with nothing but the standard library.

The only room that knows this format (https://platform.openai.com/docs/api-reference/chat) and HTTP. Knows no episode.
"""

import json
from collections.abc import Sequence
from typing import Any

from codecraft_client import tools
from codecraft_client.agents import post
from codecraft_client.agents.errors import EndpointError
from codecraft_client.agents.loop import ToolAgent
from codecraft_client.agents.model import Assistant, Message, Reply, System, ToolAnswer, ToolCall, Usage, User, sound
from codecraft_client.agents.patience import Patient
from codecraft_client.agents.protocol import AgentOptions
from codecraft_client.errors import UsageError

DEFAULT_BASE_URL = "https://api.openai.com/v1"


def agent(options: AgentOptions) -> ToolAgent:
    """Make the agent. UsageError when the options can't be used."""
    if not options.model:
        raise UsageError("say which model is to play: --model NAME")
    return ToolAgent(Patient(ChatCompletions(options), options), options)


class ChatCompletions:
    """A `Model`."""

    def __init__(self, options: AgentOptions) -> None:
        url = f"{(options.base_url or DEFAULT_BASE_URL).rstrip('/')}/chat/completions"
        self._poster = post.Poster(url, options.api_key, options.settings.reply_s, options.settings.reply_bytes)
        self._model = options.model

    def reply(self, messages: Sequence[Message]) -> Reply:
        """Ask once. EndpointError."""
        body = {"model": self._model, "messages": [_spoken(message) for message in messages], "tools": tools.offered()}
        return _reply(self._poster.post(body))


def _spoken(message: Message) -> dict[str, Any]:
    match message:
        case System():
            return {"role": "system", "content": message.text}
        case User():
            return {"role": "user", "content": message.text}
        case ToolAnswer():
            return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
        case Assistant():
            calls = [_called(call) for call in message.calls]
            return {"role": "assistant", "content": message.text or None, **({"tool_calls": calls} if calls else {})}


def _called(call: ToolCall) -> dict[str, Any]:
    return {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _reply(answer: dict[str, Any]) -> Reply:
    try:
        message = answer["choices"][0]["message"]
        calls = tuple(_call(place, call) for place, call in enumerate(message.get("tool_calls") or ()))
        return Reply(Assistant(_text(message.get("content")), calls), _usage(answer.get("usage")))
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise EndpointError("the reply is no chat completion") from error


def _text(content: object) -> str:
    """Return the text of a message: a string, nothing, or parts of which some have text."""
    if isinstance(content, list):
        return sound("".join(str(part.get("text") or "") for part in content if isinstance(part, dict)))
    return sound(str(content or ""))


def _call(place: int, call: dict[str, Any]) -> ToolCall:
    arguments = call["function"].get("arguments")
    if not isinstance(arguments, str):  # some servers send the object itself
        arguments = json.dumps(arguments or {})
    return ToolCall(str(call.get("id") or f"call_{place}"), sound(str(call["function"]["name"])), sound(arguments))


def _usage(usage: object) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    counts = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not all(isinstance(count, int) and count >= 0 for count in counts):
        return None
    return Usage(int(counts[0] or 0), int(counts[1] or 0))
