"""Medians of a sliding window, with a Fenwick tree over the ranks of the values."""

import sys


class Counts:
    """How many values of each rank are in the window; finds the k-th in logarithmic time."""

    def __init__(self, size):
        self._top = 1
        while self._top * 2 <= size:
            self._top *= 2
        self._size = size
        self._tree = [0] * (size + 1)

    def change(self, rank, by):
        """Add `by` to the count of a rank (from 1)."""
        tree, size = self._tree, self._size
        while rank <= size:
            tree[rank] += by
            rank += rank & -rank

    def find(self, number):
        """Return the rank of the value that is the number-th smallest one (from 1)."""
        tree, size = self._tree, self._size
        place, step = 0, self._top
        while step:
            after = place + step
            if after <= size and tree[after] < number:
                place = after
                number -= tree[after]
            step >>= 1
        return place + 1


def text(double):
    """Return half of a whole number with one digit after the point."""
    return f"{double // 2}.{5 if double % 2 else 0}"


def medians(values, width):
    """Return twice the median of each window."""
    distinct = sorted(set(values))
    rank_of = {value: rank for rank, value in enumerate(distinct, 1)}
    ranks = [rank_of[value] for value in values]
    counts = Counts(len(distinct))
    low, high = (width + 1) // 2, width // 2 + 1
    result = []
    for end, rank in enumerate(ranks, 1):
        counts.change(rank, 1)
        if end > width:
            counts.change(ranks[end - width - 1], -1)
        if end >= width:
            first = distinct[counts.find(low) - 1]
            second = first if low == high else distinct[counts.find(high) - 1]
            result.append(first + second)
    return result


def main():
    """Read, compute, print."""
    width, *values = map(int, sys.stdin.buffer.read().split())
    lines = [text(double) for double in medians(values, width)]
    if lines:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
