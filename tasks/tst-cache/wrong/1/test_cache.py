import pytest
from cache import Cache


class Clock:
    """A clock that stands still unless told otherwise."""

    def __init__(self):
        self.now = 1000

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cache(clock):
    return Cache(3, 10, clock)


def fill(cache, keys):
    for key in keys:
        cache.put(key, key.upper())


@pytest.mark.parametrize(("size", "ttl"), [(0, 10), (-1, 10), (3, 0), (3, -5)])
def test_bad_arguments(size, ttl, clock):
    with pytest.raises(ValueError):
        Cache(size, ttl, clock)


def test_size_one(clock):
    cache = Cache(1, 10, clock)
    fill(cache, "ab")
    assert cache.keys() == ["b"]


def test_new_caches_are_empty(cache):
    assert len(cache) == 0
    assert cache.keys() == []
    assert cache.stats() == (0, 0)
    assert "a" not in cache


def test_put_and_get(cache):
    fill(cache, "ab")
    assert cache.get("a") == "A"
    assert cache.get("b") == "B"
    assert cache.get("c") is None
    assert cache.get("c", 7) == 7
    assert cache.stats() == (2, 2)


def test_values_that_count_as_false(cache):
    cache.put("zero", 0)
    assert cache.get("zero", 5) == 0
    assert cache.stats() == (1, 0)


def test_a_full_cache_forgets_what_was_used_longest_ago(cache):
    fill(cache, "abc")
    assert cache.keys() == ["a", "b", "c"]
    cache.get("a")
    assert cache.keys() == ["b", "c", "a"]
    cache.put("d", "D")
    assert cache.keys() == ["c", "a", "d"]
    assert len(cache) == 3


def test_putting_again_is_a_use_and_replaces(cache):
    fill(cache, "abc")
    cache.put("a", "new")
    assert cache.keys() == ["b", "c", "a"]
    assert cache.get("a") == "new"
    cache.put("a", "newer")
    assert cache.keys() == ["b", "c", "a"]


def test_asking_is_no_use(cache):
    fill(cache, "abc")
    assert "a" in cache
    assert "x" not in cache
    assert cache.keys() == ["a", "b", "c"]
    assert cache.stats() == (0, 0)


def test_time_is_over_after_exactly_ttl(cache, clock):
    cache.put("a", 1)
    clock.now += 9
    assert "a" in cache
    assert cache.get("a") == 1
    clock.now += 2
    assert "a" not in cache
    assert cache.get("a") is None
    assert cache.keys() == []
    assert len(cache) == 0
    assert cache.stats() == (1, 1)


def test_len_looks_at_the_clock(cache, clock):
    cache.put("a", 1)
    clock.now += 11
    assert len(cache) == 0


def test_keys_look_at_the_clock(cache, clock):
    cache.put("a", 1)
    clock.now += 11
    assert cache.keys() == []


def test_putting_again_begins_a_new_time(cache, clock):
    cache.put("a", 1)
    clock.now += 8
    cache.put("a", 2)
    clock.now += 8
    assert cache.get("a") == 2


def test_what_is_over_makes_room_first(cache, clock):
    cache.put("old", 1)
    clock.now += 5
    fill(cache, "ab")
    cache.get("old")
    clock.now += 6
    cache.put("c", "C")
    assert cache.keys() == ["a", "b", "c"]


def test_discard(cache, clock):
    fill(cache, "ab")
    assert cache.discard("a") is True
    assert cache.discard("a") is False
    assert cache.discard("x") is False
    assert cache.keys() == ["b"]
    clock.now += 11
    assert cache.discard("b") is False
    assert cache.stats() == (0, 0)


def test_get_or_make_makes_once(cache):
    made = []

    def make():
        made.append(1)
        return None

    assert cache.get_or_make("a", make) is None
    assert cache.get_or_make("a", make) is None
    assert made == [1]
    assert cache.keys() == ["a"]
    assert cache.stats() == (1, 1)


def test_get_or_make_does_not_make_what_is_there(cache):
    fill(cache, "ab")
    assert cache.get_or_make("a", lambda: pytest.fail("made")) == "A"
    assert cache.keys() == ["b", "a"]


def test_get_or_make_keeps_no_failure(cache):
    def fail():
        raise OSError

    with pytest.raises(OSError):
        cache.get_or_make("a", fail)
    assert "a" not in cache
    assert len(cache) == 0
    assert cache.get_or_make("a", lambda: 5) == 5
