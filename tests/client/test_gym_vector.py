"""Gymnasium's own vector environments over codecraft keep the contract, and where they can't they say so."""

import multiprocessing
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium
import pytest
from contract.vector_contract import Make, VectorContract
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from codecraft_client import Client
from codecraft_client.gym import ENV_ID

# AsyncVectorEnv tells by warnings what it then raises, and is left half-way when they are errors.
pytestmark = pytest.mark.filterwarnings("ignore:.*ERROR:UserWarning")

# The process of the tests may have a gRPC server in it, which no fork survives; so workers are forked off a process that has none.
CONTEXT = "forkserver"
multiprocessing.set_forkserver_preload(["codecraft_client.gym"])

WHEREVER = f"codecraft_client.gym:{ENV_ID}"


@pytest.fixture
def open_episodes(process_address: str) -> Iterator[Callable[[], int]]:
    """Asks the server how many episodes are open."""
    with Client(process_address) as client:
        yield lambda: client.server_info().capacity.episodes


class TestSyncVectorEnv(VectorContract):
    """One process, one after the other."""

    @pytest.fixture
    def make(self, process_address: str) -> Make:
        """Makes them."""

        def made(number: int, mode: AutoresetMode = AutoresetMode.NEXT_STEP, **arguments: Any) -> VectorEnv[Any, Any, Any]:
            env = partial(gymnasium.make, WHEREVER, target=process_address, **arguments)
            return SyncVectorEnv([env] * number, autoreset_mode=mode)

        return made


class TestAsyncVectorEnv(VectorContract):
    """A process each, without shared memory."""

    @pytest.fixture
    def make(self, process_address: str) -> Make:
        """Makes them."""

        def made(number: int, mode: AutoresetMode = AutoresetMode.NEXT_STEP, **arguments: Any) -> VectorEnv[Any, Any, Any]:
            env = partial(gymnasium.make, WHEREVER, target=process_address, **arguments)
            return AsyncVectorEnv([env] * number, shared_memory=False, autoreset_mode=mode, context=CONTEXT)

        return made


def test_shared_memory_is_refused(process_address: str) -> None:
    """AsyncVectorEnv's default would corrupt text, so it is an error that names the remedy."""
    env = partial(gymnasium.make, WHEREVER, target=process_address, task="1")
    with pytest.raises(ValueError, match="shared_memory=False") as failure:
        AsyncVectorEnv([env])
    assert "no fixed size" in str(failure.value.__cause__)


PROGRAM = f"""
import sys
from functools import partial
import gymnasium
from gymnasium.vector import AsyncVectorEnv

if __name__ == "__main__":
    env = partial(gymnasium.make, "{WHEREVER}", target=sys.argv[1], task="1")
    first = env()  # in use when the workers are made
    first.reset(seed=1)
    envs = AsyncVectorEnv([env, env], shared_memory=False, context=sys.argv[2])
    envs.reset(seed=1)
    action = '{{"action": "command", "command": "echo 你好"}}'
    assert envs.step((action, action))[0]["output"] == ("你好\\n", "你好\\n")
    assert first.step(action)[0]["output"] == "你好\\n"
    envs.close()
    first.close()
"""


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_however_they_are_started(process_address: str, tmp_path: Path, context: str) -> None:
    """Workers that are forked while an episode is open, and workers that start from nothing: they, and that episode, go on."""
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", "program.py", process_address, context]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_make_vec(process_address: str, mode: str) -> None:
    """`gymnasium.make_vec` makes them, without a warning."""
    kwargs = {} if mode == "sync" else {"shared_memory": False, "context": CONTEXT}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        envs = gymnasium.make_vec(WHEREVER, 2, vectorization_mode=mode, vector_kwargs=kwargs, target=process_address, task="1")
        observations, _ = envs.reset(seed=1)
        envs.close()
    assert len(observations["message"]) == 2


def test_typed_actions_in_a_batch(process_address: str) -> None:
    """The Dict of `action_mode="typed"` is batched key by key."""
    env = partial(gymnasium.make, WHEREVER, target=process_address, task="1", action_mode="typed")
    envs = SyncVectorEnv([env, env])
    try:
        envs.reset(seed=1)
        envs.action_space.seed(3)
        for _ in range(3):
            action = envs.action_space.sample()
            assert action in envs.action_space
            observations = envs.step(action)[0]
        assert observations in envs.observation_space
    finally:
        envs.close()


class TestCodeCraftVectorEnv(VectorContract):
    """Ours: one process, one stream."""

    @pytest.fixture
    def make(self, process_address: str) -> Make:
        """Makes them."""

        def made(number: int, mode: AutoresetMode = AutoresetMode.NEXT_STEP, **arguments: Any) -> VectorEnv[Any, Any, Any]:
            return gymnasium.make_vec(WHEREVER, number, target=process_address, autoreset_mode=mode, **arguments)

        return made
