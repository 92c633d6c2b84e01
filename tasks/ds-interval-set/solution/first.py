"""Sets of whole numbers, kept as intervals."""

from bisect import bisect_left, bisect_right


def _check(low, high):
    if low > high:
        raise ValueError(f"{low} is above {high}")


class IntervalSet:
    """Whole numbers in sorted intervals that neither overlap nor touch: the i-th one is lows[i] <= x < highs[i]."""

    def __init__(self, pairs=()):
        self._lows = []
        self._highs = []
        for low, high in pairs:
            self.add(low, high)

    def add(self, low, high):
        """Add all x with low <= x < high."""
        _check(low, high)
        if low == high:
            return
        # Those from first to behind overlap the new one or touch it.
        first = bisect_left(self._highs, low)
        behind = bisect_right(self._lows, high)
        if first < behind:
            low = min(low, self._lows[first])
            high = max(high, self._highs[behind - 1])
        self._lows[first:behind] = [low]
        self._highs[first:behind] = [high]

    def __contains__(self, number):
        place = bisect_right(self._lows, number) - 1
        return place >= 0 and number < self._highs[place]

    def intervals(self):
        """Return the intervals as tuples, ascending."""
        return list(zip(self._lows, self._highs))

    def size(self):
        """Return how many numbers there are."""
        return sum(self._highs) - sum(self._lows)

    def __str__(self):
        return " ".join(f"[{low},{high})" for low, high in self.intervals())
