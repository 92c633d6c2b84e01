"""Checks of kind `pytest` in real containers: hidden tests that use the learner's code over a wall, and what is thrown over it."""

from pathlib import Path
from textwrap import dedent

import pytest
from grading_helpers import Opener, judge_files, reasons, task_of, verdict

from codecraft_server.task import TaskFile

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

HIDDEN_TESTS = """
    import json
    from pathlib import Path

    import pytest

    import shop
    from shop import Basket, TooMuch, apply, greet, prices, sort_in_place


    def test_value():
        assert prices("a") == {"a": (1, 2.5)}


    def test_class():
        basket = Basket()
        basket.add("pear", 2)
        basket.add("fig", 1)
        assert len(basket) == 2
        assert list(basket) == ["pear", "fig"]
        assert basket["pear"] == 2
        assert basket.total == 3
        assert isinstance(basket, Basket)
        assert basket == basket.copy()
        assert not (basket == Basket())


    def test_error():
        with pytest.raises(TooMuch, match="99") as caught:
            Basket().add("fig", 99)
        assert caught.value.limit == 10
        with pytest.raises(KeyError):
            Basket()["plum"]


    def test_in_place():
        numbers = [3, 1, 2]
        assert sort_in_place(numbers) is None
        assert numbers == [1, 2, 3]


    def test_callback():
        assert apply(lambda value: value * 2, [1, 2]) == [2, 4]


    def test_print(capsys):
        greet("Ada")
        assert capsys.readouterr().out == "Hello, Ada!\\n"


    def test_files(tmp_path):
        (tmp_path / "in.json").write_text("[1]")
        shop.copy(tmp_path / "in.json", str(tmp_path / "out.json"))
        assert json.loads(Path(tmp_path / "out.json").read_text()) == [1]


    def test_patched(monkeypatch):
        monkeypatch.setattr(shop, "RATE", 3)
        assert shop.taxed(2) == 6


    class TestGenerator:
        def test_lazy(self):
            numbers = shop.count()
            assert [next(numbers), next(numbers)] == [0, 1]
"""
SHOP = """
    RATE = 2

    class TooMuch(ValueError):
        def __init__(self, count, limit):
            super().__init__(f"{count} is too much")
            self.limit = limit

    class Basket:
        def __init__(self, items=()):
            self.items = dict(items)
        def add(self, name, count):
            if count > 10:
                raise TooMuch(count, 10)
            self.items[name] = count
        def copy(self): return Basket(self.items)
        def __len__(self): return len(self.items)
        def __iter__(self): return iter(self.items)
        def __getitem__(self, name): return self.items[name]
        def __eq__(self, other): return self.items == other.items
        @property
        def total(self): return sum(self.items.values())

    def prices(name): return {name: (1, 2.5)}
    def sort_in_place(numbers): numbers.sort()
    def apply(function, values): return [function(value) for value in values]
    def greet(name): print(f"Hello, {name}!")
    def taxed(value): return value * RATE
    def copy(source, target):
        with open(source) as old, open(target, "w") as new:
            new.write(old.read())
    def count():
        number = 0
        while True:
            yield number
            number += 1
"""
PYTEST = {"kind": "pytest", "files": {"test_shop.py": dedent(HIDDEN_TESTS)}, "timeout_s": 20}


async def test_hidden_tests_use_the_learners_code_as_if_it_were_theirs(opened: Opener, tmp_path: Path) -> None:
    """Values, classes, exceptions, callbacks, printing, files, patching and generators work across the two processes."""
    grade = await judge_files(opened, tmp_path, PYTEST, shop__py=SHOP)
    assert grade.passed, reasons(grade)


@pytest.mark.parametrize(
    ("old", "new", "test"),
    [
        ("(1, 2.5)", "(1, 2)", "test_value"),
        ("sum(self", "max(self", "test_class"),
        ("TooMuch(ValueError)", "TooMuch(Exception)", ""),
        ("raise TooMuch(count, 10)", "raise ValueError(99)", "test_error"),
        ("numbers.sort()", "sorted(numbers)", "test_in_place"),
        ("Hello, {name}!", "Hello {name}!", "test_print"),
        ("function(value) for", "value for", "test_callback"),
        ("yield number", "yield 0", "TestGenerator::test_lazy"),
        ("value * RATE", "value * 2", "test_patched"),
    ],
)
async def test_each_hidden_test_can_fail(old: str, new: str, test: str, opened: Opener, tmp_path: Path) -> None:
    """A mistake is found by the test that looks for it, and by no other; where nothing looks, none fails."""
    assert old in SHOP
    grade = await judge_files(opened, tmp_path, PYTEST, shop__py=SHOP.replace(old, new))
    failures = reasons(grade).get("c", "")
    assert grade.passed is (test == ""), failures
    assert failures.startswith(f"test_shop.py::{test}" if test else "")
    assert failures.count("test_shop.py::") == (1 if test else 0), failures


