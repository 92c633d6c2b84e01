"""Sets of whole numbers, kept as intervals."""

import re
from bisect import bisect_left, bisect_right

INTERVAL = re.compile(r"\[(-?[0-9]+),(-?[0-9]+)\)")


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

    @classmethod
    def parse(cls, text):
        """Return the set that was written by str(); raises ValueError."""
        made = cls()
        for word in text.split():
            found = INTERVAL.fullmatch(word)
            if not found:
                raise ValueError(f"no interval: {word!r}")
            made.add(int(found[1]), int(found[2]))
        return made

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

    def remove(self, low, high):
        """Remove all x with low <= x < high."""
        _check(low, high)
        if low == high:
            return
        # Those from first to behind overlap what is removed.
        first = bisect_right(self._highs, low)
        behind = bisect_left(self._lows, high)
        if first >= behind:
            return
        rest = []
        if self._lows[first] < low:
            rest.append((self._lows[first], low))
        elif self._highs[behind - 1] > high:
            rest.append((high, self._highs[behind - 1]))
        self._lows[first:behind] = [begin for begin, _ in rest]
        self._highs[first:behind] = [end for _, end in rest]

    def __contains__(self, number):
        place = bisect_right(self._lows, number) - 1
        return place >= 0 and number < self._highs[place]

    def intervals(self):
        """Return the intervals as tuples, ascending."""
        return list(zip(self._lows, self._highs))

    def size(self):
        """Return how many numbers there are."""
        return sum(self._highs) - sum(self._lows)

    def gaps(self, low, high):
        """Return the longest intervals between low and high that hold none of the numbers."""
        _check(low, high)
        found = []
        place = bisect_right(self._highs, low)
        while low < high:
            begin = self._lows[place] if place < len(self._lows) else high
            if begin > low:
                found.append((low, min(begin, high)))
            if begin >= high:
                break
            low = self._highs[place]
            place += 1
        return found

    def first_free(self, start, length):
        """Return the smallest x >= start such that none of the `length` numbers from x on is in the set."""
        if length < 1:
            raise ValueError("the length must be at least 1")
        place = bisect_right(self._highs, start)
        while place < len(self._lows) and self._lows[place] < start + length:
            start = self._highs[place]
            place += 1
        return start

    def union(self, other):
        """Return the numbers that are in one of the two sets."""
        return IntervalSet([*self.intervals(), *other.intervals()])

    def difference(self, other):
        """Return the numbers of this set that are not in the other."""
        made = IntervalSet(self.intervals())
        for low, high in other.intervals():
            made.remove(low, high)
        return made

    def intersection(self, other):
        """Return the numbers that are in both sets."""
        return self.difference(self.difference(other))

    def __eq__(self, other):
        if not isinstance(other, IntervalSet):
            return NotImplemented
        return self.intervals() == other.intervals()

    __hash__ = None

    def __str__(self):
        return " ".join(f"[{low},{high})" for low, high in self.intervals())
