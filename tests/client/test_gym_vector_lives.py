"""How episodes of our vector environment begin and end: resets, forks, copies, `close`, and what fails in some of them."""

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contract.vector_contract import SUBMIT, echo
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.vector import AutoresetMode
from worlds import fake_world

from codecraft_client import Client, errors
from codecraft_client.gym import CodeCraftVectorEnv, EpisodeFaultError, VectorFaultError
from codecraft_client.gym.vector import MOST
from codecraft_server.settings import EpisodeSettings

Make = Callable[..., CodeCraftVectorEnv]

SOON_S = 20.0  # far above what anything takes that is not to wait for a slow command
ENDLESS = '{"action": "command", "command": "sleep 59"}'


def open_episodes(address: str) -> int:
    with Client(address) as client:
        return client.server_info().capacity.episodes


def test_each_its_own_task(make_ours: Make) -> None:
    """An option that is a list has a value for each environment; what has the wrong length, or is unknown, is refused beforehand."""
    envs = make_ours(2)
    _, infos = envs.reset(options={"task_id": np.array(["short", "way"])})
    assert list(infos["task_id"]) == ["short", "way"]
    observations, infos = envs.reset(options={"task_id": ("1", "short"), "reset_mask": np.array([False, True])})
    assert (list(observations["steps_left"]), list(infos["_task_id"]), infos["task_id"][1]) == ([2, 2], [False, True], "short")
    masks = ([True, False], np.array([1, 0]), np.array([True]), np.array([False, False]))
    for wrong in ({"task_id": ["1"]}, {"tusk": "1"}, *({"reset_mask": mask} for mask in masks)):
        with pytest.raises(errors.UsageError):
            envs.reset(options=wrong)
    with pytest.raises(errors.UsageError, match="2 seeds"):
        envs.reset(seed=[1])
    assert list(envs.step((echo("a"), echo("b")))[0]["steps_left"]) == [1, 1]


def test_the_options_stay_the_callers(make_ours: Make) -> None:
    """`reset` takes nothing out of the options that it is given."""
    envs = make_ours(1)
    envs.reset()
    options = {"reset_mask": np.array([True]), "task_id": "short"}
    envs.reset(options=options)
    assert options.keys() == {"reset_mask", "task_id"}


def test_steps_out_of_season(make_ours: Make) -> None:
    """Without an episode, or after its end where nothing begins by itself, a step needs a reset; after `close` nothing goes."""
    envs = make_ours(2, AutoresetMode.DISABLED)
    with pytest.raises(ResetNeeded, match="environment 0 has no episode"):
        envs.step((SUBMIT, SUBMIT))
    with pytest.raises(ResetNeeded, match="environment 1 was never reset"):
        envs.reset(options={"reset_mask": np.array([True, False])})
    envs.reset()
    envs.step((echo("a"), SUBMIT))
    with pytest.raises(ResetNeeded, match="environment 1 has ended"):
        envs.step((echo("a"), echo("b")))
    envs.close()
    with pytest.raises(ClosedEnvironmentError):
        envs.reset()


def test_reset_does_not_wait_for_what_runs(make_ours: Make, process_address: str) -> None:
    """A reset ends commands that are still running, and what was sent is not received any more; the others' results are."""
    before = open_episodes(process_address)
    envs = make_ours(3)
    envs.reset(seed=1)
    envs.send((ENDLESS, ENDLESS, echo("a")))
    began = time.monotonic()
    observations, _ = envs.reset(options={"reset_mask": np.array([True, True, False])})
    assert time.monotonic() - began < SOON_S
    assert list(observations["steps_left"]) == [100, 100, 100]
    assert envs.recv()[0]["output"] == ("a\n",)
    assert envs.step((echo("x"), echo("y"), echo("z")))[0]["output"] == ("x\n", "y\n", "z\n")
    assert open_episodes(process_address) == before + 3


