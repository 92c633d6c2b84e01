"""A cache that forgets what was not used for the longest time."""

from collections import OrderedDict


class LRUCache:
    """Keeps at most `capacity` items, in the order of their use: the last one was used last."""

    def __init__(self, capacity, on_evict=None):
        self._check(capacity)
        self.capacity = capacity
        self.hits = 0
        self.misses = 0
        self._on_evict = on_evict
        self._items = OrderedDict()

    @staticmethod
    def _check(capacity):
        if capacity < 1:
            raise ValueError("the capacity must be at least 1")

    def __len__(self):
        return len(self._items)

    def __contains__(self, key):
        return key in self._items

    def get(self, key, default=None):
        """Return a value; its key counts as used."""
        if key not in self._items:
            self.misses += 1
            return default
        self.hits += 1
        self._items.move_to_end(key)
        return self._items[key]

    def put(self, key, value):
        """Set a value; its key counts as used."""
        if key in self._items and self._on_evict is not None:
            self._on_evict(key, self._items[key])
        self._items[key] = value
        self._items.move_to_end(key)
        self._shrink()

    def delete(self, key):
        """Forget a key; return whether it was there."""
        if key not in self._items:
            return False
        del self._items[key]
        return True

    def resize(self, capacity):
        """Change the capacity."""
        self._check(capacity)
        self.capacity = capacity
        self._shrink()

    def keys(self):
        """Return the keys, the one used last first."""
        return list(reversed(self._items))

    def _shrink(self):
        while len(self._items) > self.capacity:
            key, value = self._items.popitem(last=False)
            if self._on_evict is not None:
                self._on_evict(key, value)
