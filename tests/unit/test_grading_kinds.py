"""How the kinds of check weigh what came back, against prepared programs; and that the page on tasks tells the truth."""

import json
import re
from pathlib import Path

import pytest
from authoring import DEFAULTS, SCHEMA
from each import each
from jsonschema import Draft202012Validator
from scripted_sandbox import SPEC, Answer, Program, ScriptedSandbox, ends
from snippets import snippet

from codecraft_server.curriculum import load
from codecraft_server.curriculum.kinds import KINDS
from codecraft_server.grading.kinds import RUNNERS
from codecraft_server.grading.place import Place
from codecraft_server.grading.verdict import FaultKind, GradingFault
from codecraft_server.sandbox import EndReason, FileProblem, FileProblemKind
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Call, Case, CasesCheck, CheckBody, Expected, FunctionCheck, Match, PytestCheck, ScriptCheck, TaskFile

PAGE = Path(__file__).parents[2] / "docs" / "tasks.md"


async def reason(body: CheckBody, *answers: Answer) -> str:
    """Run one check and return why it failed."""
    bounds = GradingBounds(leave_s=0.01)
    place = Place(ScriptedSandbox(answers=list(answers)), SPEC.working_dir, programs_breakable=False, bounds=bounds)
    return await RUNNERS[type(body)](body, place, 5.0)


FUNCTION = FunctionCheck("m.py", "f", (Call("[1]", returns="2"), Call("[2]", raises="ValueError")))
GOOD_LINES = b'{"value": 2}\n{"raised": ["ValueError", "Exception"], "message": ""}\n'


@each("tag", ["set", "frozenset", "dict"])
async def test_what_needs_more_ordering_than_what_is_expected_is_not_ordered(tag: str) -> None:
    """Each level of sets in sets is written out to order it, so that a deep and large value would hold the whole server up."""
    nested = {"set": [[1, 2]]}
    for _ in range(3):
        nested = {tag: [nested]}
    expected = FunctionCheck("m.py", "f", (Call("[]", returns='{"set": [[2, 1]]}'),))
    assert "no result that can be read" in await reason(expected, Program(json.dumps({"value": nested}).encode() + b"\n"))


async def test_sets_in_sets_agree_in_any_order() -> None:
    """What is expected says how deep the ordering goes."""
    expected = FunctionCheck("m.py", "f", (Call("[]", returns='{"set": [{"frozenset": [1, 2]}, {"frozenset": [3]}]}'),))
    came = b'{"value": {"set": [{"frozenset": [3]}, {"frozenset": [2, 1]}]}}\n'
    assert await reason(expected, Program(came)) == ""


@each(
    ("program", "why"),
    [
        (Program(GOOD_LINES), ""),
        (Program(GOOD_LINES, ended=ends(exit_code=1)), "exited with 1 after 2 of 2 results"),
        (Program(GOOD_LINES, ended=ends(EndReason.SIGNALLED, None, signal=9)), "died of signal 9"),
        (Program(GOOD_LINES * 2), "after 4 of 2 results"),
        (Program(GOOD_LINES, ended=ends(dropped_bytes=1)), "more than is kept"),
        (Program(b'{"value": 3}\n' + GOOD_LINES), "must return '2', but returned '3'"),
        (Program(b'{"value": 2}\n{"value": 2}\n'), "must raise ValueError, but returned '2'"),
        (Program(b'{"value": 2}\n{"raised": ["KeyError", "LookupError"]}\n'), "must raise ValueError"),
        (Program(b'{"value": 2}\n'), "nothing came of it"),
        (Program(b'{"value": 2}'), "nothing came of it"),
        (Program(b"garbage\n"), "gave no result that can be read"),
        (Program(b"[]\n"), "gave no result"),
        (Program(b'{"value": {"set": 3}}\n'), "gave no result that can be read"),
        (Program(b"[" * 100_000 + b"\n"), "gave no result that can be read"),
        (Program(b'{"broken": "SyntaxError()"}\n'), "could not be called: 'SyntaxError()'"),
    ],
)
async def test_what_a_function_is_said_to_return_is_weighed_here(program: Program, why: str) -> None:
    """Whatever bytes come from the learner's process, a call passes only by the right value."""
    found = await reason(FUNCTION, program)
    assert (found == "") is (why == "")
    assert why in found


async def test_an_integer_beyond_all_floats_is_a_wrong_value() -> None:
    """What is expected may be a float: then too such an integer fails the check, and breaks nothing."""
    body = FunctionCheck("m.py", "f", (Call("[1]", returns="2.5"),))
    assert "must return" in await reason(body, Program(b'{"value": 1' + b"0" * 400 + b"}\n"))


def outcomes(**results: str) -> bytes:
    return json.dumps({f"test_a.py::{name}": [outcome, "why"] for name, outcome in results.items()}).encode()


PYTEST = PytestCheck((TaskFile("test_a.py", b"", 0o644),), ("test_a.py::one",))


