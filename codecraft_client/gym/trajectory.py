"""Recording of episodes, a file of JSON lines for each, written as they happen: what a crash leaves is whole but for its end.

A file says all that is needed to understand it without the server: the task and its digest, the image's, all versions, the seed; then each
action as it was sent, what was seen, the reward by component, and the label. No token is in it. docs/gymnasium.md lists the keys.
"""

import base64
import dataclasses
import importlib.metadata
import json
import math
import platform
import re
import time
from pathlib import Path
from typing import IO, Any

import gymnasium
from gymnasium.utils import RecordConstructorArgs

from codecraft_client.actions import Action, Text
from codecraft_client.errors import CodecraftError
from codecraft_client.gym import observations
from codecraft_client.gym.env import inmost
from codecraft_client.trajectory.plain import name_of, to_plain
from codecraft_client.types import Observation

FORMAT = 1


class RecordTrajectory(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Writes every episode to `directory`/EPISODE_ID.jsonl.

    Actions and observations are recorded as they are at the server's end, whatever other wrappers make of them; rewards, `terminated` and
    `truncated` as they leave this wrapper. Several environments may write to one directory.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], directory: str | Path) -> None:
        """Make the directory, if need be."""
        RecordConstructorArgs.__init__(self, directory=directory)
        super().__init__(env)
        self._inner = inmost(env)
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] | None = None
        self._steps = 0
        self._rewards: list[float | None] = []

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """End the file of the episode before, and begin another."""
        self._finish(None)
        observation, info = super().reset(seed=seed, options=options)
        self._steps, self._rewards = 0, []
        episode = self._inner.episode
        if episode is not None:
            name = re.sub(r"[^\w.-]", "_", episode.episode_id)
            self._file = (self._directory / f"{name}.jsonl").open("x", encoding="utf-8")
            self._write("episode", self._opening(seed, options))
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step and record it; one that raised is recorded, too."""
        try:
            observation, reward, terminated, truncated, info = super().step(action)
        except Exception as error:
            self._write("error", {"action": _action(self._inner.action), "error": type(error).__name__, "message": str(error)})
            if isinstance(error, CodecraftError):
                self._rewards.append(None)  # whatever was paid is not known, and so the return is not
            raise
        self._write("step", self._step(float(reward), info) | {"terminated": terminated, "truncated": truncated})
        if terminated or truncated:
            self._finish(info.get("outcome"))
        return observation, reward, terminated, truncated, info

    def close(self) -> None:
        """End the file, then close the environment."""
        self._finish(None)
        super().close()

    def _opening(self, seed: int | None, options: dict[str, Any] | None) -> dict[str, Any]:
        episode, server = self._inner.episode, self._inner.client.server_info()
        assert episode is not None  # noqa: S101 - the caller has looked
        return {
            "format": FORMAT,
            "episode_id": episode.episode_id,
            "recorded_at": time.time(),
            "seed": seed,
            "options": options or {},
            "task": dataclasses.asdict(episode.task) if episode.task else None,
            "reward": dataclasses.asdict(episode.ready.reward),
            "image_digest": episode.ready.image_digest,
            "catalog_digest": server.catalog_digest,
            "versions": {
                "client": importlib.metadata.version("codecraft"),
                "server": server.server_version,
                "protocol": server.protocol_version,
                "guest": server.guest_digest,
                "gymnasium": gymnasium.__version__,
                "python": platform.python_version(),
            },
            "observation": _observation(episode.observation),
        }

    def _step(self, reward: float, info: dict[str, Any]) -> dict[str, Any]:
        result = self._inner.result
        self._steps += 1
        valid = bool(info["reward_valid"])
        self._rewards.append(reward if valid else None)
        told: dict[str, Any] = {"index": self._steps - 1, "action": _action(self._inner.action), "reward": reward if valid else None}
        if result is None:
            return told | {"fault": info.get("fault")}
        facts = observations.step_info(result)
        facts.pop("output")  # it is in the observation, exactly
        times = observations.timing("", result.timing, result)
        times.pop("episode_id")
        return told | {"observation": _observation(result.observation)} | facts | {"timing": times}

    def _finish(self, outcome: str | None) -> None:
        """Write how it ended; outcome None: it was left, or truncated on this side."""
        if self._file is None:
            return
        valid = [reward for reward in self._rewards if reward is not None]
        total = math.fsum(valid) if len(valid) == len(self._rewards) else None
        self._write("end", {"outcome": outcome, "return": total, "steps": self._steps})
        self._file.close()
        self._file = None

    def _write(self, kind: str, facts: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps({"type": kind} | facts, default=to_plain, allow_nan=False) + "\n")
            self._file.flush()


def _action(action: Action | None) -> dict[str, Any] | None:
    if action is None:
        return None
    if isinstance(action, Text):
        return {"text": action.text}
    return {name_of(type(action)): {name: value for name, value in dataclasses.asdict(action).items() if value is not None}}


def _observation(seen: Observation) -> dict[str, Any]:
    """What the agent saw; and the bytes, where they are not just that text."""
    told = observations.observed(seen)
    data = seen.file.data if seen.file else seen.output
    return told if seen.files or told["output"].encode() == data else told | {"output_bytes": {"base64": base64.b64encode(data).decode()}}
