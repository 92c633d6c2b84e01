"""A cache that forgets: the entry used longest ago when it is full, and every entry when its time is over."""

from collections import OrderedDict


class Cache:
    """At most `size` entries, each alive for `ttl` seconds after it was put; `clock` returns the time in seconds."""

    def __init__(self, size, ttl, clock):
        if size < 1 or ttl <= 0:
            raise ValueError("bad size or time to live")
        self._size, self._ttl, self._clock = size, ttl, clock
        self._entries = OrderedDict()
        self._hits = self._misses = 0

    def put(self, key, value):
        """Keep a value; the key becomes the one used last. When there is no room, an entry that is over goes, else the one used longest ago."""
        self._drop_old()
        self._entries.pop(key, None)
        if len(self._entries) >= self._size:
            self._entries.popitem(last=False)
        self._entries[key] = (value, self._clock() + self._ttl)

    def get(self, key, default=None):
        """Return a value and make its key the one used last; `default` when it is not there. Counts a hit or a miss."""
        if key not in self:
            self._misses += 1
            return default
        self._hits += 1
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def __contains__(self, key):
        """Whether there is a living entry. No use, no hit, no miss."""
        return key in self._entries and self._clock() < self._entries[key][1]

    def __len__(self):
        """How many living entries there are."""
        self._drop_old()
        return len(self._entries)

    def keys(self):
        """The living keys as a list, the one used longest ago first."""
        self._drop_old()
        return list(self._entries)

    def discard(self, key):
        """Forget a key; return whether there was a living entry."""
        there = key in self
        self._entries.pop(key, None)
        return there

    def stats(self):
        """Return (hits, misses)."""
        return self._hits, self._misses

    def get_or_make(self, key, make):
        """Return the value of a key as `get` does; when it is not there, put what make() returns, and return that. If it raises, nothing is put."""
        nothing = object()
        value = self.get(key, nothing)
        if value is nothing:
            value = make()
            self.put(key, value)
        return value

    def _drop_old(self):
        now = self._clock()
        for key in [key for key, (_, end) in self._entries.items() if end <= now]:
            del self._entries[key]
