"""Options for agents of scripted models."""

from typing import Any

from scripted_openai import ScriptedOpenAI

from codecraft_client.agents import AgentOptions, AgentSettings

QUICK = AgentSettings(reply_s=5, first_wait_s=0.001, longest_wait_s=0.05, task_wait_s=0.001)


def options(model: ScriptedOpenAI, **how: Any) -> AgentOptions:
    """Options for an agent of a scripted model."""
    return AgentOptions(model="scripted", base_url=model.base_url, **{"settings": QUICK, **how})
