"""Gymnasium's own vector environments over codecraft keep the contract, and where they can't they say so."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gymnasium
import pytest
from contract.vector_contract import Make, VectorContract
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from codecraft_client import Client
from codecraft_client.gym import ENV_ID

pytestmark = [
    # From Python 3.12 on a fork of a process with threads warns; the client hangs up before each fork.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
    # AsyncVectorEnv tells by warnings what it then raises, and is left half-way when they are errors.
    pytest.mark.filterwarnings("ignore:.*ERROR:UserWarning"),
]

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
            return AsyncVectorEnv([env] * number, shared_memory=False, autoreset_mode=mode)

        return made


def test_shared_memory_is_refused(process_address: str) -> None:
    """AsyncVectorEnv's default would corrupt text, so it is an error that names the remedy."""
    env = partial(gymnasium.make, WHEREVER, target=process_address, task="1")
    with pytest.raises(ValueError, match="shared_memory=False") as failure:
        AsyncVectorEnv([env])
    assert "no fixed size" in str(failure.value.__cause__)


@pytest.mark.parametrize("context", ["spawn", "forkserver"])
def test_workers_that_are_not_forked(process_address: str, context: str) -> None:
    """Worker processes that start from nothing know the environment by the id that names its package."""
    env = partial(gymnasium.make, WHEREVER, target=process_address, task="1")
    envs = AsyncVectorEnv([env, env], shared_memory=False, context=context)
    try:
        envs.reset(seed=1)
        observations = envs.step(('{"action": "command", "command": "echo 你好"}',) * 2)[0]
        assert list(observations["output"]) == ["你好\n"] * 2
    finally:
        envs.close()


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_make_vec(process_address: str, mode: str) -> None:
    """`gymnasium.make_vec` makes them, without a warning."""
    kwargs = {} if mode == "sync" else {"shared_memory": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
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
