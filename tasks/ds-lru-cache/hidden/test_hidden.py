import lru
import pytest


def test_defaults():
    """A cache can be made without a listener."""
    cache = lru.LRUCache(2)
    assert cache.capacity == 2
    assert (cache.hits, cache.misses, len(cache), cache.keys()) == (0, 0, 0, [])
    for number in range(5):
        cache.put(number, number * number)
    assert cache.keys() == [4, 3]
    assert cache.get(0) is None
    assert cache.get(0, default=7) == 7
    assert cache.get(3) == 9
    assert (cache.hits, cache.misses) == (1, 2)


def test_two_caches_share_nothing():
    """Each cache has its own items and numbers."""
    one, other = lru.LRUCache(1), lru.LRUCache(2)
    one.put("a", 1)
    assert len(other) == 0
    assert other.get("a") is None
    assert (one.misses, other.misses) == (0, 1)


def test_capacity():
    """It must be at least 1, and stays what it was when it is refused."""
    with pytest.raises(ValueError):
        lru.LRUCache(0)
    cache = lru.LRUCache(2)
    cache.put("a", 1)
    with pytest.raises(ValueError):
        cache.resize(-3)
    assert cache.capacity == 2
    assert cache.keys() == ["a"]


def test_listener_is_told_in_order():
    """The oldest one goes first; what is deleted or set anew is not told."""
    told = []
    cache = lru.LRUCache(3, on_evict=lambda key, value: told.append((key, value)))
    for key in "abc":
        cache.put(key, key.upper())
    cache.put("b", "again")
    assert cache.delete("c") is True
    assert cache.delete("c") is False
    assert told == []
    cache.put("d", "D")
    cache.resize(1)
    assert told == [("a", "A"), ("b", "again")]
    assert cache.keys() == ["d"]


def test_keys_may_be_tuples():
    """Whatever can be a key of a dictionary can be one here."""
    cache = lru.LRUCache(2)
    cache.put((1, 2), "pair")
    cache.put("1", "text")
    cache.put(1, "number")
    assert cache.get((1, 2)) is None
    assert cache.get("1") == "text"
    assert cache.keys() == ["1", 1]


def test_none_is_a_key():
    """It is evicted, found and deleted as any other, and so are keys that are empty or 0."""
    told = []
    cache = lru.LRUCache(2, on_evict=lambda key, value: told.append((key, value)))
    cache.put(None, "none")
    assert cache.keys() == [None]
    assert cache.get(None) == "none"
    cache.put("", "empty")
    cache.put(0, "zero")
    assert told == [(None, "none")]
    assert cache.keys() == [0, ""]
    assert cache.get("") == "empty"
    cache.put(None, "again")
    assert told == [(None, "none"), (0, "zero")]
    assert cache.delete(None) is True
    assert cache.keys() == [""]


def test_value_that_is_the_default():
    """To get it is a hit and a use, whatever the default is."""
    cache = lru.LRUCache(2)
    cache.put("a", 7)
    cache.put("b", None)
    assert cache.get("a", 7) == 7
    assert cache.keys() == ["a", "b"]
    assert cache.get("b") is None
    assert cache.keys() == ["b", "a"]
    assert (cache.hits, cache.misses) == (2, 0)
