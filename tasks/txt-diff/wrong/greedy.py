"""Walks through both lists and skips to the nearest line that is in both."""


def edits(old, new):
    """Return [sign, line] for each line."""
    steps = []
    i = j = 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            steps.append([" ", old[i]])
            i, j = i + 1, j + 1
            continue
        for distance in range(1, len(old) + len(new)):
            pair = next(((a, distance - a) for a in range(distance + 1) if i + a < len(old) and j + distance - a < len(new) and old[i + a] == new[j + distance - a]), None)
            if pair:
                break
        else:
            break
        steps += [["-", line] for line in old[i : i + pair[0]]] + [["+", line] for line in new[j : j + pair[1]]]
        i, j = i + pair[0], j + pair[1]
    return steps + [["-", line] for line in old[i:]] + [["+", line] for line in new[j:]]