@each(
    ("program", "why"),
    [
        (Program(outcomes(one="passed")), ""),
        (Program(outcomes(one="passed", two="passed")), ""),
        (Program(outcomes(one="passed", two="skipped")), "test_a.py::two skipped: why"),
        (Program(outcomes(two="passed")), "test_a.py::one did not run"),
        (Program(outcomes(one="failed")), "test_a.py::one failed: why"),
        (Program(b""), "said nothing that can be read"),
        (Program(outcomes(one="passed"), ended=ends(exit_code=1)), "exited with 1"),
        (Program(outcomes(one="passed"), ended=ends(EndReason.TIMED_OUT, None)), "ran out of time"),
    ],
)
async def test_every_expected_test_must_be_reported_passed(program: Program, why: str) -> None:
    """Only a whole report in which everything passed is a pass."""
    found = await reason(PYTEST, program, Program(hangs=True))
    assert (found == "") is (why == "")
    assert why in found


async def test_an_image_without_pytest_is_the_tasks_fault() -> None:
    """The learner can't help what the image lacks."""
    with pytest.raises(GradingFault) as caught:
        await reason(PYTEST, Program(ended=ends(exit_code=90)), Program(hangs=True))
    assert caught.value.kind is FaultKind.TASK_BROKEN


async def test_the_worker_of_hidden_tests_ends_with_them() -> None:
    """The process with the learner's code does not outlive the tests."""
    worker = Program(hangs=True)
    assert await reason(PYTEST, Program(outcomes(one="passed")), worker) == ""
    assert worker.interrupted


async def test_an_image_without_python_is_the_tasks_fault() -> None:
    """A function can't be judged where its interpreter is missing."""
    missing = FileProblem(FileProblemKind.NOT_FOUND, "no such file")
    with pytest.raises(GradingFault) as caught:
        await reason(FUNCTION, missing, missing)
    assert caught.value.kind is FaultKind.TASK_BROKEN
    assert "/usr/bin/python3" in caught.value.message


@pytest.mark.parametrize(
    ("program", "why"), [(Program(), ""), (Program(err=b"no", ended=ends(exit_code=1)), "the script exited with 1 and said 'no'")]
)
async def test_a_script_is_weighed_by_its_exit_code(program: Program, why: str) -> None:
    """It passes with 0 and tells its last words otherwise."""
    assert await reason(ScriptCheck("true"), program) == why


async def test_cases_stop_at_the_first_that_disagrees() -> None:
    """The rest need not be run."""
    cases = tuple(Case(name, "", Expected(Match.EXACT, "x")) for name in ("a", "b", "c"))
    sandbox = ScriptedSandbox(answers=[Program(b"x"), Program(b"y")])
    found = await RUNNERS[CasesCheck](CasesCheck("p", cases), Place(sandbox, b"/home/box", programs_breakable=False), 5.0)
    assert found.startswith("b: stdout must be exact")
    assert len(sandbox.executed) == 2


async def test_what_is_hidden_is_in_no_command_line_and_no_environment() -> None:
    """Files of a check, scripts and expected values travel by standard input or not at all: no process list shows them."""
    secret = "s3cret"
    bodies: list[CheckBody] = [
        ScriptCheck(f"# {secret}", files=(TaskFile("data", secret.encode(), 0o644),)),
        PytestCheck((TaskFile("test_a.py", f"# {secret}".encode(), 0o644),), ("test_a.py::one",)),
        FunctionCheck("m.py", "f", (Call("[1]", returns=json.dumps(secret)),)),
    ]
    for body in bodies:
        sandbox = ScriptedSandbox()
        await RUNNERS[type(body)](body, Place(sandbox, b"/home/box", programs_breakable=False), 5.0)
        assert sandbox.executed
        for execution in sandbox.executed:
            assert secret not in repr((execution.argv, execution.environment, execution.cwd))
    assert all(secret.encode() not in execution.stdin for execution in sandbox.executed), "what is expected left the server"


def test_every_kind_that_can_be_written_can_be_run_and_is_described() -> None:
    """The reader, the runner, the schema and the page know the same kinds."""
    assert len(RUNNERS) == len(KINDS)
    assert set(SCHEMA["$defs"]["check"]["properties"]["kind"]["enum"]) == set(KINDS)
    described = set(re.findall(r"^\| `(\w+)` \| ", PAGE.read_text().split("## Checks")[1].split("What is **expected**")[0], re.MULTILINE))
    assert described == set(KINDS)


def test_the_example_on_the_page_loads(tmp_path: Path) -> None:
    """The small task of docs/tasks.md is a curriculum, by the loader and by the schema."""
    shown = snippet("docs/tasks.md", "small task")
    file = tmp_path / "curriculum.json"
    file.write_text(shown)
    assert list(load(file, DEFAULTS).tasks) == ["reverse"]
    Draft202012Validator(SCHEMA).validate(json.loads(shown))
