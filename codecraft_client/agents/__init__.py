"""Agents that play: models with tools, and whatever implements `Agent`.

    from codecraft_client.agents import AgentOptions, light

    agent = light.agent(AgentOptions(model="...", base_url="http://127.0.0.1:8000/v1"))
    with Client() as client, client.reset("1") as episode:
        for event in agent.play(episode.task, episode):
            ...
        print(episode.submit().reward.value)

The rooms, top to bottom: `command`; `progress`, `tables`; `summary`, `store`; `runner`; `playing`; `choice`, `defects`; `light` (chat
completions) over `post` (HTTP), `langchain` (the only one that knows LangChain; imported when asked for); `loop`; `hands`,
`conversation`, `patience`, `meter`; `telling`, `wishes`, `prompts`, `excerpt`; `model`, `protocol`, `settings`, `errors`.
"""

from codecraft_client.agents.errors import AgentError, ModelError, ModelRefusedError
from codecraft_client.agents.protocol import (
    Agent,
    AgentEvent,
    AgentFactory,
    AgentOptions,
    Budget,
    Called,
    Printed,
    Prompted,
    Retried,
    Returned,
    Said,
    Stop,
    Stopped,
    Used,
)
from codecraft_client.agents.settings import AgentSettings

__all__ = [
    "Agent",
    "AgentError",
    "AgentEvent",
    "AgentFactory",
    "AgentOptions",
    "AgentSettings",
    "Budget",
    "Called",
    "ModelError",
    "ModelRefusedError",
    "Printed",
    "Prompted",
    "Retried",
    "Returned",
    "Said",
    "Stop",
    "Stopped",
    "Used",
]
