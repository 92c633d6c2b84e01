"""The example's learner on the model of its tasks: episodes without sandboxes, thousands a second."""

import numpy as np

from examples.learn.curriculum import STEPS
from examples.learn.families import STAGES, Family, Variant
from examples.learn.learner import Learner, Path, Settings
from examples.learn.model import UNSEEN, act
from examples.learn.playing import Played
from examples.learn.policy import Features, Floats, Policy

SHARE = 0.5  # of the return that milestones have, as in the tasks
EPISODES = 16


def episode(family: Family, variant: Variant, policy: Policy, *, features: Features, mode: str, chance: np.random.Generator) -> Played:
    """Play one, paid as the service pays."""
    state, output, last, best, score = UNSEEN, "", -1, 0, 0.0
    rows: list[tuple[Floats, int, float, float]] = []
    for step in range(STEPS):
        seen = features.of(output, last, step)
        last = int(policy.draw(seen[None], chance)[0])
        result = act(family, variant, state, family.candidates[last])
        state, output, score = result.state, result.output or f"nothing {last}", result.score
        won, best = state > best, max(state, best)
        reward = score if mode == "outcome" else SHARE * won / STAGES + (1 - SHARE) * score
        rows.append((seen, last, float(policy.log_probabilities(seen[None])[0, last]), reward))
        if result.over:
            break
    seen, actions, before, rewards = (np.array(column) for column in zip(*rows, strict=True))
    return Played(Path(seen, actions, before, rewards), score)


def scores(family: Family, mode: str, seed: int, batches: int) -> list[float]:
    """Train from nothing, and return each batch's mean score."""
    chance = np.random.default_rng(seed)
    features = Features(len(family.candidates), STEPS)
    policy = Policy(features.size, features.actions)
    learner = Learner(policy, Settings(), batches)
    means = []
    for _ in range(batches):
        variants = [family.variants[number % len(family.variants)] for number in range(EPISODES)]
        played = [episode(family, variant, policy, features=features, mode=mode, chance=chance) for variant in variants]
        learner.learn([each.path for each in played])
        means.append(float(np.mean([each.score for each in played])))
    return means
