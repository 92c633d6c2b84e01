"""Our vector environment is what SyncVectorEnv is, and has results as they come besides."""

import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import pytest
from contract.vector_contract import SUBMIT, echo
from gymnasium.error import AlreadyPendingCallError, InvalidAction, NoAsyncCallError
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics

from codecraft_client import Client, errors
from codecraft_client.gym import ENV_ID, CodeCraftVectorEnv

Make = Callable[..., CodeCraftVectorEnv]

SOON_S = 20.0  # far above what anything takes that is not to wait for a slow command
SLOW = '{"action": "command", "command": "sleep 1.5; echo slow"}'


# The same as SyncVectorEnv


def plain(value: Any) -> Any:
    """A batch as what can be compared, with the types of arrays."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return str(value.dtype), [plain(part) for part in value.tolist()]
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return "NaN" if value != value else value  # noqa: PLR0124


def told(envs: VectorEnv[Any, Any, Any], mode: AutoresetMode) -> list[Any]:
    """All that is returned in three dozen steps, with mistakes and ends at different times."""
    returned: list[Any] = [envs.reset(seed=3)]
    rounds = (echo("Grüße"), '{"action": "read_file", "path": "none"}', "nonsense", echo("नमस्ते"), SUBMIT, echo("你好"))
    for step in range(36):
        actions = tuple(rounds[(step * (place + 1) + place) % len(rounds)] for place in range(envs.num_envs))
        returned.append(envs.step(actions))
        over = returned[-1][2] | returned[-1][3]
        if mode is AutoresetMode.DISABLED and over.any():
            returned.append(envs.reset(options={"reset_mask": over}))
    return returned


@pytest.mark.parametrize("task", [None, "ungradable"])
@pytest.mark.parametrize("mode", AutoresetMode)
def test_the_same_as_gymnasiums_own(make_ours: Make, process_address: str, mode: AutoresetMode, task: str | None) -> None:
    """The same seeds and actions give the same observations, rewards, ends and infos: in each mode, with drawn tasks, with faults."""
    arguments: dict[str, Any] = {"target": process_address, "task": task, "on_fault": "truncate"}
    sync = SyncVectorEnv([partial(gymnasium.make, ENV_ID, **arguments)] * 3, autoreset_mode=mode)
    with closing(sync):
        expected = told(sync, mode)
    came = told(make_ours(3, mode, **arguments), mode)
    assert len(came) == len(expected)
    for ours, theirs in zip(came, expected, strict=True):
        assert plain(ours) == plain(theirs)


def test_make_vec_makes_ours(process_address: str) -> None:
    """`make_vec` without a mode makes it, without a warning, and its wrappers go around it."""
    envs = gymnasium.make_vec(f"codecraft_client.gym:{ENV_ID}", 2, target=process_address, task="1", autoreset_mode="SameStep")
    assert isinstance(envs, CodeCraftVectorEnv)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    with closing(RecordEpisodeStatistics(envs)) as wrapped:
        wrapped.reset(seed=1)
        assert list(wrapped.step((SUBMIT, "nonsense"))[4]["episode"]["r"]) == [1.0, 0.0]


def test_typed_actions(make_ours: Make) -> None:
    """The Dict of `action_mode="typed"` is batched key by key, for some environments as for all."""
    envs = make_ours(2, action_mode="typed")
    envs.reset(seed=1)
    batch = {"kind": np.array([0, 1]), "command": ("echo hi", ""), "path": ("", "a.txt"), "content": ("", "x")}
    assert envs.step(batch)[0]["output"] == ("hi\n", "")
    envs.send({"kind": np.array([2]), "command": ("",), "path": ("a.txt",), "content": ("",)}, [1])
    assert envs.recv()[0]["output"] == ("x",)


# Results as they come


def test_the_first_that_are_done(make_ours: Make) -> None:
    """`recv` returns those that are done and says which ones; they play on while another one is still busy."""
    envs = make_ours(3)
    envs.reset(seed=1)
    envs.send((SLOW, echo("a"), echo("b")))
    observations, rewards, _, _, infos = envs.recv(2)
    assert (list(infos["env_id"]), observations["output"]) == ([1, 2], ("a\n", "b\n"))
    assert observations in CodeCraftVectorEnv(2).observation_space
    assert (len(rewards), list(infos["_output"])) == (2, [True, True])
    for step in range(3):
        envs.send((echo(f"again {step}"),), [2])
        observations, *_, infos = envs.recv(1)
        assert (list(infos["env_id"]), observations["output"]) == ([2], (f"again {step}\n",))
    observations, *_, infos = envs.recv()
    assert (list(infos["env_id"]), observations["output"]) == ([0], ("slow\n",))
    assert list(envs.step((echo("x"),) * 3)[0]["steps_left"]) == [98, 98, 95]


def test_all_of_them_is_a_step(make_ours: Make) -> None:
    """`send` and `recv` of all are what `step` is, but for the numbers."""
    envs = make_ours(3)
    runs = []
    for split in (True, False):
        envs.reset(seed=1)
        actions = (echo("a"), "nonsense", SUBMIT)
        if split:
            envs.send(actions)
        results = envs.recv() if split else envs.step(actions)
        assert list(results[4].pop("env_id", [0, 1, 2])) == [0, 1, 2]
        runs.append(plain(results))
    assert runs[0] == runs[1]


def test_whoever_has_ended_begins_anew_when_it_is_sent_something(make_ours: Make) -> None:
    """With NEXT_STEP a `send` to an environment that has ended opens its next episode, and nothing else does."""
    envs = make_ours(2, task="short")
    envs.reset(seed=1)
    for _ in range(2):
        envs.send((echo("a"),), [1])
        _, _, _, truncated, _ = envs.recv()
    assert list(truncated) == [True]
    envs.send((echo("not taken"),), [1])
    observations, rewards, _, truncated, infos = envs.recv()
    assert (observations["steps_left"][0], rewards[0], truncated[0], infos["task_id"][0]) == (2, 0.0, False, "short")


def test_out_of_turn(make_ours: Make) -> None:
    """What was sent is to be received before the same environment steps again; what was not sent can't be received."""
    envs = make_ours(2)
    envs.reset(seed=1)
    with pytest.raises(NoAsyncCallError):
        envs.recv()
    envs.send((echo("a"),), [0])
    for wrong in (lambda: envs.step((echo("b"),) * 2), lambda: envs.send((echo("b"),), [0])):
        with pytest.raises(AlreadyPendingCallError, match="environment 0 "):
            wrong()
    with pytest.raises(NoAsyncCallError, match="1 environments"):
        envs.recv(2)
    for numbers in ([0, 0], [2], [-1]):
        with pytest.raises(errors.UsageError, match="env_ids"):
            envs.send((echo("b"),) * len(numbers), numbers)
    assert envs.recv()[0]["output"] == ("a\n",)
    assert list(envs.step((echo("b"),) * 2)[0]["steps_left"]) == [98, 99]


