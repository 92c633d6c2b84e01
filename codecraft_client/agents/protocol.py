"""What an agent is: something that plays an episode of a task to its end, and tells what it does as it does it.

Knows nothing of models. Whoever wants an agent of their own needs this module only: a function that takes `AgentOptions` and returns an
`Agent` is named as `--agent module:function`.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeAlias

from codecraft_client.agents.settings import AgentSettings
from codecraft_client.episode import Episode
from codecraft_client.rewards import RewardOptions
from codecraft_client.types import Task


class Stop(Enum):
    """Why an agent stopped; its work is submitted in any case, unless the episode is over."""

    SUBMITTED = "submitted"
    STEPS = "steps"
    TOKENS = "tokens"
    TIME = "time"
    CONTEXT = "context"
    SILENT = "silent"
    EPISODE_OVER = "episode_over"


@dataclass(frozen=True, slots=True)
class Prompted:
    """Something was put into the conversation that is no tool result; `role` is "system" or "user"."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """The model said something."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """The model called a tool; `arguments` as it wrote them."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Printed:
    """The command that is running printed something."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Returned:
    """What the model is told of a call."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Used:
    """Tokens of one reply; `estimated`: the endpoint did not say."""

    prompt_tokens: int
    completion_tokens: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class Retried:
    """The endpoint is asked once more for the same reply, after `wait_s`."""

    problem: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The agent has stopped. The last event, where an agent says so at all."""

    why: Stop


AgentEvent: TypeAlias = Prompted | Said | Called | Printed | Returned | Used | Retried | Stopped


class Agent(Protocol):
    """Plays episodes, one at a time."""

    def play(self, task: Task, episode: Episode) -> Iterator[AgentEvent]:
        """Play an open episode of `task`; yield what happens, when it happens.

        Whoever iterates submits the work afterwards, unless the episode has ended otherwise. (Submitting twice is harmless.) A failure that
        is not the agent's is raised: CodecraftError, or AgentError where the model can't be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class Budget:
    """What one episode may cost; None: no bound of ours.

    Attributes:
        steps: Tool calls, those that were malformed included. The task's own limit holds in any case.
        tokens: Prompt and completion together, as the endpoint counts. Looked at before each reply, so the last one may exceed it.
        seconds: Wall clock, the model's thinking included. Looked at before each reply.
    """

    steps: int | None = None
    tokens: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What a factory is told.

    Attributes:
        model: Name of the model, as its endpoint knows it.
        base_url: The endpoint up to and including its version, such as http://127.0.0.1:8000/v1; empty: OpenAI's.
        api_key: Its secret; empty: none is sent.
        reward: How episodes pay.
        halt: Set when the run is being stopped: waits end, and HaltedError is raised.
        answered: Set once the endpoint has said anything; until then an address where nobody is is taken for a mistake.
    """

    model: str = ""
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    budget: Budget = Budget()
    reward: RewardOptions = field(default_factory=RewardOptions)
    settings: AgentSettings = field(default_factory=AgentSettings)
    halt: threading.Event = field(default_factory=threading.Event)
    answered: threading.Event = field(default_factory=threading.Event)


AgentFactory: TypeAlias = Callable[[AgentOptions], Agent]
