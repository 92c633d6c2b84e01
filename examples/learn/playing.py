"""Plays episodes side by side, with a policy, on Gymnasium's vector environment. Knows no rules and no update."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from codecraft_client.gym import CodeCraftVectorEnv
from examples.learn.learner import Path
from examples.learn.policy import Features, Floats, Policy


@dataclass(frozen=True)
class Played:
    """An episode: what is learned from, and the score of the work (0 where none was submitted), whatever the rewards were."""

    path: Path
    score: float

    @property
    def total(self) -> float:
        """The return."""
        return float(self.path.rewards.sum())


@dataclass
class _Playing:
    """An episode on its way."""

    output: str = ""
    last: int = -1
    score: float = 0.0
    valid: bool = True
    seen: list[Floats] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)

    def played(self) -> Played:
        """Return it as it was."""
        path = Path(np.array(self.seen), np.array(self.actions), np.array(self.before), np.array(self.rewards))
        return Played(path, self.score)


def text(candidate: str | Mapping[str, str]) -> str:
    """Write a candidate as an action of the text dialect."""
    return json.dumps({"action": "command", "command": candidate} if isinstance(candidate, str) else candidate)


class Players:
    """A choice of candidates on vectorised environments."""

    def __init__(self, envs: CodeCraftVectorEnv, candidates: Sequence[str | Mapping[str, str]], features: Features) -> None:
        self._envs = envs
        self._texts = [text(candidate) for candidate in candidates]
        self._features = features

    def play(self, policy: Policy, task_ids: Sequence[str], chance: np.random.Generator) -> list[Played]:
        """Play one episode in each environment, each of its task, to its end. One that the service has failed in is left out."""
        self._envs.reset(options={"task_id": list(task_ids)})
        playing = [_Playing() for _ in task_ids]
        on = list(range(len(playing)))
        while on:
            actions = self._chosen(policy, [playing[place] for place in on], chance)
            self._envs.send([self._texts[action] for action in actions], env_ids=on)
            results = self._envs.recv()
            on = [place for number, place in enumerate(on) if not _took(playing[place], number, results)]
        return [each.played() for each in playing if each.valid]

    def _chosen(self, policy: Policy, playing: Sequence[_Playing], chance: np.random.Generator) -> list[int]:
        seen = np.array([self._features.of(each.output, each.last, len(each.actions)) for each in playing])
        actions, logs = policy.draw(seen, chance), policy.log_probabilities(seen)
        for row, each in enumerate(playing):
            each.last = int(actions[row])
            each.seen.append(seen[row])
            each.actions.append(each.last)
            each.before.append(float(logs[row, each.last]))
        return [each.last for each in playing]


def _took(episode: _Playing, number: int, results: tuple[Any, ...]) -> bool:
    """Note what a step came to; returns whether it was the last."""
    observations, rewards, terminated, truncated, infos = results
    episode.output = observations["output"][number]
    episode.rewards.append(float(rewards[number]))
    episode.valid = bool(infos["reward_valid"][number])
    if "grade" in infos and infos["_grade"][number]:
        episode.score = float(infos["grade"]["score"][number])
    return bool(terminated[number] or truncated[number])