def test_nothing_is_sent_where_one_action_is_none(make_ours: Make) -> None:
    """An action that is not in the space is an error that names the environment, and no environment has taken a step."""
    envs = make_ours(2)
    envs.reset(seed=1)
    with pytest.raises(InvalidAction, match="environment 1: 7 is not in"):
        envs.step((echo("a"), 7))
    for wrong in ((echo("a"),), echo("a")):
        with pytest.raises(InvalidAction, match="2 actions"):
            envs.step(wrong)
    assert list(envs.step((echo("a"), echo("b")))[0]["steps_left"]) == [99, 99]


@pytest.mark.docker
def test_real_containers(docker_address: str) -> None:
    """In containers: a slow command holds up nobody, text is as it was printed, work is paid, and the end does not wait for a command."""
    with Client(docker_address) as client:
        before = client.server_info().capacity.episodes  # of other tests that played on this server
    with closing(gymnasium.make_vec(ENV_ID, 3, target=docker_address, task="1", action_mode="typed")) as envs:
        assert isinstance(envs, CodeCraftVectorEnv)
        envs.reset(seed=1)
        commands = ("sleep 2; echo नमस्ते", "echo 你好", "echo مرحبا")
        envs.send({"kind": np.zeros(3, int), "command": commands, "path": ("",) * 3, "content": ("",) * 3})
        came = [envs.recv(1) for _ in range(3)]
        assert came[2][4]["env_id"] == [0]
        assert {results[4]["env_id"][0]: results[0]["output"][0] for results in came} == {0: "नमस्ते\n", 1: "你好\n", 2: "مرحبا\n"}
        work = {"command": ("",) * 3, "path": ("hello.py",) * 3, "content": ("print('Hello, World!')",) * 3}
        envs.step({"kind": np.full(3, 1)} | work)
        _, rewards, terminated, _, _ = envs.step({"kind": np.array([4, 4, 2])} | work)
        assert (list(rewards), list(terminated)) == ([1.0, 1.0, 0.0], [True, True, False])
        envs.send({"kind": np.zeros(1, int), "command": ("sleep 59",), "path": ("",), "content": ("",)}, [2])
        began = time.monotonic()
        envs.close()
        assert time.monotonic() - began < SOON_S
    with Client(docker_address) as client:
        assert client.server_info().capacity.episodes <= before