REWRITER = """
import gc
def double(x):
    for thing in gc.get_objects():
        if type(thing).__name__ == "function" and thing.__name__ == "test_two":
            thing.__code__ = (lambda: None).__code__
    return 42
"""
CONFTEST = """
def pytest_pyfunc_call(pyfuncitem): return True
"""
SIMPLE = {
    "kind": "pytest",
    "files": {
        "test_it.py": "import it\n\ndef test_one():\n    assert it.double(21) == 42\n\ndef test_two():\n    assert it.double(2) == 4\n"
    },
    "timeout_s": 15,
}


PLAIN = {
    "id": "plain",
    "kind": "script",
    "script": 'cp "$CHECK_DIR/test_it.py" . && python3 -m pytest -q test_it.py',
    "files": SIMPLE["files"],
    "timeout_s": 15,
}


@pytest.mark.parametrize(
    "cheat",
    [
        "class E:\n    def __eq__(self, other): return True\ndef double(x): return E()",
        "import pytest\ndef double(x): pytest.skip()",
        "import os\nos._exit(0)",
        "import atexit, os\natexit.register(os._exit, 0)\ndef double(x): return 0",
        "import _pytest.runner as r\nr.runtestprotocol = lambda *a, **k: []\ndef double(x): return 42",
        "import unittest\ndef double(x): raise unittest.SkipTest",
        REWRITER,
    ],
)
async def test_no_trick_makes_a_wrong_module_pass_hidden_tests(cheat: str, opened: Opener, tmp_path: Path) -> None:
    """What fools tests that run in one process with the learner's code (the control) does nothing to tests in another."""
    task = await task_of(tmp_path, {"id": "c", **SIMPLE}, PLAIN)
    grade = await verdict(opened, task, [TaskFile("it.py", cheat.encode(), 0o644)])
    assert [check.passed for check in grade.checks] == [False, True], reasons(grade)


COMPARES = {
    "kind": "pytest",
    "files": {
        "test_it.py": "from pathlib import Path\nimport it\n\ndef test_one(tmp_path):\n    made = it.make(str(tmp_path / 'made'))\n"
        "    assert Path(made).read_text() == Path(__file__).with_name('expected').read_text()\n",
        "expected": "secret",
    },
    "timeout_s": 15,
}
MAKES = """
import glob, os
def make(path):
    os.symlink("{target}", path)
    return {returned}
"""
BESIDE = "[*glob.glob('/tmp/.*'), ''][0] + '/expected'"


@pytest.mark.parametrize(
    ("target", "returned"),
    [("/proc/self/cwd/expected", "path"), ("/proc/self/fd/3", "path"), ("x", "'expected'"), ("x", BESIDE)],
)
async def test_what_is_expected_can_not_be_linked_to(target: str, returned: str, opened: Opener, tmp_path: Path) -> None:
    """The tests open what the learner's code names with rights that it has not; no name of it leads to a hidden file."""
    wrong = await judge_files(opened, tmp_path, COMPARES, it__py=MAKES.format(target=target, returned=returned))
    assert not wrong.passed
    right = await judge_files(opened, tmp_path, COMPARES, it__py="def make(path):\n    open(path, 'w').write('secret')\n    return path\n")
    assert right.passed, reasons(right)


@pytest.mark.parametrize(
    "program",
    ["", "raise KeyboardInterrupt", "def double(x): raise SystemExit(0)", "while True: pass", "syntax error", "def double(x): return 1j"],
)
async def test_a_module_that_is_plainly_wrong_fails(program: str, opened: Opener, tmp_path: Path) -> None:
    """Nothing that goes wrong over there is taken for a pass or for a fault of the grader."""
    assert not (await judge_files(opened, tmp_path, {**SIMPLE, "timeout_s": 5}, it__py=program)).passed


