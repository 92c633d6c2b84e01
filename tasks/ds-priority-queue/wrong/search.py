"""A priority queue that searches for its first item."""


class PriorityQueue:
    """Items in a dictionary."""

    def __init__(self):
        self._items = {}
        self._counter = 0

    def __len__(self):
        return len(self._items)

    def __contains__(self, item):
        return item in self._items

    def push(self, item, priority):
        """Add an item."""
        if item in self._items:
            raise KeyError(item)
        self._counter += 1
        self._items[item] = (priority, self._counter)

    def pop(self):
        """Remove and return the first item."""
        item, priority = self.peek()
        del self._items[item]
        return item, priority

    def peek(self):
        """Return the first item."""
        if not self._items:
            raise IndexError("the queue is empty")
        item = min(self._items, key=self._items.get)
        return item, self._items[item][0]

    def update(self, item, priority):
        """Change a priority."""
        self.remove(item)
        self.push(item, priority)

    def remove(self, item):
        """Remove an item."""
        return self._items.pop(item)[0]
