"""Finds words that were probably meant."""


def distance(left, right):
    """Return how many letters must be inserted, deleted, replaced or swapped with a neighbour."""
    return sum(one != other for one, other in zip(left, right)) + abs(len(left) - len(right))


def suggest(word, words, most=2, limit=5):
    """Return the words that are nearest, at most `limit`, none with a distance above `most`."""
    found = []
    for place, candidate in enumerate(dict.fromkeys(words)):
        if abs(len(candidate) - len(word)) <= most:
            steps = distance(word, candidate)
            if steps <= most:
                found.append((steps, place, candidate))
    return [candidate for _, _, candidate in sorted(found)[:limit]]
