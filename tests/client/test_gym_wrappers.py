"""The wrappers: time left, flat text, a choice of candidates. Each keeps Gymnasium's rules, alone and around the others."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium
import pytest
from gymnasium.error import InvalidAction
from gymnasium.utils.env_checker import check_env

from codecraft_client import errors
from codecraft_client.gym import ENV_ID, Candidates, FlatText, TimeLeft

CHOICES: list[Any] = ["echo एक", "false", {"action": "read_file", "path": "nowhere"}, {"action": "submit"}]

Env = gymnasium.Env[Any, Any]


@pytest.fixture
def make(process_address: str) -> Iterator[Callable[..., Env]]:
    """Makes environments, and closes them."""
    made: list[Env] = []

    def make(task: str = "1", **arguments: Any) -> Env:
        made.append(gymnasium.make(ENV_ID, target=process_address, task=task, **arguments))
        return made[-1]

    yield make
    for env in made:
        env.close()


def echo(text: str) -> str:
    return json.dumps({"action": "command", "command": f"echo {text}"}, ensure_ascii=False)


def test_gymnasiums_checker_passes_the_wrapped_environment(make: Callable[..., Env]) -> None:
    """Flat text and candidates are checked like any environment; only that it is wrapped is remarked upon."""
    with pytest.warns(UserWarning, match="different from the unwrapped version") as remarks:
        check_env(Candidates(FlatText(make()), CHOICES[:2]), skip_render_check=True)
    assert len(remarks) == 1


def test_seconds_left(make: Callable[..., Env]) -> None:
    """They are in the observation, no more than the task has and no more than was given."""
    env = TimeLeft(make(), seconds=100.0)
    observation, _ = env.reset(seed=1)
    assert observation in env.observation_space
    assert 90 < float(observation["seconds_left"]) <= 100
    observation = env.step(echo("on"))[0]
    assert observation in env.observation_space
    assert 90 < float(observation["seconds_left"]) <= 100
    assert 500 < float(TimeLeft(make()).reset()[0]["seconds_left"]) <= 600  # the task's own


def test_the_time_runs_out(make: Callable[..., Env]) -> None:
    """The step during which it does is paid, and truncated; infos say by what."""
    env = TimeLeft(make(), seconds=0.2)
    env.reset(seed=1)
    observation, reward, terminated, truncated, info = env.step(json.dumps({"action": "command", "command": "echo a; sleep 0.3"}))
    assert (observation["output"], float(observation["seconds_left"]), reward) == ("a\n", 0.0, 0.0)
    assert (terminated, truncated, info["time_limit"]) == (False, True, True)
    assert float(env.reset()[0]["seconds_left"]) > 0


def test_an_end_is_not_a_time_limit(make: Callable[..., Env]) -> None:
    """An episode that ended by the agent's doing did so, however late; one that faulted has no time left."""
    env = TimeLeft(make(), seconds=0.0)
    env.reset(seed=1)
    _, reward, terminated, truncated, info = env.step('{"action": "submit"}')
    assert (reward, terminated, truncated, "time_limit" in info) == (1.0, True, False, False)


def test_flat_text(make: Callable[..., Env]) -> None:
    """Message, output, how it failed, what is left: one text to read."""
    env = FlatText(TimeLeft(make(), seconds=0.5))
    observation, _ = env.reset(seed=1)
    assert observation.startswith("Task 1: Task 1\n\nSay hello.")
    assert observation.endswith("\n[100 steps left; 0 s left]")
    env = FlatText(make())
    env.reset(seed=1)
    assert env.step(json.dumps({"action": "command", "command": "echo 你好; false"}))[0] == "你好\n[exited, exit code 1; 99 steps left]"
    assert env.step(json.dumps({"action": "command", "command": "true"}))[0] == "[98 steps left]"
    assert env.step("nonsense")[0].startswith("Not JSON")
    timed_out = env.step(json.dumps({"action": "command", "command": "sleep 5", "timeout": 0.1}))[0]
    assert timed_out == "[timed_out; 96 steps left]"
    assert timed_out in env.observation_space


def test_candidates(make: Callable[..., Env]) -> None:
    """A number stands for a command line, or for any action of the text dialect."""
    env = Candidates(make(), CHOICES)
    env.reset(seed=1)
    assert env.action_space == gymnasium.spaces.Discrete(4)
    assert env.step(0)[0]["output"] == "एक\n"
    assert env.step(env.action_space.dtype.type(1))[0]["exit_code"] == 1
    assert env.step(2)[4]["action_error"] == "file_not_found"
    with pytest.raises(InvalidAction):
        env.step(4)
    assert env.step(3)[1:3] == (1.0, True)


def test_wrappers_that_do_not_fit(make: Callable[..., Env]) -> None:
    """They say so when they are made."""
    with pytest.raises(errors.UsageError, match="inside of FlatText"):
        TimeLeft(FlatText(make()))
    with pytest.raises(errors.UsageError, match="action_mode"):
        Candidates(make(action_mode="typed"), CHOICES)
    for nothing in ([], "ls"):
        with pytest.raises(errors.UsageError, match="at least one"):
            Candidates(make(), nothing)
    with pytest.raises(errors.UsageError, match="no CodeCraftEnv"):
        TimeLeft(gymnasium.make("CartPole-v1")).reset()


def test_a_wrapped_environment_can_be_made_again(make: Callable[..., Env]) -> None:
    """Its spec has the wrappers with their arguments, as Gymnasium's own have it."""
    env = FlatText(Candidates(TimeLeft(make(), seconds=50.0), CHOICES))
    assert env.spec is not None
    again = gymnasium.make(env.spec)
    assert str(again) == str(env)
    assert again.action_space == env.action_space
    again.close()
