"""What a record of HumanEval becomes: the stub, the hidden test with the prompt's own helpers, the answers whose score is known."""

import sys
import types
from pathlib import Path

import pytest
from authoring import DEFAULTS
from each import each
from foreign import BY_NAME, HELPED, RECORDS, TRIPLE, jsonl

from codecraft_server.curriculum import Curriculum, load
from codecraft_server.errors import CurriculumError
from codecraft_server.importing import FORMATS, convert, save
from codecraft_server.task import Deed, PytestCheck, Task, TaskFile, Visibility


def imported(folder: Path, *records: dict[str, str]) -> Curriculum:
    """Import records and load what comes of it."""
    target = folder / "out.json"
    save(convert(FORMATS["humaneval"], jsonl(folder, *records), DEFAULTS), target, DEFAULTS, force=False)
    return load(target, DEFAULTS)


def hidden(task: Task) -> TaskFile:
    """The one hidden file."""
    (check,) = task.checks
    assert isinstance(check.body, PytestCheck)
    (file,) = check.body.files
    return file


def answer(deeds: tuple[Deed, ...]) -> str:
    """The solution.py that an answer consists of."""
    (deed,) = deeds
    assert isinstance(deed, TaskFile)
    assert deed.path == "solution.py"
    return deed.content.decode()


def holds(task: Task, solution: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the hidden test passes, run here: the text of these records is ours."""
    module = types.ModuleType("solution")
    exec(solution, vars(module))  # noqa: S102 - see above
    monkeypatch.setitem(sys.modules, "solution", module)
    tests: dict[str, object] = {}
    exec(hidden(task).content, tests)  # noqa: S102 - see above
    try:
        tests[f"test_{task.title}"]()  # type: ignore[operator]
    except (AssertionError, TypeError):
        return False
    return True


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["task_id"])
def test_known_answers_get_the_score_that_they_must(record: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The solution passes; an empty body and `return None` are Python and don't."""
    task = imported(tmp_path, record).get(record["task_id"])
    assert answer(task.solution) == record["prompt"] + record["canonical_solution"]
    assert holds(task, answer(task.solution), monkeypatch)
    assert [wrong.name for wrong in task.wrong] == ["an empty body", "return None"]
    for wrong in task.wrong:
        assert wrong.max_score == 0
        assert not holds(task, answer(wrong.commands), monkeypatch)


def test_a_task_says_what_an_agent_must_know(tmp_path: Path) -> None:
    """Prompt, file and function are in the description, and the file lies there so that a body can be appended."""
    task = imported(tmp_path, TRIPLE).get("Made/0")
    assert TRIPLE["prompt"].strip() in task.description
    assert "`solution.py`" in task.description
    assert "`triple`" in task.test
    assert {file.path: file.content.decode() for file in task.files} == {"solution.py": TRIPLE["prompt"]}
    assert (task.title, task.category, task.license) == ("triple", "HumanEval", "MIT")
    assert task.source.startswith("Made/0 of HumanEval, Chen et al. 2021")


def test_the_answer_is_in_nothing_that_an_agent_reads(tmp_path: Path) -> None:
    """Neither the solution nor what the test expects is in the description, and the check shows a result only."""
    task = imported(tmp_path, TRIPLE).get("Made/0")
    for seen in (task.description, task.test, *(file.content.decode() for file in task.files)):
        assert "3 * number" not in seen
        assert "candidate" not in seen
    assert task.checks[0].visibility is Visibility.RESULT


def test_the_tests_own_helpers_are_the_prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A learner who changes a helper that the test calls is judged by the prompt's."""
    task = imported(tmp_path, HELPED).get("Made/1")
    assert not holds(task, "def mirrored(text): return ''\ndef restored(text): return ''\n", monkeypatch)
    assert holds(task, "def restored(text): return text[::-1]\n", monkeypatch)


def test_a_test_that_names_the_function_means_the_learners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stub of the prompt is not in its place."""
    task = imported(tmp_path, BY_NAME).get("Made/2")
    assert holds(task, answer(task.solution), monkeypatch)
    assert "climbed" in hidden(task).content.decode()


def test_bodies_are_indented_as_the_solution_is(tmp_path: Path) -> None:
    """Tabs stay tabs, and a prompt without a line end gets one."""
    task = imported(tmp_path, BY_NAME).get("Made/2")
    assert answer(task.wrong[1].commands) == BY_NAME["prompt"] + "\n\treturn None\n"


UNUSABLE = [
    ({"prompt": "def triple(:\n"}, "line 1.prompt: no Python"),
    ({"canonical_solution": "    return (\n"}, "line 1.canonical_solution: no Python"),
    ({"test": "def check(candidate)\n"}, "line 1.test: no Python"),
    ({"test": "def chek(candidate): ...\n"}, "line 1.test: defines no function check(candidate)"),
    ({"entry_point": "tripel"}, "line 1.entry_point: the prompt defines no function 'tripel'"),
    ({"test": TRIPLE["test"] + "\ndef test_more(): ...\n"}, "line 1: defines 'test_more', which would be taken for a test"),
]


@each(("changes", "expected"), UNUSABLE)
def test_a_record_that_can_not_be_run_is_refused(changes: dict[str, str], expected: str, tmp_path: Path) -> None:
    """What is no Python, or not what it should define, is found at the import and not by an agent."""
    with pytest.raises(CurriculumError) as caught:
        imported(tmp_path, {**TRIPLE, **changes})
    assert expected in caught.value.message
