"""The update: proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347) with generalised advantages (arXiv:1506.02438).

A policy gradient that uses each batch of episodes many times, because an episode in a sandbox is dear and a gradient is cheap. Owns the
optimiser's state. Must not know where episodes come from.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from examples.learn.policy import Floats, Ints, Policy


@dataclass(frozen=True)
class Settings:
    """What one may turn. The discount is also what shaped rewards must be made with."""

    discount: float = 0.85
    trace: float = 0.8  # lambda of the advantages: 1 trusts returns, 0 the critic
    clip: float = 0.2  # how far a probability may move, relatively, before its gradient is cut off
    epochs: int = 20
    step: float = 0.07  # of Adam
    entropy: float = 0.03  # at the beginning; what keeps the policy from settling early
    critic: float = 0.5  # weight of the critic's loss
    recent: int = 3  # calls of `learn` whose episodes are learned from


@dataclass(frozen=True)
class Path:
    """One episode as the learner sees it: its steps in order, to the end that it was played to.

    Attributes:
        seen: Features before each step.
        actions: What was done.
        before: Log probabilities of that, when it was done.
        rewards: What each step paid.
    """

    seen: Floats
    actions: Ints
    before: Floats
    rewards: Floats


@dataclass(frozen=True)
class Batch:
    """Steps of several episodes, and what is to be learned from them."""

    seen: Floats
    actions: Ints
    before: Floats
    advantages: Floats
    targets: Floats  # of the critic


def batch(paths: Sequence[Path], policy: Policy, settings: Settings) -> Batch:
    """Weigh the steps of episodes: advantages are normalised over all of them."""
    seen = np.concatenate([path.seen for path in paths])
    actions = np.concatenate([path.actions for path in paths])
    before = np.concatenate([path.before for path in paths])
    raw = [advantages(path.rewards, policy.values(path.seen), settings) for path in paths]
    joined = np.concatenate(raw)
    normal = (joined - joined.mean()) / (joined.std() + 1e-8)
    return Batch(seen, actions, before, normal, joined + policy.values(seen))


def advantages(rewards: Floats, values: Floats, settings: Settings) -> Floats:
    """Return the generalised advantages of one episode's steps; after its end nothing comes."""
    after = np.append(values[1:], 0.0)
    surprises = rewards + settings.discount * after - values
    found, carried = np.zeros(len(rewards)), 0.0
    for step in reversed(range(len(rewards))):
        carried = surprises[step] + settings.discount * settings.trace * carried
        found[step] = carried
    return found


def loss(policy: Policy, of: Batch, settings: Settings) -> float:
    """Return what the update makes small; `gradient` is its derivative."""
    logs = policy.log_probabilities(of.seen)
    ratios = np.exp(logs[np.arange(len(of.actions)), of.actions] - of.before)
    clipped = np.clip(ratios, 1 - settings.clip, 1 + settings.clip)
    gain = np.minimum(ratios * of.advantages, clipped * of.advantages).mean()
    entropy = -(np.exp(logs) * logs).sum(axis=1).mean()
    miss = ((policy.values(of.seen) - of.targets) ** 2).mean()
    return float(-gain - settings.entropy * entropy + settings.critic * miss)


def gradient(policy: Policy, of: Batch, settings: Settings) -> tuple[Floats, Floats]:
    """Return the derivative of `loss` by the actor and by the critic."""
    count, rows = len(of.actions), np.arange(len(of.actions))
    logs = policy.log_probabilities(of.seen)
    probabilities = np.exp(logs)
    ratios = np.exp(logs[rows, of.actions] - of.before)
    clipped = np.clip(ratios, 1 - settings.clip, 1 + settings.clip)
    moves = ratios * of.advantages <= clipped * of.advantages
    by_logits = -probabilities * (moves * ratios * of.advantages)[:, None]
    by_logits[rows, of.actions] += moves * ratios * of.advantages
    entropies = -(probabilities * logs).sum(axis=1, keepdims=True)
    by_logits += settings.entropy * -probabilities * (logs + entropies)
    misses = policy.values(of.seen) - of.targets
    return -of.seen.T @ by_logits / count, 2 * settings.critic * of.seen.T @ misses / count


class Adam:
    """Kingma and Ba 2015, arXiv:1412.6980, for one array."""

    def __init__(self, shape: tuple[int, ...], step: float) -> None:
        self._step = step
        self._mean, self._square, self._count = np.zeros(shape), np.zeros(shape), 0

    def move(self, array: Floats, slope: Floats) -> None:
        """Change the array in place, downhill."""
        self._count += 1
        self._mean += 0.1 * (slope - self._mean)
        self._square += 0.001 * (slope**2 - self._square)
        mean, square = self._mean / (1 - 0.9**self._count), self._square / (1 - 0.999**self._count)
        array -= self._step * mean / (np.sqrt(square) + 1e-8)


class Learner:
    """A policy and what improves it. `updates`: how often it will learn, over which the entropy's weight goes to 0."""

    def __init__(self, policy: Policy, settings: Settings, updates: int) -> None:
        self.policy = policy
        self._settings = settings
        self._updates = updates
        self._done = 0
        self._recent: deque[Sequence[Path]] = deque(maxlen=settings.recent)
        self._actor = Adam(policy.actor.shape, settings.step)
        self._critic = Adam(policy.critic.shape, settings.step)

    def learn(self, paths: Sequence[Path]) -> None:
        """Improve the policy by episodes that it has just played, and by recent ones."""
        self._recent.append(paths)
        settings = replace(self._settings, entropy=self._settings.entropy * max(0.0, 1 - self._done / self._updates))
        of = batch([path for each in self._recent for path in each], self.policy, settings)
        for _ in range(settings.epochs):
            actor, critic = gradient(self.policy, of, settings)
            self._actor.move(self.policy.actor, actor)
            self._critic.move(self.policy.critic, critic)
        self._done += 1
