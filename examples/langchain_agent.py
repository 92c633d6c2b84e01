"""A ChatOpenAI of one's own: `codecraft play 1 --agent langchain_agent:make --model NAME`, from the directory of this file."""

from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from codecraft_client.agents import Agent, AgentOptions, langchain


def make(options: AgentOptions) -> Agent:
    """Make one; called anew for every episode. Set callbacks, tracing and the like here."""
    chat = ChatOpenAI(
        model=options.model,
        base_url=options.base_url or None,
        api_key=SecretStr(options.api_key or "none"),
        temperature=0.2,
        max_retries=0,  # the loop retries, where it is seen and stopped
    )
    return langchain.agent_of(chat, options)
