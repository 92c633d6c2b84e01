import tempfile

import pytest
from store import Forbidden, Store


@pytest.fixture
def store():
    with tempfile.TemporaryDirectory() as room:
        import os

        os.chmod(room, 0o777)
        yield Store(room)


def test_write_and_read(store):
    store.write("a/b/c.txt", b"one")
    store.write("a/b/c.txt", b"two")
    store.write("z", b"")
    assert store.read("a/b/c.txt") == b"two"
    assert store.read("z") == b""
    assert store.names() == ["a/b/c.txt", "z"]


def test_missing(store):
    with pytest.raises(FileNotFoundError):
        store.read("nothing")


def test_forbidden(store):
    with pytest.raises(Forbidden):
        store.read("../x")
    with pytest.raises(Forbidden):
        store.write("a/../../x", b"")
    assert store.names() == []
