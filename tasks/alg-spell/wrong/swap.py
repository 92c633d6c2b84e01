"""Finds words that were probably meant."""


def distance(left, right):
    """Return how many letters must be inserted, deleted, replaced or swapped with a neighbour."""
    before_previous, previous = [], list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        current = [i]
        for j, other in enumerate(right, 1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (letter != other))
            current.append(cost)
        before_previous, previous = previous, current
    return previous[-1]


def suggest(word, words, most=2, limit=5):
    """Return the words that are nearest, at most `limit`, none with a distance above `most`."""
    found = []
    for place, candidate in enumerate(dict.fromkeys(words)):
        if abs(len(candidate) - len(word)) <= most:
            steps = distance(word, candidate)
            if steps <= most:
                found.append((steps, place, candidate))
    return [candidate for _, _, candidate in sorted(found)[:limit]]
