"""A cache with a list of its keys."""


class LRUCache:
    """Keeps at most `capacity` items; a list has the keys in the order of their use."""

    def __init__(self, capacity, on_evict=None):
        if capacity < 1:
            raise ValueError("the capacity must be at least 1")
        self.capacity = capacity
        self.hits = self.misses = 0
        self._on_evict = on_evict
        self._values = {}
        self._order = []

    def __len__(self):
        return len(self._order)

    def __contains__(self, key):
        return key in self._values

    def get(self, key, default=None):
        """Return a value."""
        if key not in self._values:
            self.misses += 1
            return default
        self.hits += 1
        self._order.remove(key)
        self._order.append(key)
        return self._values[key]

    def put(self, key, value):
        """Set a value."""
        if key in self._values:
            self._order.remove(key)
        self._order.append(key)
        self._values[key] = value
        self.resize(self.capacity)

    def delete(self, key):
        """Forget a key."""
        if key not in self._values:
            return False
        self._order.remove(key)
        del self._values[key]
        return True

    def resize(self, capacity):
        """Change the capacity."""
        if capacity < 1:
            raise ValueError("the capacity must be at least 1")
        self.capacity = capacity
        while len(self._order) > capacity:
            key = self._order.pop(0)
            value = self._values.pop(key)
            if self._on_evict:
                self._on_evict(key, value)

    def keys(self):
        """Return the keys, the one used last first."""
        return self._order[::-1]
