"""Searches in what is sorted."""


def smallest_true(low, high, test):
    """Return the smallest number from low on that passes a test, or high; from there on all pass it."""
    while low < high:
        middle = (low + high) // 2
        if test(middle):
            high = middle
        else:
            low = middle + 1
    return low


def first_at_least(values, x):
    """Return the index of the first value that is at least x."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] == x:
            return middle
        if values[middle] > x:
            high = middle
        else:
            low = middle + 1
    return low


def first_above(values, x):
    """Return the index of the first value that is above x."""
    return smallest_true(0, len(values), lambda index: values[index] > x)


def count_between(values, low, high):
    """Return how many values are at least low and at most high."""
    if low > high:
        return 0
    return first_above(values, high) - first_at_least(values, low)


def nearest(values, x):
    """Return the value that is nearest to x, the smaller one of two."""
    if len(values) == 0:
        raise ValueError("no values")
    index = first_at_least(values, x)
    if index == 0:
        return values[0]
    if index == len(values):
        return values[index - 1]
    below, above = values[index - 1], values[index]
    return below if x - below <= above - x else above
