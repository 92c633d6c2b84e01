"""What a model is to an agent: a conversation goes in, a reply comes out. Knows no endpoint, no library and no episode."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from codecraft_client.agents.protocol import Retried


@dataclass(frozen=True, slots=True)
class System:
    """What the model is told first."""

    text: str


@dataclass(frozen=True, slots=True)
class User:
    """What it is told by who asks."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool it wants called; `arguments` as it wrote them, which may be no JSON."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Assistant:
    """What it said."""

    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a call came to."""

    call_id: str
    text: str


Message: TypeAlias = System | User | Assistant | ToolAnswer


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one reply, as the endpoint counts."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model replied; `usage` None when the endpoint does not say."""

    message: Assistant
    usage: Usage | None


def sound(text: str) -> str:
    """Return `text` as it can be sent: JSON lets a model write half a surrogate pair, which is no character and no UTF-8."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


class Model(Protocol):
    """A model behind an endpoint."""

    def reply(self, messages: Sequence[Message]) -> Reply:
        """Ask once. EndpointError."""
        ...


class PatientModel(Protocol):
    """A model that is asked until it replies."""

    def reply(self, messages: Sequence[Message]) -> Generator[Retried, None, Reply]:
        """Ask until there is a reply, which it returns; yields what made it ask again. ModelError, ModelRefusedError, HaltedError."""
        ...
