"""Numbers out of samples. Pure."""

import math
from collections.abc import Iterable, Sequence


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that is not below `share` (0 to 1) of all samples (nearest rank, so it is one that occurred).

    Raises:
        ValueError: There are no samples, or `share` is out of range.
    """
    if not samples or not 0 <= share <= 1:
        message = f"no percentile {share} of {len(samples)} samples"
        raise ValueError(message)
    ordered = sorted(samples)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def p50(samples: Sequence[float]) -> float:
    """The median by nearest rank."""
    return percentile(samples, 0.5)


def p99(samples: Sequence[float]) -> float:
    """The 99th percentile by nearest rank."""
    return percentile(samples, 0.99)


def milliseconds(seconds: Iterable[float]) -> list[float]:
    """The same samples in ms."""
    return [1000 * sample for sample in seconds]
