"""The programs that run inside the sandbox, and the comparison of what they bring back."""

import builtins
import decimal
import fractions
import io
import json
import math
import os
import socket
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from codecraft_server.grading import inside
from codecraft_server.grading.inside.codec import decode, encode, listed
from codecraft_server.grading.inside.peer import Peer
from codecraft_server.grading.inside.proctor import here as proctor_here
from codecraft_server.grading.inside.remote import Link, Remote, stand_in
from codecraft_server.grading.inside.worker import VERBS, Callback
from codecraft_server.grading.inside.worker import here as worker_here
from codecraft_server.grading.kinds.function import agree, plain
from codecraft_server.grading.unpacking import packed
from codecraft_server.task import TaskFile


def refused(value: Any) -> Any:
    raise TypeError(type(value).__name__)


LEAVES = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False)
    | some.text()
    | some.binary()
    | some.complex_numbers(allow_nan=False)
)
KEYS = some.text() | some.integers() | some.tuples(some.integers(), some.text())
DATA = some.recursive(
    LEAVES,
    lambda inner: some.lists(inner) | some.dictionaries(KEYS, inner) | some.tuples(inner, inner) | some.sets(some.integers() | some.text()),
)


@given(DATA)
def test_data_comes_back_as_it_was(value: Any) -> None:
    """Whatever is data survives the way through JSON, tags that look like ours included."""
    assert decode(json.loads(json.dumps(encode(value, refused)))) == value


@pytest.mark.parametrize(
    "value",
    [
        {"set": [1]},
        {"set": {"set": {"bytes": "x"}}},
        {"mine": [0, None]},
        decimal.Decimal("0.10"),
        fractions.Fraction(1, 3),
        Path("/a/b"),
        frozenset({(1, 2)}),
        math.inf,
        b"\0\xff",
    ],
)
def test_odd_data_comes_back_with_its_type(value: Any) -> None:
    """Types that JSON has no word for keep their type, and dictionaries that look like a tag stay dictionaries."""
    back = decode(json.loads(json.dumps(encode(value, refused))))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("value", [{"p": 1, 5: 2, "a": 3}, {"b": 1, "a": 2}, {(2,): {3: 1, 1: 2}, (1,): 0}, {"set": 1}])
def test_dictionaries_keep_their_order(value: dict[Any, Any]) -> None:
    """What iterates over a dictionary that has crossed meets its keys in the order in which they were put in, whatever they are."""
    back = decode(json.loads(json.dumps(encode(value, refused))))
    assert repr(back) == repr(value)


@pytest.mark.parametrize("value", [object(), len, type("Int", (int,), {})(3), type("Str", (str,), {})("x"), ValueError(), {1: object()}])
def test_what_is_no_data_is_never_taken_for_it(value: Any) -> None:
    """Subclasses of data types are no data: what they say about themselves can't be believed."""
    with pytest.raises(TypeError):
        encode(value, refused)


def test_endless_nesting_is_refused() -> None:
    """A value that holds itself ends with an error and not with a crash."""
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ValueError, match="too deeply"):
        encode(value, refused)


def test_what_yields_on_demand_is_listed() -> None:
    """Generators and views count as the values that they yield."""
    assert [listed(value) for value in (range(2), (n for n in (3,)), {1: 2}.items(), "ab", (1,))] == [[0, 1], [3], [(1, 2)], "ab", (1,)]


