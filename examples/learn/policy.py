"""What the learner knows and how it chooses: a linear softmax policy and a linear critic over features of what was last seen and done.

Owns its numbers and their gradient. Must not know environments, rewards, or what any task is about: an output is a bag of hashed words.
"""

import re
import zlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WORDS = 256  # buckets that words are hashed into (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning")
MOST_WORDS = 64  # of an output; more would drown the rest
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z]+)?")


@dataclass(frozen=True)
class Features:
    """How an observation becomes numbers: words of the last output, the last action, how many steps were taken, and a constant."""

    actions: int
    steps: int

    @property
    def size(self) -> int:
        """Length of a vector of features."""
        return WORDS + (self.actions + 1) + (self.steps + 1) + 1

    def of(self, output: str, last_action: int, step: int) -> Floats:
        """Return the features; `last_action` is -1 at the start."""
        vector = np.zeros(self.size)
        words = sorted(set(_WORD.findall(output.lower())))[:MOST_WORDS]
        for word in words:  # together of length 1, however many there are
            vector[zlib.crc32(word.encode()) % WORDS] += len(words) ** -0.5
        vector[WORDS + 1 + last_action] = 1.0
        vector[WORDS + self.actions + 1 + min(step, self.steps)] = 1.0
        vector[-1] = 1.0
        return vector


@dataclass
class Policy:
    """Probabilities of actions and the value of what was seen, both linear in the features.

    Attributes:
        actor: Of shape (features, actions): logits.
        critic: Of shape (features,).
    """

    features: int
    actions: int
    actor: Floats = field(init=False)
    critic: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Begin with all actions alike."""
        self.actor = np.zeros((self.features, self.actions))
        self.critic = np.zeros(self.features)

    def log_probabilities(self, seen: Floats) -> Floats:
        """Return them for each row of features, for all actions."""
        logits = seen @ self.actor
        logits -= logits.max(axis=1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))

    def values(self, seen: Floats) -> Floats:
        """Return the critic's return to come for each row."""
        return seen @ self.critic

    def draw(self, seen: Floats, chance: np.random.Generator) -> Ints:
        """Draw an action for each row, by the Gumbel-max trick."""
        return np.asarray(np.argmax(self.log_probabilities(seen) + chance.gumbel(size=(len(seen), self.actions)), axis=1))
