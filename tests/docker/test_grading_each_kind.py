"""The kinds of check in real containers: what passes, what fails and why, and what a cheat gets from them (nothing)."""

from pathlib import Path
from typing import Any

import pytest
from grading_helpers import Opener, judge_files, reasons

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]


CASES = {
    "kind": "cases",
    "command": "python3 add.py",
    "cases": [
        {"stdin": "1 2\n", "stdout": "3"},
        {"name": "with an argument", "stdin": "1 2\n", "args": ["a 'quoted' one", ""], "stdout": {"exact": "3\na 'quoted' one,\n"}},
        {"name": "no numbers", "stdin": "", "stdout": "", "exit_code": 2},
    ],
}
ADD = """
    import sys
    words = sys.stdin.read().split()
    if not words:
        sys.exit(2)
    print(sum(map(int, words)))
    if sys.argv[1:]:
        print(",".join(sys.argv[1:]))
"""


async def test_cases_pass_when_every_one_agrees(opened: Opener, tmp_path: Path) -> None:
    """A program that does what the table says passes, arguments with blanks and quotes included."""
    grade = await judge_files(opened, tmp_path, CASES, add__py=ADD)
    assert grade.passed, reasons(grade)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (ADD.replace("sys.exit(2)", "pass"), "no numbers: the command exited with 0, not with 2"),
        ("print(3)", "with an argument: stdout must be exact"),
        ("import time; time.sleep(60)", "case 1: the command ran out of time"),
        ("", "case 1: stdout must be normalized '3', but is ''"),
    ],
)
async def test_the_first_case_that_disagrees_is_told(program: str, reason: str, opened: Opener, tmp_path: Path) -> None:
    """One wrong row fails the check, and its author reads which."""
    grade = await judge_files(opened, tmp_path, {**CASES, "timeout_s": 3}, add__py=program)
    assert reason in reasons(grade)["c"]


FUNCTION = {
    "kind": "function",
    "module": "stats.py",
    "function": "spread",
    "calls": [
        {"args": [[1, 5, 3]], "returns": [1, 5]},
        {"args": [[0.1, 0.2]], "kwargs": {"scale": 3}, "returns": [0.3, 0.6]},
        {"args": [[]], "raises": "ValueError"},
        {"args": [{"set": [4, 2]}], "returns": [2, 4]},
    ],
}
SPREAD = """
    def spread(numbers, scale=1):
        print("noise on standard output")
        return min(numbers) * scale, max(numbers) * scale
"""


async def test_a_function_is_judged_by_what_it_returns_and_raises(opened: Opener, tmp_path: Path) -> None:
    """Values are compared as data (tuples as lists, floats within the tolerance), exceptions by class; what is printed does not matter."""
    grade = await judge_files(opened, tmp_path, FUNCTION, stats__py=SPREAD)
    assert grade.passed, reasons(grade)


EVERYTHING = """
    class Everything(int):
        def __eq__(self, other): return True
        def __hash__(self): return 1
        def __iter__(self): return iter([1, 5])
        def __len__(self): return 2
"""


