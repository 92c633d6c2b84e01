"""The same agent with its model behind LangChain's `ChatOpenAI`: for who has callbacks, tracing or settings of LangChain's.

The only room that knows LangChain and the openai package; it is imported when this agent is asked for, and needs the extra `agents`.
"""

import json
from collections.abc import Sequence
from typing import Any

import openai
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, InvalidToolCall, SystemMessage, ToolMessage
from langchain_core.messages.tool import ToolCall as LangChainCall
from langchain_core.messages.tool import invalid_tool_call, tool_call
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI
from pydantic import SecretStr, ValidationError

from codecraft_client import tools
from codecraft_client.agents.errors import EndpointError, nobody_there
from codecraft_client.agents.loop import ToolAgent
from codecraft_client.agents.model import Assistant, Message, Reply, System, ToolAnswer, ToolCall, Usage, User, sound
from codecraft_client.agents.patience import Patient
from codecraft_client.agents.post import retry_after_s
from codecraft_client.agents.protocol import AgentOptions
from codecraft_client.errors import UsageError

NO_KEY = "none"  # the library insists on one; endpoints that need none do not look at it
UNINTELLIGIBLE = "(a reply with tool calls that are no tool calls)"


def agent(options: AgentOptions) -> ToolAgent:
    """Make the agent with a ChatOpenAI of the options. UsageError when they can't be used."""
    if not options.model:
        raise UsageError("say which model is to play: --model NAME")
    chat = ChatOpenAI(
        model=options.model,
        base_url=options.base_url or None,
        api_key=SecretStr(options.api_key or NO_KEY),
        timeout=options.settings.reply_s,
        max_retries=0,  # retries are ours: seen, told and stopped
        use_responses_api=False,  # other endpoints than OpenAI's speak chat completions only
    )
    return agent_of(chat, options)


def agent_of(chat: ChatOpenAI, options: AgentOptions) -> ToolAgent:
    """Make the agent with a model of yours; give it `max_retries=0`."""
    return ToolAgent(Patient(LangChainModel(chat), options), options)


class LangChainModel:
    """A `Model`."""

    def __init__(self, chat: ChatOpenAI) -> None:
        self._chat: Runnable[Any, AIMessage] = chat.bind_tools(tools.offered())

    def reply(self, messages: Sequence[Message]) -> Reply:
        """Ask once. EndpointError."""
        try:
            return _reply(self._chat.invoke([_spoken(message) for message in messages]))
        except openai.APIStatusError as error:
            code = str(error.code or "")
            again_s = retry_after_s(error.response.headers)
            raise EndpointError(error.message, status=error.status_code, code=code, retry_after_s=again_s) from error
        except openai.APIConnectionError as error:
            nobody_at = str(error.request.url) if nobody_there(error) else ""
            raise EndpointError(f"no reply: {error.message}", nobody_at=nobody_at) from error
        except openai.APIError as error:  # no connection, no answer in time, an answer that is none
            raise EndpointError(f"no reply: {error.message}") from error
        except ValidationError:  # a ValueError, too: of the model's making, such as arguments that are a list
            return Reply(Assistant(UNINTELLIGIBLE), None)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:  # what the libraries raise over garbage
            raise EndpointError(f"the reply is no chat completion ({type(error).__name__})") from error


def _spoken(message: Message) -> BaseMessage:
    match message:
        case System():
            return SystemMessage(message.text)
        case User():
            return HumanMessage(message.text)
        case ToolAnswer():
            return ToolMessage(message.text, tool_call_id=message.call_id)
        case Assistant():
            return _assistant(message)


def _assistant(message: Assistant) -> AIMessage:
    good: list[LangChainCall] = []
    bad: list[InvalidToolCall] = []
    for call in message.calls:
        arguments = _object(call.arguments)
        if arguments is None:
            bad.append(invalid_tool_call(name=call.name, args=call.arguments, id=call.call_id, error=None))
        else:
            good.append(tool_call(name=call.name, args=arguments, id=call.call_id))
    return AIMessage(message.text, tool_calls=good, invalid_tool_calls=bad)


def _object(arguments: str) -> dict[str, Any] | None:
    try:
        given = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    # The library sends arguments unescaped, which half a surrogate pair would make impossible.
    sendable = json.dumps(given, ensure_ascii=False)
    return given if isinstance(given, dict) and sound(sendable) == sendable else None


def _reply(message: AIMessage) -> Reply:
    calls = [ToolCall(call["id"] or "", call["name"], json.dumps(call["args"])) for call in message.tool_calls]
    calls += [ToolCall(call["id"] or "", call["name"] or "", call["args"] or "") for call in message.invalid_tool_calls]
    usage = message.usage_metadata
    used = Usage(usage["input_tokens"], usage["output_tokens"]) if usage else None
    return Reply(Assistant(sound(str(message.text)), _with_ids(calls)), used)


def _with_ids(calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(call.call_id or f"call_{place}", sound(call.name), sound(call.arguments)) for place, call in enumerate(calls))
