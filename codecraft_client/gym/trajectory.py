"""Recording of episodes that are played through Gymnasium: each becomes a trajectory, a file like any that `codecraft` writes.

Knows only when a file begins and ends; what is in it is the business of `codecraft_client.trajectory`.
"""

import re
from pathlib import Path
from typing import Any

import gymnasium
from gymnasium.utils import RecordConstructorArgs

from codecraft_client.errors import TrajectoryError
from codecraft_client.gym.env import inmost
from codecraft_client.trajectory.recording import Recorder, record


class RecordTrajectory(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Writes every episode to `directory`/EPISODE_ID.jsonl, a trajectory; docs/trajectories.md says what can be done with one.

    Actions, observations and rewards are recorded as they are at the server's end, whatever other wrappers make of them. A file ends with
    its episode, or where `truncated` left this wrapper; after a fault at the next `reset` or `close`, so that it has a second submission,
    too. Several environments may write to one directory.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], directory: str | Path) -> None:
        """Make the directory, if need be."""
        RecordConstructorArgs.__init__(self, directory=directory)
        super().__init__(env)
        self._inner = inmost(env)
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)
        self._recorder: Recorder | None = None
        self._failure: TrajectoryError | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """End the file of the episode before, and begin another. TrajectoryError when that can't be."""
        observation, info = super().reset(seed=seed, options=options)
        self._finish()
        episode = self._inner.episode
        if episode is not None:
            name = re.sub(r"[^\w.-]", "_", episode.episode_id)
            self._recorder = record(
                episode,
                self._directory / f"{name}.jsonl",
                self._inner.client.server_info(),
                seed=seed,
                notes={"gymnasium": gymnasium.__version__, "options": options or {}},
                on_failure=self._failed,
            )
        self._raise_failure()
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step. TrajectoryError when it can't be written, once; the episode goes on unrecorded."""
        observation, reward, terminated, truncated, info = super().step(action)
        if (terminated or truncated) and info["reward_valid"]:
            self._finish()
        self._raise_failure()
        return observation, reward, terminated, truncated, info

    def close(self) -> None:
        """Close the environment, and with it the file."""
        super().close()
        self._finish()
        self._raise_failure()

    def _finish(self) -> None:
        """End the file, if its episode has not done so."""
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def _failed(self, error: TrajectoryError) -> None:
        """Keep it: raised in the midst of a step it would pass for a failure of the service."""
        self._failure = error

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
