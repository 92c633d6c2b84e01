"""Servers for agents: one that is a model, one that has sandboxes."""

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from players import careful
from scripted_openai import Player, ScriptedOpenAI, scripted_openai
from world import word_world

from codecraft_client import Client
from codecraft_client.agents import AgentFactory, choice


@pytest.fixture(params=["light", "langchain"])
def agent_name(request: pytest.FixtureRequest) -> str:
    """Each of our agents."""
    name: str = request.param
    if name == "langchain" and importlib.util.find_spec("langchain_openai") is None:
        pytest.skip("the extra `agents` is not installed")
    return name


@pytest.fixture
def make(agent_name: str) -> AgentFactory:
    """Makes each of our agents."""
    return choice.factory(agent_name)


@pytest.fixture
def serve_model() -> Iterator[Callable[..., ScriptedOpenAI]]:
    """Serves models, until the end of the test."""
    with ExitStack() as stack:

        def serve(player: Player = careful, **how: Any) -> ScriptedOpenAI:
            return stack.enter_context(scripted_openai(player, **how))

        yield serve


@pytest.fixture(scope="session")
def words() -> Iterator[str]:
    """The address of a server with three tasks over fake sandboxes."""
    with word_world(3) as address:
        yield address


@pytest.fixture
def client(words: str) -> Iterator[Client]:
    """A client of it."""
    with Client(words) as client:
        yield client
