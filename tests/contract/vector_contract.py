"""What any vector environment over codecraft must do, whoever moves the episodes: Gymnasium's own, in this process and in others, or ours.

A subclass gives the fixture `make`, (number of environments, autoreset mode, arguments of CodeCraftEnv but `target`) to vector environment,
and the fixture `open_episodes`, which asks the server. The server has the tasks of tests/client/fake_world_program.py.
"""

import json
import math
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, VectorEnv

from codecraft_client.gym import EpisodeFaultError

Make = Callable[..., VectorEnv[Any, Any, Any]]

SCRIPTS = ("Grüße, señor ñandú №", "你好世界 编程学习", "مرحبا بالعالم كيف الحال", "नमस्ते दुनिया क्षत्रिय", "👩🏽\u200d💻 🇳🇵 🏴\u200d☠️ 🚀")
STEPS = 1000
SUBMIT = '{"action": "submit"}'
NOTHING = '{"action": "command", "command": "true"}'


def echo(text: str) -> str:
    return json.dumps({"action": "command", "command": f"echo {text}"}, ensure_ascii=False)


class VectorContract:
    """The suite."""

    def test_a_batch_is_in_its_spaces(self, make: Make) -> None:
        """Observations are in the batched space, and so is what the action space draws; drawn actions can be taken."""
        with closing(make(3, task="1")) as envs:
            assert envs.num_envs == 3
            observations, infos = envs.reset(seed=1)
            assert observations in envs.observation_space
            assert list(infos["task_id"]) == ["1"] * 3
            actions = envs.action_space.sample()
            assert actions in envs.action_space
            observations, rewards, terminated, truncated, _ = envs.step(actions)
            assert observations in envs.observation_space
            assert list(observations["steps_left"]) == [99] * 3
            assert (rewards.dtype, terminated.dtype, truncated.dtype) == (np.float64, np.bool_, np.bool_)

    def test_text_arrives_as_it_was_sent(self, make: Make) -> None:
        """A thousand steps in five scripts, each another text in each environment: every output has the very bytes, in its place."""
        with closing(make(len(SCRIPTS), AutoresetMode.DISABLED, task="1")) as envs:
            envs.reset(seed=1)
            for step in range(STEPS):
                texts = [f"{text} {step} {text[step % len(text) :].strip()}x" for text in SCRIPTS]
                observations, _, _, truncated, infos = envs.step(tuple(map(echo, texts)))
                printed = [" ".join(text.split(" ")) + "\n" for text in texts]
                assert list(observations["output"]) == printed
                assert list(infos["output"]) == [text.encode() for text in printed]
                if truncated.all():
                    envs.reset()

    def test_what_was_returned_stays(self, make: Make) -> None:
        """An observation that a trainer keeps is not changed by later steps."""
        with closing(make(2, task="1")) as envs:
            envs.reset(seed=1)
            first = envs.step((echo("a"), echo("b")))[0]
            envs.step((echo("c"), echo("d")))
            assert list(first["output"]) == ["a\n", "b\n"]
            assert list(first["steps_left"]) == [99, 99]

    def test_a_mistake_costs_one_environment_one(self, make: Make) -> None:
        """Nonsense pays -1 where it was said; all episodes go on."""
        with closing(make(3, task="1")) as envs:
            envs.reset(seed=1)
            observations, rewards, terminated, truncated, infos = envs.step((NOTHING, "nonsense", NOTHING))
            assert list(rewards) == [0.0, -1.0, 0.0]
            assert not terminated.any()
            assert not truncated.any()
            assert "JSON" in observations["message"][1]
            assert list(infos["_action_error"]) == [False, True, False]
            assert infos["reward_components"]["penalty/malformed"][1] == -1.0

    def test_next_step(self, make: Make) -> None:
        """NEXT_STEP: the step after an end opens the next episode, pays 0 and takes no action; the others play on."""
        with closing(make(2, AutoresetMode.NEXT_STEP, task="1")) as envs:
            assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
            envs.reset(seed=1)
            _, rewards, terminated, truncated, infos = envs.step((SUBMIT, echo("on")))
            assert (list(rewards), list(terminated), list(truncated)) == ([1.0, 0.0], [True, False], [False, False])
            assert infos["outcome"][0] == "passed"
            observations, rewards, terminated, _, _ = envs.step((echo("not taken"), echo("still")))
            assert (list(rewards), list(terminated)) == ([0.0, 0.0], [False, False])
            assert list(observations["steps_left"]) == [100, 98]
            assert list(observations["output"]) == ["", "still\n"]
            assert "Say hello." in observations["message"][0]
            assert list(envs.step((echo("new"), echo("old")))[0]["output"]) == ["new\n", "old\n"]

    def test_same_step(self, make: Make) -> None:
        """SAME_STEP: the next episode's observation comes with the end, which is in final_obs and final_info."""
        with closing(make(2, AutoresetMode.SAME_STEP, task="1")) as envs:
            envs.reset(seed=1)
            observations, rewards, terminated, _, infos = envs.step((echo("on"), SUBMIT))
            assert (list(rewards), list(terminated)) == ([0.0, 1.0], [False, True])
            assert list(observations["steps_left"]) == [99, 100]
            assert "Submitted" in infos["final_obs"][1]["message"]
            assert infos["final_info"]["outcome"][1] == "passed"
            assert list(envs.step((echo("a"), echo("b")))[0]["output"]) == ["a\n", "b\n"]

    def test_disabled(self, make: Make) -> None:
        """DISABLED: no episode is opened unasked; `reset_mask` opens those that are wanted and leaves the others."""
        with closing(make(2, AutoresetMode.DISABLED, task="1")) as envs:
            envs.reset(seed=1)
            _, _, terminated, truncated, _ = envs.step((SUBMIT, echo("on")))
            observations, _ = envs.reset(options={"reset_mask": terminated | truncated})
            assert list(observations["steps_left"]) == [100, 99]
            assert list(envs.step((echo("a"), echo("b")))[0]["output"]) == ["a\n", "b\n"]

    def test_out_of_steps(self, make: Make) -> None:
        """An episode that runs out of steps is truncated, not terminated."""
        with closing(make(2, task="short")) as envs:
            envs.reset(seed=1)
            envs.step((NOTHING, NOTHING))
            _, _, terminated, truncated, infos = envs.step((NOTHING, NOTHING))
            assert (list(terminated), list(truncated)) == ([False, False], [True, True])
            assert list(infos["outcome"]) == ["out_of_steps"] * 2

    def test_the_task_of_an_episode(self, make: Make) -> None:
        """`reset` may be told another task, for all environments."""
        with closing(make(2, task="1")) as envs:
            observations, infos = envs.reset(options={"task_id": "short"})
            assert list(observations["steps_left"]) == [2, 2]
            assert list(infos["task_id"]) == ["short", "short"]

    def test_seeds(self, make: Make) -> None:
        """Each environment has a seed of its own; the same seed draws and shows the same again."""
        with closing(make(3, task="1")) as envs:
            runs = []
            for _ in range(2):
                observations, _ = envs.reset(seed=7)
                assert list(envs.np_random_seed) == [7, 8, 9]
                envs.action_space.seed(5)
                actions = [envs.action_space.sample() for _ in range(5)]
                runs.append((actions, list(observations["message"]), [list(envs.step(action)[0]["output"]) for action in actions]))
            assert runs[0] == runs[1]
            assert len(set(map(str, runs[0][0]))) > 1

    def test_a_fault_ends_one_episode(self, make: Make) -> None:
        """Where the service fails there is no reward: the episode is truncated and masked, the others go on."""
        with closing(make(2, AutoresetMode.NEXT_STEP, task="ungradable", on_fault="truncate")) as envs:
            envs.reset(seed=1)
            envs.step((NOTHING, NOTHING))  # Gymnasium's checker, which looks at first steps, warns of NaN
            _, rewards, terminated, truncated, infos = envs.step((SUBMIT, NOTHING))
            assert math.isnan(rewards[0])
            assert rewards[1] == 0.0
            assert (list(terminated), list(truncated)) == ([False, False], [True, False])
            assert list(infos["reward_valid"]) == [False, True]
            assert list(infos["_fault"]) == [True, False]
            observations, rewards, _, truncated, _ = envs.step((NOTHING, echo("on")))
            assert list(rewards) == [0.0, 0.0]
            assert not truncated.any()
            assert observations["output"][1] == "on\n"

    def test_a_fault_is_an_error_unless_told_otherwise(self, make: Make) -> None:
        """By default a failure of the service is raised, as what it is."""
        with closing(make(2, task="ungradable")) as envs:
            envs.reset(seed=1)
            with pytest.raises(EpisodeFaultError) as failure:
                envs.step((SUBMIT, NOTHING))
            assert failure.value.fault.reason.value == "task_has_no_checks"

    def test_closing(self, make: Make, open_episodes: Callable[[], int]) -> None:
        """`close` ends every episode, and may be called again."""
        before = open_episodes()
        with closing(make(3, task="1")) as envs:
            envs.reset(seed=1)
            assert open_episodes() == before + 3
            envs.close()
            assert open_episodes() == before

    def test_closing_unused(self, make: Make, open_episodes: Callable[[], int]) -> None:
        """What was never reset has opened nothing."""
        before = open_episodes()
        with closing(make(2, task="1")):
            assert open_episodes() == before