def test_close_does_not_wait_for_what_runs(make_ours: Make, process_address: str) -> None:
    """`close` ends episodes in which commands are running, and leaves no thread behind."""
    before = open_episodes(process_address)
    envs = make_ours(3)
    envs.reset(seed=1)
    envs.send((ENDLESS, ENDLESS, echo("a")))
    began = time.monotonic()
    envs.close()
    assert time.monotonic() - began < SOON_S
    assert open_episodes(process_address) == before
    assert [thread.name for thread in threading.enumerate() if thread.name == "codecraft rollout"] == []


def test_making_says_nothing_to_a_server() -> None:
    """Making, copying and closing one needs no server and starts no thread; modes that there are none of are refused."""
    began = threading.active_count()
    envs = CodeCraftVectorEnv(3, "127.0.0.1:1", "1", action_mode="typed", autoreset_mode="Disabled", timing=True)
    twin = pickle.loads(pickle.dumps(envs))
    assert (twin.num_envs, twin.action_space, twin.metadata) == (3, envs.action_space, envs.metadata)
    assert envs.render() is None
    assert threading.active_count() <= began
    envs.close()
    twin.close()
    wrong: list[dict[str, Any]] = [{"render_mode": "human"}, {"autoreset_mode": "Never"}, {"num_envs": 0}, {"num_envs": MOST + 1}]
    for arguments in (*wrong, {"on_fault": "ignore"}, {"action_mode": "x"}):
        with pytest.raises(errors.UsageError, match=next(iter(arguments))):
            CodeCraftVectorEnv(**arguments)


def test_nobody_there() -> None:
    """A reset without a server is the client's error, and may be tried again."""
    with closing(CodeCraftVectorEnv(2, "127.0.0.1:1", "1")) as envs:
        for _ in range(2):
            with pytest.raises(errors.ServerUnavailableError):
                envs.reset()


def test_a_copy_is_a_new_environment(make_ours: Make) -> None:
    """A pickled one in the middle of an episode is made alike, needs a reset and plays episodes of its own."""
    envs = make_ours(2)
    envs.reset(seed=1)
    with closing(pickle.loads(pickle.dumps(envs))) as twin:
        with pytest.raises(ResetNeeded):
            twin.step((echo("a"), echo("b")))
        twin.reset(seed=1)
        twin.step((echo("a"), echo("b")))
    assert list(envs.step((echo("a"), echo("b")))[0]["steps_left"]) == [99, 99]


def test_screens(make_ours: Make) -> None:
    """With "ansi" there is a screen for each environment."""
    envs = make_ours(2, render_mode="ansi")
    envs.reset(seed=1)
    envs.step((echo("你好"), "nonsense"))
    screens = envs.render()
    assert screens is not None
    assert screens[0].endswith("$ echo 你好\n你好\n")
    assert "> nonsense\n" in screens[1]


FORKING = """
import os, sys
from gymnasium.error import ResetNeeded
from codecraft_client import Client
from codecraft_client.gym import CodeCraftVectorEnv

ACTIONS = tuple('{"action": "command", "command": "sleep 0.2; echo %s"}' % name for name in "ab")
envs = CodeCraftVectorEnv(2, sys.argv[1], "1")
envs.reset(seed=1)
envs.send(ACTIONS)
children = []
for _ in range(4):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            try:
                envs.step(ACTIONS)
            except ResetNeeded:
                envs.reset(seed=1)
                assert envs.step(ACTIONS)[0]["output"] == ("a\\n", "b\\n")
                envs.close()
                status = 0
        finally:
            os._exit(status)
    children.append(pid)
assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
assert envs.recv()[0]["output"] == ("a\\n", "b\\n")
assert envs.step(ACTIONS)[0]["steps_left"].tolist() == [98, 98]
envs.close()
assert Client(sys.argv[1]).server_info().capacity.episodes == int(sys.argv[2])
"""


