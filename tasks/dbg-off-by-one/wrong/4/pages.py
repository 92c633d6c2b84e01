"""Cut a list of items into pages, as a shop's web site does. Pages are numbered from 1."""


def page_count(total, size):
    """Return how many pages `total` items fill."""
    return (total + size - 1) // size


def page(items, number, size):
    """Return the items on page `number`."""
    start = (number - 1) * size
    return items[start:start + size]


def label(number, size, total):
    """Return the line above a page."""
    if total == 0:
        return "no items"
    first = (number - 1) * size + 1
    last = min(number * size, total)
    return f"items {first} to {last} of {total}"


def neighbours(number, count, width):
    """Return the page numbers that are shown around page `number`."""
    first = max(0, number - width)
    last = min(count, number + width)
    return list(range(first, last + 1))
