"""Both agents in real containers."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from client.worlds import docker_world
from helpers import Papers, Watch
from players import shipped
from scripted_openai import ScriptedOpenAI

from codecraft_client import Client
from codecraft_client.agents import AgentOptions, choice
from codecraft_client.agents.runner import Runner


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server process with real containers."""
    with docker_world() as address:
        yield address


@pytest.mark.docker
def test_the_first_three_tasks(address: str, serve_model: Callable[..., ScriptedOpenAI], agent_name: str, tmp_path: Path) -> None:
    """A greeting that is corrected by its output, a clone, and numbers that are sorted by who has read them: reward 1 each."""
    model = serve_model(shipped)
    options = AgentOptions(model="scripted", base_url=model.base_url)
    with Client(address) as client:
        tasks = [client.task(task_id) for task_id in ("1", "2", "3")]
        results = list(Runner(client, choice.factory(agent_name), options, Papers(tmp_path), Watch(), parallel=3).play(tasks))
        assert client.server_info().capacity.episodes == 0
    assert {result.task_id: result.episode_return for result in results} == {"1": 1.0, "2": 1.0, "3": 1.0}
    (hello,) = (result for result in results if result.task_id == "1")
    lines = [json.loads(line) for line in (tmp_path / hello.transcript).read_text().splitlines()]
    told = [line["text"] for line in lines if line["type"] == "returned"]
    assert [text.partition("\n")[0] for text in told if "exit code 0" in text] == ["Hello, world!", "Hello, World!"]
