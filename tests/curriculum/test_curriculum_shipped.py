"""The curriculum that ships: what can be proven of it without an engine. How its tasks grade is seen in containers."""

import json
from pathlib import Path

import jsonschema
import pytest
from shipped import SHIPPED

import codecraft_server.curriculum
from codecraft_server.curriculum import shipped
from codecraft_server.task import Deed, GradingPlace, Task, TaskFile

TASKS = list(SHIPPED.tasks.values())
SCHEMA_FILE = Path(codecraft_server.curriculum.__file__).parent / "curriculum.schema.json"

every_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.task_id)


def test_the_ancestors_three_tasks_ship() -> None:
    """Tasks 1, 2 and 3 are the ancestor's, in order, on an image of ours, without a network."""
    first = TASKS[:3]
    assert [(task.task_id, task.title) for task in first] == [("1", "Hello World"), ("2", "Git Clone"), ("3", "Sort")]
    assert {(task.sandbox.image, task.sandbox.shell, task.sandbox.working_dir) for task in first} == {
        ("codecraft/debian:1", b"/bin/bash", b"/workspace")
    }


def test_every_folder_of_a_task_ships() -> None:
    """No task lies about that no entry names, and the entry's id is the folder's name."""
    entries = json.loads(shipped().read_text())["tasks"]
    named = {task_id: entry["folder"] for task_id, entry in entries.items() if "folder" in entry}
    assert sorted(named.values()) == sorted(f"tasks/{folder.name}" for folder in (shipped().parent / "tasks").iterdir())
    assert all(folder == f"tasks/{task_id}" for task_id, folder in named.items())


def test_the_curriculum_is_broad() -> None:
    """At least 60 tasks, no two with the same title, text or solution, in at least 12 categories, judged by at least 6 kinds of check."""
    assert len(TASKS) >= 60
    for texts in ([task.title for task in TASKS], [task.description for task in TASKS], [task.solution for task in TASKS]):
        assert len(set(texts)) == len(TASKS)
    assert len({task.category for task in TASKS}) >= 12
    assert len({type(check.body) for task in TASKS for check in task.checks}) >= 6


def test_difficulty_really_rises() -> None:
    """All degrees from 1 to 10 occur, and behind the first three tasks none comes before an easier one."""
    degrees = [task.difficulty for task in TASKS]
    assert set(degrees) == set(range(1, 11))
    assert degrees[3:] == sorted(degrees[3:])


def test_the_prerequisites_are_one_graph_that_begins_with_the_first_task() -> None:
    """Only task 1 needs nothing, and what a task needs comes before it: so each is reached from task 1, and there is no circle."""
    assert [task.task_id for task in TASKS if not task.prerequisites] == ["1"]
    places = {task.task_id: place for place, task in enumerate(TASKS)}
    assert not [task.task_id for task in TASKS if any(places[needed] >= places[task.task_id] for needed in task.prerequisites)]


def test_no_task_needs_a_harder_one() -> None:
    """What must be learned first is at most as hard."""
    harder = [(task.task_id, needed) for task in TASKS for needed in task.prerequisites if SHIPPED.get(needed).difficulty > task.difficulty]
    assert not harder


def lines_of(deed: Deed) -> int:
    return len((deed.content.decode() if isinstance(deed, TaskFile) else deed).splitlines())


def test_many_solutions_are_small_real_programs() -> None:
    """At least 10 solutions have a file of more than 60 lines."""
    assert len([task for task in TASKS if any(lines_of(deed) > 60 for deed in task.solution)]) >= 10


@every_task
def test_every_shipped_task_can_be_judged_and_proven(task: Task) -> None:
    """Every task has checks, a solution and at least three wrong answers of different names, needs no network and says what it is."""
    assert task.checks
    assert task.solution
    assert len({wrong.name for wrong in task.wrong}) == len(task.wrong) >= 3
    assert all(wrong.max_score < task.pass_score for wrong in task.wrong)
    assert not task.sandbox.network
    assert task.difficulty
    assert task.tags
    assert task.license
    assert task.description.strip()
    assert task.test.strip().endswith((".", "!", "?"))


@every_task
def test_no_shipped_task_tells_its_solution(task: Task) -> None:
    """Neither the text nor the files that the agent gets hold a file of the solution."""
    visible = [task.description, task.test, *(file.content.decode(errors="replace") for file in task.files)]
    secrets = [deed.content.decode() for deed in task.solution if isinstance(deed, TaskFile)]
    assert not [secret for secret in secrets if any(secret.strip() in text for text in visible)]


@every_task
def test_the_work_of_a_shipped_task_can_be_copied(task: Task) -> None:
    """What is judged lies below the working directory, so that every task is graded in a fresh sandbox."""
    assert task.grading_place is GradingPlace.FRESH
    assert task.grading_paths == (".",)


def test_the_shipped_files_fit_the_schema_that_they_name() -> None:
    """Editors find the schema by the relative path in the file; the file, and the entries in folders, are valid by it."""
    schema = json.loads(SCHEMA_FILE.read_text())
    content = json.loads(shipped().read_text())
    assert (shipped().parent / content["$schema"]).resolve() == SCHEMA_FILE.resolve()
    jsonschema.Draft202012Validator(schema).validate(content)
    entries = jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/entry"})
    for folder in (shipped().parent / "tasks").iterdir():
        entries.validate(json.loads((folder / "task.json").read_text()))


def test_the_schema_is_one() -> None:
    """The shipped JSON Schema is valid against its own dialect."""
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA_FILE.read_text()))


def test_the_page_on_tasks_lists_what_ships() -> None:
    """docs/tasks.md names every task with its difficulty, and how many there are."""
    page = (SCHEMA_FILE.parents[2] / "docs" / "tasks.md").read_text()
    assert f"{len(TASKS)} tasks in {len({task.category for task in TASKS})} categories" in page
    assert not [task.task_id for task in TASKS if f"`{task.task_id}` {task.difficulty}" not in page]
