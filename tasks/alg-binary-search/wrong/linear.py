"""Goes through everything."""


def smallest_true(low, high, test):
    """Return the smallest number that passes a test."""
    return next((number for number in range(low, high) if test(number)), high)


def first_at_least(values, x):
    """Return the index of the first value that is at least x."""
    return next((index for index, value in enumerate(values) if value >= x), len(values))


def first_above(values, x):
    """Return the index of the first value that is above x."""
    return next((index for index, value in enumerate(values) if value > x), len(values))


def count_between(values, low, high):
    """Return how many values are between two."""
    return sum(low <= value <= high for value in values)


def nearest(values, x):
    """Return the nearest value."""
    if not values:
        raise ValueError("no values")
    return min(values, key=lambda value: abs(value - x))