@pytest.mark.parametrize(
    "files",
    [
        {"conftest__py": CONFTEST},
        {"pytest__py": "raise SystemExit(0)", "json__py": "dumps = loads = None", "difflib__py": "raise SystemExit(0)"},
        {"sitecustomize__py": "import os; os._exit(0)", "test_it__py": "def test_one(): pass\ndef test_two(): pass"},
        {"pytest__ini": "[pytest]\naddopts = --collect-only", "setup__cfg": "[tool:pytest]\naddopts = -k nothing"},
    ],
)
async def test_files_in_the_workspace_do_not_steer_hidden_tests(files: dict[str, str], opened: Opener, tmp_path: Path) -> None:
    """conftest.py, settings of pytest and modules named as the standard library's mean nothing: wrong stays wrong, right stays right."""
    wrong = await judge_files(opened, tmp_path, SIMPLE, it__py="def double(x): return 42", **files)
    assert "test_two failed" in reasons(wrong)["c"]
    assert "test_one" not in reasons(wrong)["c"]
    right = await judge_files(opened, tmp_path, SIMPLE, it__py="def double(x): return x * 2", **files)
    assert right.passed, reasons(right)


OWNED = """
import os
import it

def test_one():
    try:
        it.double("open('/tmp/owned', 'w')")("open('/tmp/owned', 'w')")
    except Exception:
        pass
    assert os.path.exists("/tmp/owned")
"""
PACKAGED = """
import os
import pack.inner
from pack import inner
from pack.inner import who

def test_one():
    assert who() == 1000 != os.getuid()
    assert pack.inner.who() == inner.who() == 1000
"""


@pytest.mark.parametrize(
    "answer",
    [
        '{"value": {"mine": [1, ["exec", ["exec"]]]}}',
        '{"value": {"mine": [1, ["__import__", ["__import__"]]]}}',
        '{"raised": {"class": {"mine": [1, ["exec", ["exec"]]]}, "args": ["open(chr(47)+\\"tmp/owned\\", \\"w\\")"], "attributes": []}}',
        '{"value": {"yours": 0}}',
        '{"do": "getattr", "args": [{"yours": 0}, "__globals__"], "named": {}}',
        '{"do": "call", "args": [{"mine": [1, ["eval", ["eval"]]]}, "1"], "named": {}}',
        "[]",
        "garbage",
        "x" * 100,
    ],
)
async def test_forged_answers_are_data_at_most(answer: str, opened: Opener, tmp_path: Path) -> None:
    """A worker taken over by the learner's code can name no function of the tests' process and make it run nothing."""
    program = f"""
        import gc, socket, os
        def double(x):
            for thing in gc.get_objects():
                if isinstance(thing, socket.socket):
                    os.write(thing.fileno(), {answer!r}.encode() + b"\\n")
            raise SystemExit
    """
    tests = {"test_it.py": OWNED}
    grade = await judge_files(opened, tmp_path, {**SIMPLE, "files": tests}, it__py=program)
    assert not grade.passed, "the learner's code made the tests' process create a file"


async def test_packages_are_imported_over_there(opened: Opener, tmp_path: Path) -> None:
    """Submodules of the learner's packages run in the learner's process too, however they are imported."""
    tests = {"test_it.py": PACKAGED}
    task = await task_of(tmp_path, {"id": "c", **SIMPLE, "files": tests})
    files = [
        TaskFile("pack/__init__.py", b"", 0o644),
        TaskFile("pack/inner.py", b"import os\nwho = os.getuid\nfirst = os.getuid()\n", 0o644),
    ]
    grade = await verdict(opened, task, ["mkdir pack", *files])
    assert grade.passed, reasons(grade)


@pytest.mark.parametrize(
    ("tests", "expected", "reason"),
    [
        ("def test_a(): pass\n", ["test_it.py::test_a", "test_it.py::test_b"], "test_it.py::test_b did not run"),
        ("import pytest\n@pytest.mark.skip\ndef test_a(): pass\n", None, "test_a skipped"),
        ("import pytest\n@pytest.mark.xfail\ndef test_a(): assert 0\n", None, "test_a skipped"),
        ("import pytest\n@pytest.mark.xfail\ndef test_a(): pass\n", None, "test_a xpassed"),
        ("import nothing_of_that_name\ndef test_a(): pass\n", None, "test_it.py failed"),
        ("def test_a(): pass\ndef test_b(): assert 0\n", ["test_it.py::test_a"], "test_b failed"),
        ("import pytest\n@pytest.fixture\ndef f():\n    yield\n    assert 0\ndef test_a(f): pass\n", None, "test_a failed"),
    ],
)
async def test_every_expected_test_must_really_pass(
    tests: str, expected: list[str] | None, reason: str, opened: Opener, tmp_path: Path
) -> None:
    """Missing, skipped, expected to fail, broken at collection or at teardown: none of it is a pass, whoever caused it."""
    check = {**SIMPLE, "files": {"test_it.py": tests}, **({"expected": expected} if expected else {})}
    grade = await judge_files(opened, tmp_path, check, it__py="")
    assert reason in reasons(grade)["c"]
