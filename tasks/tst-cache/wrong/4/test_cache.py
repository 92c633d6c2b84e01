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


def test_0(cache):
    cache.put(0, 0)
    assert cache.get(0) == 0


def test_1(cache):
    cache.put(1, 1)
    assert cache.get(1) == 1


def test_2(cache):
    cache.put(2, 2)
    assert cache.get(2) == 2


def test_3(cache):
    cache.put(3, 3)
    assert cache.get(3) == 3


def test_4(cache):
    cache.put(4, 4)
    assert cache.get(4) == 4


def test_5(cache):
    cache.put(5, 5)
    assert cache.get(5) == 5


def test_6(cache):
    cache.put(6, 6)
    assert cache.get(6) == 6


def test_7(cache):
    cache.put(7, 7)
    assert cache.get(7) == 7


def test_8(cache):
    cache.put(8, 8)
    assert cache.get(8) == 8


def test_9(cache):
    cache.put(9, 9)
    assert cache.get(9) == 9


def test_10(cache):
    cache.put(10, 10)
    assert cache.get(10) == 10


def test_11(cache):
    cache.put(11, 11)
    assert cache.get(11) == 11


