"""A space of text in any script. Knows Gymnasium and nothing of codecraft.

Gymnasium's own `Text` lists every character it may hold (62 by default: no space, no line break, no é), samples noise up to its greatest
length, and reaches the reader of an `AsyncVectorEnv` with shared memory as a constant string. So this is a `Space` of its own.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import numpy as np
from gymnasium.error import CustomSpaceError
from gymnasium.spaces import Space
from gymnasium.vector.utils import create_empty_array, create_shared_memory
from numpy.typing import NDArray

PHRASES = ("", "Hello, World!\n", "crème brûlée", "你好 世界\n", "مرحبا بالعالم\n", "नमस्ते दुनिया\n", "👩🏽‍💻 🚀\n")


class Utf8(Space[str]):
    """Every string of at most `max_bytes` bytes in UTF-8, the empty one included; what has no UTF-8 (a lone surrogate) is not in it.

    Attributes:
        max_bytes: The greatest length, in bytes of UTF-8.
        samples: What `sample` draws from, since a random string is a command that nobody would want to run.
    """

    def __init__(self, max_bytes: int, *, samples: Sequence[str] = PHRASES, seed: int | np.random.Generator | None = None) -> None:
        """ValueError when a sample is not in the space, or there is none."""
        super().__init__(dtype=str, seed=seed)
        self.max_bytes = max_bytes
        self.samples = tuple(samples)
        if not self.samples or not all(map(self.contains, self.samples)):
            raise ValueError(f"samples must be one or more texts of at most {max_bytes} bytes of UTF-8")

    def contains(self, x: Any) -> bool:
        """Whether it is a text that fits."""
        if not isinstance(x, str) or len(x) > self.max_bytes:
            return False
        try:
            return len(x.encode()) <= self.max_bytes
        except UnicodeEncodeError:
            return False

    def sample(self, mask: NDArray[np.int8] | None = None, probability: NDArray[np.float64] | None = None) -> str:
        """Draw one of `samples`.

        Args:
            mask: int8, one of 0 and 1 for each sample: which may be drawn.
            probability: float64, one for each sample, summing to 1.
        """
        if mask is not None and probability is not None:
            raise ValueError("give a mask or a probability, not both")
        weights = mask if mask is not None else probability
        return self.samples[int(self.np_random.choice(len(self.samples), p=None if weights is None else self._shares(weights)))]

    def _shares(self, weights: NDArray[Any]) -> NDArray[np.float64]:
        shares = np.asarray(weights, dtype=np.float64)
        if shares.shape != (len(self.samples),) or (shares < 0).any() or shares.sum() <= 0:
            raise ValueError(f"{len(self.samples)} numbers are needed, one for each sample, none below 0 and not all of them 0")
        return np.asarray(shares / shares.sum(), dtype=np.float64)

    @property
    def is_np_flattenable(self) -> bool:
        """No: a text has no fixed length."""
        return False

    def to_jsonable(self, sample_n: Iterable[str]) -> list[str]:
        """Return strings, which JSON has."""
        return list(sample_n)

    def from_jsonable(self, sample_n: list[Any]) -> list[str]:
        """Return the strings that `to_jsonable` gave."""
        return [str(text) for text in sample_n]

    def __eq__(self, other: object) -> bool:
        """Return whether both hold the same texts and draw from the same samples."""
        return isinstance(other, Utf8) and (self.max_bytes, self.samples) == (other.max_bytes, other.samples)

    def __hash__(self) -> int:
        """Hash what is compared."""
        return hash((self.max_bytes, self.samples))

    def __repr__(self) -> str:
        return f"Utf8({self.max_bytes})"


# A batch of n texts is a tuple of n strings: that is what Gymnasium does for any space, but for a first batch, which would be None.
# (Registering `iterate` as well would make Gymnasium walk along the characters of each text.)


@create_empty_array.register(Utf8)
def _no_texts(space: Utf8, n: int = 1, fn: object = None) -> tuple[str, ...]:  # noqa: ARG001 - Gymnasium's signature
    return ("",) * n


@create_shared_memory.register(Utf8)
def _no_shared_memory(space: Utf8, n: int = 1, ctx: object = None) -> NoReturn:  # noqa: ARG001 - Gymnasium's signature
    raise CustomSpaceError(f"{space} has no fixed size, so it can't be in shared memory: AsyncVectorEnv(..., shared_memory=False)")