FLOOD = """
    import os
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, b'{"value": [1, 5]}\\n' * 9)
        except OSError:
            pass
    def spread(*a, **k): return 1
"""


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("def spread(numbers, scale=1): return [1, 5]", "must return '[0.3, 0.6]', but returned '[1, 5]'"),
        ("def spread(numbers, scale=1): return min(numbers), max(numbers)", "must return"),
        ("def other(): pass", "could not be called"),
        ("import os; os._exit(0)", "nothing came of it"),
        ("def spread(*a, **k):\n    import os; os._exit(0)", "nothing came of it"),
        ("raise SystemExit(0)", "could not be called"),
        ("syntax error", "could not be called"),
        ("while True: pass", "ran out of time"),
        (EVERYTHING + "    def spread(*a, **k): return Everything()", "must return '[1, 5]', but returned"),
        ("import builtins, json\njson.dumps = lambda *a, **k: '{\"value\": [1, 5]}'\ndef spread(*a, **k): pass", "must return"),
        (FLOOD, ""),
        ("def spread(numbers, scale=1):\n    raise ValueError", "raised 'ValueError()'"),
        ("import sys\nsys.modules['__main__'].outcome = lambda f, c: {'value': c}\ndef spread(*a, **k): pass", "must return"),
    ],
)
async def test_no_trick_makes_a_wrong_function_right(program: str, reason: str, opened: Opener, tmp_path: Path) -> None:
    """What is expected is not in the process of the learner's code, so nothing that it does there can say it."""
    grade = await judge_files(opened, tmp_path, {**FUNCTION, "timeout_s": 4}, stats__py=program)
    assert not grade.passed
    assert reason in reasons(grade)["c"]


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ({"script": "test -f answer.txt && grep -q 42 answer.txt"}, ""),
        ({"script": "exit 3"}, "the script exited with 3"),
        ({"script": ["echo why >&2", "false"]}, "the script exited with 1 and said 'why\\n'"),
        ({"script": "kill -9 $$"}, "the script died of signal 9"),
        ({"script": "sleep 60"}, "the script ran out of time"),
        ({"script": "import sys; sys.exit(0 if open('answer.txt').read() == '42\\n' else 1)", "interpreter": "/usr/bin/python3"}, ""),
        (
            {
                "script": '[[ $(< "$CHECK_DIR/data/want") == 42 ]] && test "$(id -u)" = 1000',
                "interpreter": "/bin/bash",
                "files": {"data/want": "42"},
            },
            "",
        ),
        ({"script": "read line && exit 1; exit 0"}, ""),
        ({"script": 'test "$(stat -c %a "$CHECK_DIR")" = 700 && test ! -e codecraft-script && test $PWD = /workspace'}, ""),
    ],
)
async def test_a_script_passes_by_its_true_exit_code(check: dict[str, Any], reason: str, opened: Opener, tmp_path: Path) -> None:
    """A hidden script sees the work and its own hidden files, runs as the learner's user, and passes when it really exits with 0."""
    grade = await judge_files(opened, tmp_path, {"kind": "script", "timeout_s": 4, **check}, answer__txt="42\n")
    assert grade.passed is (reason == ""), reasons(grade)
    assert reason in reasons(grade).get("c", "")


async def test_the_largest_check_that_may_be_written_can_be_run(opened: Opener, tmp_path: Path) -> None:
    """What the loader accepts fits into the frames that carry it: long commands with quoted arguments, many large hidden files."""
    comment = "#" + "x" * 35_000 + "\necho"
    case = {"args": ["'" * 2000], "stdout": {"exact": "'" * 2000 + "\n"}}
    grade = await judge_files(opened, tmp_path, {"kind": "cases", "command": comment, "cases": [case]})
    assert grade.passed, reasons(grade)
    files = {f"d/{number}": "y" * 2700 for number in range(500)}
    script = "#" + "z" * 60_000 + '\ntest "$(ls "$CHECK_DIR/d" | wc -l)" = 500'
    grade = await judge_files(opened, tmp_path, {"kind": "script", "script": script, "files": files})
    assert grade.passed, reasons(grade)


TAKES_OVER = """
import os
here = os.environ["CHECK_DIR"]
script = os.path.join(here, "codecraft-script")
os.chmod(script, 0o644)
with open(script, "r+") as file:
    kept = file.read()
    file.write("\\nexit 0\\n" * 5000)
with open(os.path.join(here, "colorsys.py"), "w") as file:
    file.write("import os; os._exit(0)")
print("wrong")
"""
BY_SHELL = 'test "$(python3 program.py)" = right\n'
BY_PYTHON = """
import subprocess
said = subprocess.run(["python3", "program.py"], stdout=subprocess.PIPE, text=True).stdout
import colorsys
assert said.strip() == "right"
"""


@pytest.mark.parametrize(
    ("interpreter", "script"),
    [("/bin/sh", BY_SHELL), ("/bin/bash", BY_SHELL), ("/usr/bin/python3", BY_PYTHON)],
    ids=["sh", "bash", "python"],
)
async def test_code_under_test_can_not_write_the_rest_of_the_script(interpreter: str, script: str, opened: Opener, tmp_path: Path) -> None:
    """What it writes to the script's file and beside it is not run: neither further lines nor modules that are imported later."""
    check = {"kind": "script", "interpreter": interpreter, "script": script}
    assert not (await judge_files(opened, tmp_path, check, program__py=TAKES_OVER)).passed
    right = await judge_files(opened, tmp_path, check, program__py='print("right")')
    assert right.passed, reasons(right)
