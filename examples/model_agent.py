"""A model plays one task, seen step by step. Set OPENAI_BASE_URL, OPENAI_MODEL and, where the endpoint wants one, OPENAI_API_KEY."""

import os

from codecraft_client import Client
from codecraft_client.agents import AgentOptions, Budget, Called, Returned, light

options = AgentOptions(
    model=os.environ["OPENAI_MODEL"],
    base_url=os.environ["OPENAI_BASE_URL"],
    api_key=os.environ.get("OPENAI_API_KEY", ""),
    budget=Budget(steps=20, tokens=100_000, seconds=600),
)
agent = light.agent(options)

with Client("127.0.0.1:50051") as client, client.reset("1") as episode:
    for event in agent.play(episode.task, episode):
        if isinstance(event, Called):
            print(">", event.name, event.arguments)
        elif isinstance(event, Returned):
            print(event.text)
    print("reward", episode.submit().reward.value)
