"""Wrappers for what some trainers want of the environment. Each may be put around the others, and around Gymnasium's own."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete
from gymnasium.utils import RecordConstructorArgs

from codecraft_client.errors import UsageError
from codecraft_client.gym.actions import dialect
from codecraft_client.gym.env import inmost
from codecraft_client.gym.observations import TEXT_BYTES
from codecraft_client.gym.spaces import Utf8
from codecraft_client.gym.trajectory import RecordTrajectory

__all__ = ["Candidates", "FlatText", "RecordTrajectory", "TimeLeft"]

LONGEST_S = 7 * 86_400.0
STATUS_BYTES = 200

Env = gymnasium.Env[Any, Any]


class TimeLeft(gymnasium.Wrapper[dict[str, Any], Any, dict[str, Any], Any], RecordConstructorArgs):
    """Adds `seconds_left` to the observation, and truncates when they are used up. With it observations are never the same twice.

    The server's budget counts the time that the sandbox is busy. `seconds`, if given, counts all time since the reset, thinking included.
    """

    def __init__(self, env: gymnasium.Env[dict[str, Any], Any], seconds: float | None = None) -> None:
        RecordConstructorArgs.__init__(self, seconds=seconds)
        super().__init__(env)
        self._inner = inmost(env)
        space = env.observation_space
        if not isinstance(space, Dict):
            raise UsageError("TimeLeft adds to a Dict; put it inside of FlatText")
        self.observation_space = Dict({**space.spaces, "seconds_left": Box(0.0, LONGEST_S, shape=(), dtype=np.float32)})
        self._seconds = seconds
        self._began = 0.0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin to count."""
        observation, info = super().reset(seed=seed, options=options)
        self._began = time.monotonic()
        return self._with(observation, self._left()), info

    def step(self, action: Any) -> tuple[dict[str, Any], Any, bool, bool, dict[str, Any]]:
        """Take a step; the one during which the time ran out is paid, and is the last."""
        observation, reward, terminated, truncated, info = super().step(action)
        left = self._left()
        if left <= 0 and not terminated and not truncated:
            truncated, info["time_limit"] = True, True
        return self._with(observation, left), reward, terminated, truncated, info

    def _left(self) -> float:
        inner = self._inner
        told = inner.result or (inner.episode.ready if inner.episode and inner.action is None else None)
        server = told.timing.episode_s_left if told else 0.0
        own = LONGEST_S if self._seconds is None else self._seconds - (time.monotonic() - self._began)
        # An episode that was opened without a task has no budget yet, and the server says 0.
        return own if inner.episode and inner.episode.task is None else min(server, own)

    @staticmethod
    def _with(observation: dict[str, Any], left: float) -> dict[str, Any]:
        return {**observation, "seconds_left": np.array(min(max(left, 0.0), LONGEST_S), dtype=np.float32)}


class FlatText(gymnasium.ObservationWrapper[str, Any, dict[str, Any]], RecordConstructorArgs):
    """The whole observation as one text for a model to read."""

    def __init__(self, env: gymnasium.Env[dict[str, Any], Any]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        self.observation_space = Utf8(2 * TEXT_BYTES + STATUS_BYTES)

    def observation(self, observation: dict[str, Any]) -> str:
        """Message, output, how the command ended unless all went well, and what is left."""
        status = []
        if observation["end"] and (observation["end"] != "exited" or observation["exit_code"] > 0):
            code = observation["exit_code"]
            status.append(observation["end"] if code < 0 else f"{observation['end']}, exit code {code}")
        status.append(f"{observation['steps_left']} steps left")
        if "seconds_left" in observation:
            status.append(f"{float(observation['seconds_left']):.0f} s left")
        parts = [observation["message"], observation["output"], f"[{'; '.join(status)}]"]
        return "\n".join(part.removesuffix("\n") for part in parts if part)


class Candidates(gymnasium.ActionWrapper[dict[str, Any], Any, Any], RecordConstructorArgs):
    """A choice among given actions: command lines, or actions of the text dialect as mappings, such as {"action": "submit"}."""

    def __init__(self, env: Env, candidates: Sequence[str | Mapping[str, Any]]) -> None:
        RecordConstructorArgs.__init__(self, candidates=candidates)
        super().__init__(env)
        if not isinstance(env.action_space, Utf8):
            raise UsageError('Candidates are texts: make the environment with action_mode="text"')
        if not candidates or isinstance(candidates, str):
            raise UsageError("a list of at least one candidate is needed")
        self.texts = tuple(dialect("command", command=each) if isinstance(each, str) else dialect(**each) for each in candidates)
        self.action_space = Discrete(len(self.texts))

    def action(self, action: Any) -> str:
        """Return the text that the number stands for."""
        if not self.action_space.contains(action):
            raise gymnasium.error.InvalidAction(f"{action!r} is not in {self.action_space}")
        return self.texts[int(action)]
