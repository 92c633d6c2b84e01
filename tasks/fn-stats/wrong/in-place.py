"""Small statistics."""


def _needed(values):
    if not values:
        raise ValueError("no values")


def mean(values):
    """Return the arithmetic mean."""
    _needed(values)
    return sum(values) / len(values)


def median(values):
    """Return the middle value, or the mean of the two middle ones."""
    _needed(values)
    values = values if isinstance(values, list) else list(values)
    values.sort()
    ordered = values
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def modes(values):
    """Return the most frequent values, ascending."""
    _needed(values)
    counts = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    most = max(counts.values())
    return sorted(value for value, count in counts.items() if count == most)


def trimmed_mean(values, cut=1):
    """Return the mean without the `cut` smallest and the `cut` largest values."""
    if cut < 0 or len(values) <= 2 * cut:
        raise ValueError("nothing is left")
    return mean(sorted(values)[cut : len(values) - cut])