def test_forks(process_address: str, tmp_path: Path) -> None:
    """A child that is forked with steps on the way needs a reset and plays for itself; the parent loses nothing, nothing is left open."""
    (tmp_path / "program.py").write_text(FORKING)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "program.py", process_address, str(open_episodes(process_address))]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_others_results_are_in_the_error(make_ours: Make) -> None:
    """A fault names the environment and has what the others came to; their next step goes on, and the one that failed begins anew."""
    envs = make_ours(3, task="ungradable")
    envs.reset(seed=1)
    with pytest.raises(VectorFaultError, match="environment 1: the service failed") as failure:
        envs.step((echo("a"), SUBMIT, echo("c")))
    assert isinstance(failure.value, EpisodeFaultError)
    assert failure.value.fault.reason.value == "task_has_no_checks"
    assert failure.value.errors.keys() == {1}
    observations, rewards, terminated, truncated, infos = failure.value.results
    assert observations["output"] == ("a\n", "", "c\n")
    assert (list(np.isnan(rewards)), list(truncated), terminated.any()) == ([False, True, False], [False, True, False], False)
    assert list(infos["reward_valid"]) == [True, False, True]
    assert pickle.loads(pickle.dumps(failure.value)).errors[1].fault == failure.value.fault
    assert list(envs.step((echo("x"),) * 3)[0]["steps_left"]) == [98, 100, 98]


def test_a_fault_among_what_is_received(make_ours: Make) -> None:
    """`recv` tells faults as `step` does, by the number of the environment; without autoreset `reset` sets it going again."""
    envs = make_ours(2, AutoresetMode.DISABLED, task="ungradable")
    envs.reset(seed=1)
    envs.send((SUBMIT,), [1])
    with pytest.raises(VectorFaultError) as failure:
        envs.recv()
    assert failure.value.errors.keys() == {1}
    assert list(failure.value.results[4]["env_id"]) == [1]
    observations, _ = envs.reset(options={"reset_mask": np.array([False, True])})
    assert list(observations["steps_left"]) == [100, 100]


def test_more_than_the_server_ever_admits() -> None:
    """More environments than the server has places would wait for each other, so that is refused at once, and named."""
    with fake_world(episodes=EpisodeSettings(max_episodes=2)) as address, closing(CodeCraftVectorEnv(3, address, "1")) as envs:
        with pytest.raises(errors.NoCapacityError, match="num_envs=3 is more than the 2 episodes"):
            envs.reset()
        assert open_episodes(address) == 0


@pytest.mark.parametrize("queue", [0, 1])
def test_more_than_the_server_has_left(queue: int) -> None:
    """Where others hold the places a reset is refused as one, says when to try again, and keeps nothing; then it goes."""
    settings = EpisodeSettings(max_episodes=3, max_queued_resets=queue)
    with fake_world(episodes=settings) as address, Client(address) as other, closing(CodeCraftVectorEnv(3, address, "1")) as envs:
        held = [other.reset("1") for _ in range(2)]
        with pytest.raises(errors.NoCapacityError, match=r"environment \d: .*num_envs=3 is more than the server has places for") as failure:
            envs.reset()
        assert failure.value.retry_after_s
        for episode in held:
            episode.close()
        deadline = time.monotonic() + SOON_S
        while True:
            try:
                envs.reset()
                break
            except errors.NoCapacityError:
                assert time.monotonic() < deadline
        assert list(envs.step((echo("a"),) * 3)[0]["steps_left"]) == [99] * 3
        envs.close()
        assert open_episodes(address) == 0


def test_autoreset_that_fails_is_tried_again() -> None:
    """Where the next episode can't be opened the others' results are in the error, and the next step tries again."""
    settings = EpisodeSettings(max_episodes=2, max_queued_resets=0)
    with fake_world(episodes=settings) as address, Client(address) as other, closing(CodeCraftVectorEnv(2, address, "1")) as envs:
        envs.reset()
        envs.step((SUBMIT, echo("a")))
        held = other.reset("1")
        for left in (98, 97):
            with pytest.raises(VectorFaultError) as failure:
                envs.step((echo("a"), echo("b")))
            assert isinstance(failure.value.errors[0], errors.NoCapacityError)
            assert failure.value.retry_after_s
            assert list(failure.value.results[0]["steps_left"]) == [99, left]
        held.close()
        assert list(envs.step((echo("a"), echo("b")))[0]["steps_left"]) == [100, 96]