@pytest.mark.parametrize(
    ("expected", "came", "fits"),
    [
        (1, 1.0, True),
        (1, True, False),
        (False, 0, False),
        (None, None, True),
        (0.3, 0.1 + 0.2, True),
        (0.3, 0.30001, False),
        (10**20, 10**20 + 1, False),
        ([1, 2], {"tuple": [1, 2]}, True),
        ({"set": [2, 1]}, {"set": [1, 2]}, True),
        ({"set": [1]}, {"frozenset": [1]}, True),
        ({"set": [1]}, [1], False),
        ({"dict": [[1, "a"], [2, "b"]]}, {"dict": [[2, "b"], [1, "a"]]}, True),
        ({"a": [0.1]}, {"a": [0.1 + 1e-12]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ("a", "b", False),
        ("1", 1, False),
        ([], {}, False),
        ({"opaque": "E"}, {"opaque": "F"}, False),
    ],
)
def test_returned_values_are_compared_as_python_would_but_for_truth(expected: Any, came: Any, fits: bool) -> None:
    """Numbers are equal across int and float and near for floats, booleans are no numbers, tuples count as lists, sets have no order."""
    assert agree(plain(expected), plain(came), 1e-9) is fits


@pytest.mark.parametrize("name", ["calls", "worker", "proctor"])
def test_a_program_stands_alone(name: str) -> None:
    """The text of a program imports nothing of ours and ends by running."""
    text = inside.source(name).decode()
    compile(text, name, "exec")
    assert "codecraft_server" not in text
    assert text.count('if __name__ == "__main__":') == 1


class Shelf:
    """What a learner might write."""

    def __init__(self) -> None:
        self.books = ["a", "b"]

    def __len__(self) -> int:
        return len(self.books)

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment] # as a learner forgets it


class TornError(LookupError):
    """A learner's exception."""


def tear(page: int) -> None:
    error = TornError("torn", page)
    error.page = page  # type: ignore[attr-defined] # as learners do
    raise error


def visit(function: Any, values: list[int]) -> int:
    values.append(9)
    print("visited")  # noqa: T201 - what a learner's program prints is the point
    return function(len(values))


MODULE = {"Shelf": Shelf, "tear": tear, "visit": visit, "TornError": TornError}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Gives the learner's things by name, as the tests' process has them: over a real socket, with the worker in a thread."""
    ours, theirs = socket.socketpair()
    monkeypatch.setitem(VERBS, "import", MODULE.__getitem__)
    worker = Peer(theirs, worker_here, lambda number, _: Callback(worker, number))
    thread = threading.Thread(target=worker.serve)
    thread.start()
    Link.peer = Peer(ours, proctor_here, stand_in)
    yield lambda name: Link.done("import", name)
    ours.shutdown(socket.SHUT_RDWR)
    thread.join()
    for opened in (Link.peer, worker):
        opened._reader.close()
        opened._writer.close()
    ours.close()
    theirs.close()


def test_an_object_stays_where_it_is_and_never_equals_data(taken: Any) -> None:
    """An object that says it equals everything equals another of its process, and no data."""
    shelf = taken("Shelf")()
    assert isinstance(shelf, Remote)
    assert (len(shelf), shelf.books, isinstance(shelf, taken("Shelf"))) == (2, ["a", "b"], True)
    assert shelf == taken("Shelf")()
    assert shelf != 3


def test_an_exception_arrives_with_its_class_and_its_data(taken: Any) -> None:
    """A learner's exception is caught by its own class and by its built-in base, and brings its attributes."""
    with pytest.raises(taken("TornError")) as caught:
        taken("tear")(7)
    assert isinstance(caught.value, LookupError)
    assert (caught.value.args, caught.value.page) == (("torn", 7), 7)


def test_functions_are_called_back_and_changes_come_back(taken: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A function that was passed is called here, a list that was changed there is changed here, and what was printed is printed."""
    numbers = [1]
    assert taken("visit")(lambda count: count * 10, numbers) == 20
    assert numbers == [1, 9]
    assert capsys.readouterr().out == "visited\n"


@pytest.mark.parametrize("name", ["exec", "eval", "__import__", "print", "object", "KeyboardInterrupt", "no_such_thing"])
def test_the_other_process_can_name_no_function_of_this_one(name: str) -> None:
    """Whatever it says a thing is, what stands for it here is an exception class made here, never a built-in function."""
    made = stand_in(os.getpid(), [name, [name, "Exception"]])
    assert isinstance(made, type)
    assert issubclass(made, Exception)
    assert made is not getattr(builtins, name, None)


def test_hidden_files_are_packed_with_their_directories_and_modes() -> None:
    """What tar lays out is what the task says, and nothing of this machine's users or times."""
    content = packed((TaskFile("a/b/c.txt", b"x", 0o600), TaskFile("d", b"", 0o755)))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = {member.name: (member.isdir(), member.mode, member.uid, member.mtime) for member in archive}
    assert members == {"a": (True, 0o755, 0, 0), "a/b": (True, 0o755, 0, 0), "a/b/c.txt": (False, 0o600, 0, 0), "d": (False, 0o755, 0, 0)}
