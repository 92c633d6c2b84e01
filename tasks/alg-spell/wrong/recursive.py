"""Finds words that were probably meant."""


def distance(left, right):
    """Return how many letters must be inserted, deleted, replaced or swapped with a neighbour."""
    if not left or not right:
        return len(left) + len(right)
    if left[-1] == right[-1]:
        return distance(left[:-1], right[:-1])
    best = 1 + min(distance(left[:-1], right), distance(left, right[:-1]), distance(left[:-1], right[:-1]))
    if left[-2:] == right[-2:][::-1] and len(left) > 1:
        best = min(best, 1 + distance(left[:-2], right[:-2]))
    return best


def suggest(word, words, most=2, limit=5):
    """Return the words that are nearest, at most `limit`, none with a distance above `most`."""
    found = []
    for place, candidate in enumerate(dict.fromkeys(words)):
        if abs(len(candidate) - len(word)) <= most:
            steps = distance(word, candidate)
            if steps <= most:
                found.append((steps, place, candidate))
    return [candidate for _, _, candidate in sorted(found)[:limit]]
