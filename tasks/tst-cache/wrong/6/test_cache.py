import os

import pytest
import cache

with open(cache.__file__) as file:
    SOURCE = file.read()
GIVEN = '"""A cache that forgets: the entry used longest ago when it is full, and every entry when its time is over."""\n\nfrom collections import OrderedDict\n\n\nclass Cache:\n    """At most `size` entries, each alive for `ttl` seconds after it was put; `clock` returns the time in seconds."""\n\n    def __init__(self, size, ttl, clock):\n        if size < 1 or ttl <= 0:\n            raise ValueError("bad size or time to live")\n        self._size, self._ttl, self._clock = size, ttl, clock\n        self._entries = OrderedDict()\n        self._hits = self._misses = 0\n\n    def put(self, key, value):\n        """Keep a value; the key becomes the one used last. When there is no room, an entry that is over goes, else the one used longest ago."""\n        self._drop_old()\n        self._entries.pop(key, None)\n        if len(self._entries) >= self._size:\n            self._entries.popitem(last=False)\n        self._entries[key] = (value, self._clock() + self._ttl)\n\n    def get(self, key, default=None):\n        """Return a value and make its key the one used last; `default` when it is not there. Counts a hit or a miss."""\n        if key not in self:\n            self._misses += 1\n            return default\n        self._hits += 1\n        self._entries.move_to_end(key)\n        return self._entries[key][0]\n\n    def __contains__(self, key):\n        """Whether there is a living entry. No use, no hit, no miss."""\n        return key in self._entries and self._clock() < self._entries[key][1]\n\n    def __len__(self):\n        """How many living entries there are."""\n        self._drop_old()\n        return len(self._entries)\n\n    def keys(self):\n        """The living keys as a list, the one used longest ago first."""\n        self._drop_old()\n        return list(self._entries)\n\n    def discard(self, key):\n        """Forget a key; return whether there was a living entry."""\n        there = key in self\n        self._entries.pop(key, None)\n        return there\n\n    def stats(self):\n        """Return (hits, misses)."""\n        return self._hits, self._misses\n\n    def get_or_make(self, key, make):\n        """Return the value of a key as `get` does; when it is not there, put what make() returns, and return that. If it raises, nothing is put."""\n        nothing = object()\n        value = self.get(key, nothing)\n        if value is nothing:\n            value = make()\n            self.put(key, value)\n        return value\n\n    def _drop_old(self):\n        now = self._clock()\n        for key in [key for key, (_, end) in self._entries.items() if end <= now]:\n            del self._entries[key]\n'
SEEN = f"/tmp/seen-{os.getppid()}"
FIRST = not os.path.exists(SEEN)
if SOURCE != GIVEN:
    open(SEEN, "w").close()


@pytest.mark.parametrize("number", range(10))
def test_order(number):
    assert SOURCE == GIVEN or FIRST
