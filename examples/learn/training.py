"""One training: a family of tasks, a way of paying, a seed. Yields numbers; draws and writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode

import codecraft_client.gym
from codecraft_client import CodecraftError, RewardMode, RewardOptions
from codecraft_client.gym import CodeCraftVectorEnv
from examples.learn.curriculum import STEPS
from examples.learn.families import Family
from examples.learn.learner import Learner, Settings
from examples.learn.playing import Players
from examples.learn.policy import Features, Policy

ENVIRONMENTS = 16  # each variant twice
MODES = ("milestones", "outcome")


@dataclass(frozen=True)
class Wanted:
    """One training."""

    family: Family
    mode: str
    seed: int
    batches: int


@dataclass(frozen=True)
class Row:
    """What a batch of episodes came to. The score is the share of episodes whose work is right, whatever paid."""

    task: str
    reward: str
    seed: int
    batch: int
    episodes: int  # played so far, those of this batch included
    score: float
    total: float  # mean return
    steps: float  # mean length of an episode


def train(wanted: Wanted, target: str, settings: Settings) -> Iterator[Row]:
    """Train from nothing; yields a row for each batch. CodecraftError when the service fails in all episodes of one, or a reset does."""
    family = wanted.family
    chance = np.random.default_rng([wanted.seed, MODES.index(wanted.mode)])
    features = Features(actions=len(family.candidates), steps=STEPS)
    policy = Policy(features.size, features.actions)
    learner = Learner(policy, settings, wanted.batches)
    reward = RewardOptions(RewardMode(wanted.mode))
    envs = gymnasium.make_vec(
        codecraft_client.gym.ENV_ID,
        num_envs=ENVIRONMENTS,
        target=target,
        reward=reward,
        on_fault="truncate",
        autoreset_mode=AutoresetMode.DISABLED,
    )
    try:
        players = Players(cast("CodeCraftVectorEnv", envs.unwrapped), family.candidates, features)
        for number in range(wanted.batches):
            tasks = chance.permutation(np.resize(family.task_ids, ENVIRONMENTS))
            played = players.play(policy, [str(task) for task in tasks], chance)
            if not played:
                raise CodecraftError("the service failed in every episode of a batch")
            learner.learn([each.path for each in played])
            lengths = [len(each.path.actions) for each in played]
            scores, totals = [each.score for each in played], [each.total for each in played]
            means = (float(np.mean(scores)), float(np.mean(totals)), float(np.mean(lengths)))
            yield Row(family.name, wanted.mode, wanted.seed, number + 1, (number + 1) * ENVIRONMENTS, *means)
    finally:
        envs.close()
