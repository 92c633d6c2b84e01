"""Loading: what is accepted, what it becomes, and what an author is told when it is not accepted."""

import base64
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from authoring import ANCESTOR, COMMAND, DEFAULTS, FILE, GOOD, SCHEMA, complaints, document, entry, loaded
from each import each

from codecraft_server.curriculum import load
from codecraft_server.errors import CurriculumError, TaskNotFoundError
from codecraft_server.task import (
    Aggregate,
    Call,
    Case,
    CasesCheck,
    CommandCheck,
    Expected,
    FileCheck,
    FunctionCheck,
    GradingPlace,
    Match,
    PytestCheck,
    ScriptCheck,
    TaskFile,
    Visibility,
)


def test_the_ancestors_file_loads_unchanged(tmp_path: Path) -> None:
    """A curriculum of gym-codecraft loads as it is: its sandboxes are writable, its teacher's text is hidden, it has no checks."""
    tasks = load(ANCESTOR, DEFAULTS).tasks
    assert list(tasks) == ["1", "2", "three"]
    assert (tasks["1"].sandbox.working_dir, tasks["2"].sandbox.working_dir) == (b"/tmp", b"/workspace")
    assert all(task.sandbox.writable_rootfs and not task.checks for task in tasks.values())
    assert tasks["three"].test == ""
    assert tasks["three"].for_teacher == "Look at names and comments, and run it."
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(ANCESTOR.read_text()))
    assert loaded(tmp_path, ANCESTOR.read_text()).digest == load(ANCESTOR, DEFAULTS).digest


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    """What an entry does not say comes from the defaults of the settings."""
    task = loaded(tmp_path, document()).get("t")
    assert task.limits.steps == DEFAULTS.steps
    assert task.limits.grading_s == DEFAULTS.grading_s
    assert task.limits.output_bytes == DEFAULTS.output_kb * 1024
    assert task.sandbox.limits.memory_bytes == DEFAULTS.memory_mb * 1024 * 1024
    assert task.sandbox.limits.disk_bytes == DEFAULTS.disk_mb * 1024 * 1024
    assert (task.sandbox.working_dir, task.sandbox.root_user, task.sandbox.network) == (b"/workspace", False, False)
    assert task.sandbox.writable_rootfs is False
    assert (task.pass_score, task.malformed_penalty) == (DEFAULTS.pass_score, DEFAULTS.malformed_penalty)
    assert (task.aggregate, task.grading_place, task.grading_paths) == (Aggregate.ALL, GradingPlace.FRESH, (".",))


def test_the_default_disk_shrinks_with_the_memory(tmp_path: Path) -> None:
    """A task that only lowers its memory needs not say that its disk is smaller too."""
    task = loaded(tmp_path, document(limits={"memory_mb": 64})).get("t")
    assert task.sandbox.limits.disk_bytes == 32 * 1024 * 1024


def test_all_fields_arrive(tmp_path: Path) -> None:
    """Every field that may be set is carried into the task."""
    check = {
        **FILE,
        "title": "It is there",
        "weight": 3,
        "timeout_s": 2,
        "visibility": "result",
        "mode": "0755",
        "content": {"json": {"b": 1}},
    }
    content = document(
        tags=["x"],
        difficulty=4,
        user="root",
        capabilities=["CHOWN"],
        rootfs="writable",
        network="bridge",
        limits={"steps": 7, "cpus": 0.5, "pids": 99},
        setup=["true", ["a", "b"]],
        checks=[check, {**COMMAND, "stdin": "in", "exit_code": None, "stderr": {"contains": "x"}}],
        milestones=[{**FILE, "exists": False}],
        milestone_share=0.25,
        grading={"place": "in_place", "paths": ["out", "/srv/x"], "aggregate": "weighted", "pass_score": 0.5},
        malformed_penalty=-0.5,
        solution=["one", {"files": {"f": "two"}}],
        wrong=[{"name": "w", "commands": ["three"], "max_score": 0.25}],
        license="MIT",
        source="ours",
    )
    task = loaded(tmp_path, content).get("t")
    assert (task.tags, task.difficulty, task.license, task.source) == (("x",), 4, "MIT", "ours")
    assert (task.sandbox.root_user, task.sandbox.capabilities, task.sandbox.writable_rootfs, task.sandbox.network) == (
        True,
        ("CHOWN",),
        True,
        True,
    )
    assert (task.limits.steps, task.sandbox.limits.cpus, task.sandbox.limits.pids) == (7, 0.5, 99)
    assert task.setup == ("true", "a\nb")
    assert task.checks[0].body == FileCheck("a.txt", mode=0o755, content=Expected(Match.JSON, '{"b": 1}'))
    assert (task.checks[0].title, task.checks[0].visibility, task.checks[0].timeout_s) == ("It is there", Visibility.RESULT, 2.0)
    assert task.checks[1].body == CommandCheck("true", stdin="in", exit_code=None, stderr=Expected(Match.CONTAINS, "x"))
    assert [check.weight for check in task.checks] == [0.75, 0.25]
    assert task.milestones[0].body == FileCheck("a.txt", exists=False)
    assert task.milestone_share == 0.25
    assert (task.grading_place, task.grading_paths) == (GradingPlace.IN_PLACE, ("out", "/srv/x"))
    assert (task.aggregate, task.pass_score, task.malformed_penalty) == (Aggregate.WEIGHTED, 0.5, -0.5)
    assert task.solution == ("one", TaskFile("f", b"two", 0o644))
    assert (task.wrong[0].name, task.wrong[0].commands, task.wrong[0].max_score) == ("w", ("three",), 0.25)


def test_the_further_kinds_of_check_are_read(tmp_path: Path) -> None:
    """Tables of cases and calls, hidden tests and scripts arrive as written, with their defaults."""
    checks = [
        {
            "id": "a",
            "kind": "cases",
            "command": "x",
            "cases": [{"stdout": "1"}, {"name": "n", "stdin": "i", "args": ["-a"], "stdout": {"exact": ""}}],
        },
        {"id": "b", "kind": "function", "module": "m.py", "function": "f", "calls": [{"args": [1], "returns": None}, {"raises": "E"}]},
        {"id": "c", "kind": "pytest", "files": {"test_x.py": ["def test_a(): pass", "class TestB:", "    def test_c(self): pass"]}},
        {"id": "d", "kind": "script", "script": ["true", "false"], "files": {"data": "1"}},
    ]
    bodies = [check.body for check in loaded(tmp_path, document(checks=checks)).get("t").checks]
    first = Case("case 1", "", Expected(Match.NORMALIZED, "1"))
    assert bodies[0] == CasesCheck("x", (first, Case("n", "i", Expected(Match.EXACT, ""), ("-a",))))
    assert bodies[1] == FunctionCheck("m.py", "f", (Call("[1]"), Call("[]", raises="E")))
    assert isinstance(bodies[2], PytestCheck)
    assert bodies[2].expected == ("test_x.py::test_a", "test_x.py::TestB::test_c")
    assert bodies[3] == ScriptCheck("true\nfalse", "/bin/sh", (TaskFile("data", b"1", 0o644),))


def test_files_may_be_text_lines_or_bytes(tmp_path: Path) -> None:
    """A file is a text, lines that each get a line end, or base64; and may have a mode."""
    files = {
        "text": "a\nb",
        "lines": ["a", "b"],
        "both/ways": {"lines": ["a"], "mode": "0755"},
        "/tmp/bytes": {"base64": base64.b64encode(b"\xff\0").decode()},  # noqa: S108 - in a sandbox
    }
    assert loaded(tmp_path, document(files=files)).get("t").files == (
        TaskFile("text", b"a\nb", 0o644),
        TaskFile("lines", b"a\nb\n", 0o644),
        TaskFile("both/ways", b"a\n", 0o755),
        TaskFile("/tmp/bytes", b"\xff\0", 0o644),  # noqa: S108 - in a sandbox
    )


def test_timeouts_without_a_value_share_what_the_others_leave(tmp_path: Path) -> None:
    """Together the checks of a task always fit into its grading time."""
    checks = [{**COMMAND, "timeout_s": 110}, {**COMMAND, "id": "b"}, {**COMMAND, "id": "c"}]
    task = loaded(tmp_path, document(checks=checks)).get("t")
    assert [check.timeout_s for check in task.checks] == [110, 5, 5]


def folder_task(tmp_path: Path, **changes: Any) -> Path:
    folder = tmp_path / "tasks" / "big"
    folder.mkdir(parents=True)
    (folder / "task.json").write_text(json.dumps(entry(**changes)))
    return folder


IN_FOLDER = {"tasks": {"t": {"folder": "tasks/big"}}}


def test_a_task_may_live_in_a_folder_of_its_own(tmp_path: Path) -> None:
    """Texts and files of a large task are ordinary files beside its task.json."""
    folder = folder_task(
        tmp_path,
        description={"from": "text/job.md"},
        files={"data.bin": {"from": "data.bin", "mode": "0600"}},
        solution=[{"from": "solve.sh"}],
    )
    (folder / "text").mkdir()
    (folder / "text" / "job.md").write_text("Do what is hard.\n")
    (folder / "data.bin").write_bytes(b"\0\1")
    (folder / "solve.sh").write_text("true")
    task = loaded(tmp_path, IN_FOLDER).get("t")
    assert task.description == "Do what is hard.\n"
    assert task.files == (TaskFile("data.bin", b"\0\1", 0o600),)
    assert task.solution == ("true",)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../../secret", "leads out of"),
        ("link", "leads out of"),
        ("/etc/hostname", "leads out of"),
        ("missing", "there is no such file"),
        ("sub", "is not a file"),
        ("", "must be a path"),
        ("a\0b", "must be a path"),
        ("binary", "the file is not UTF-8 (byte 0)"),
    ],
)
def test_a_folder_is_left_by_no_path(name: str, reason: str, tmp_path: Path) -> None:
    """`from` reaches regular files inside the folder, and nothing else, by links neither; the problem names the folder's own file."""
    folder = folder_task(tmp_path, description={"from": name})
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "sub").mkdir()
    (folder / "binary").write_bytes(b"\xff")
    (tmp_path / "secret").write_text("secret")
    (line,) = complaints(tmp_path, IN_FOLDER)
    assert line.startswith(f"{folder / 'task.json'}: description")
    assert reason in line


def test_a_folder_without_task_json_is_told(tmp_path: Path) -> None:
    """A folder that holds no task.json is a problem of its own."""
    (tmp_path / "tasks" / "big").mkdir(parents=True)
    (line,) = complaints(tmp_path, IN_FOLDER)
    assert "there is no such file" in line
    assert "task.json" in line


@each(
    ("content", "reason"),
    [
        (b"{", "line 1, column 2: no JSON: "),
        (b'{"tasks":\n', "line 1, column 10: no JSON: it ends too early"),
        (b'{"tasks": {}, }', "line 1, column "),
        (b"", "line 1, column 1: no JSON"),
        (b"\xff{}", "byte 0: not UTF-8"),
        (b'{"tasks": NaN}', "NaN is no JSON"),
        (b"[" * 100_000, "no JSON that can be used"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(content: bytes, reason: str, tmp_path: Path) -> None:
    """A syntax error is told with line and column; nothing that Python accepts beyond JSON is accepted."""
    file = tmp_path / "c.json"
    file.write_bytes(content)
    with pytest.raises(CurriculumError) as caught:
        load(file, DEFAULTS)
    assert str(file) in caught.value.message
    assert reason in caught.value.message


def test_a_key_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    """JSON parsers keep the last of two equal keys in silence; here nothing is skipped in silence."""
    text = json.dumps(document()).replace('"title": "Title"', '"title": "Title", "title": "Other"')
    assert complaints(tmp_path, text) == [f"{tmp_path / 'curriculum.json'}: tasks.t.title: stands twice in the same object"]


def test_a_task_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    """Two tasks of one id are an error too."""
    text = f'{{"tasks": {{"t": {json.dumps(GOOD)}, "t": {json.dumps(GOOD)}}}}}'
    assert complaints(tmp_path, text) == [f"{tmp_path / 'curriculum.json'}: tasks.t: stands twice in the same object"]


def test_a_circle_of_prerequisites_is_told_in_order(tmp_path: Path) -> None:
    """Every task on the circle is named, each before the one that needs it."""
    content = {"tasks": {name: entry(prerequisites=[needs]) for name, needs in (("a", "c"), ("b", "a"), ("c", "b"))}}
    (line,) = complaints(tmp_path, content)
    circle = line.partition("circle: ")[2].split(" → ")
    assert circle[0] == circle[-1]
    assert sorted(circle[1:]) == ["a", "b", "c"]
    needs = {"a": "c", "b": "a", "c": "b"}
    assert all(needs[later] == earlier for later, earlier in zip(circle[1:], circle, strict=False)) or all(
        needs[earlier] == later for later, earlier in zip(circle[1:], circle, strict=False)
    )


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """An author sees every problem of a file in one go."""
    lines = complaints(tmp_path, document(difficulty=0, user="y", network="z"))
    assert sorted(line.split(": ")[1] for line in lines) == ["tasks.t.difficulty", "tasks.t.network", "tasks.t.user"]


def test_the_number_of_problems_told_is_bounded(tmp_path: Path) -> None:
    """Of very many problems the first twenty are told, and how many more there are."""
    lines = complaints(tmp_path, document(**{f"key{number}": 1 for number in range(50)}))
    assert len(lines) == 21
    assert lines[-1] == "… and 30 more"


def test_a_missing_file_is_a_curriculum_error(tmp_path: Path) -> None:
    """A path that names nothing is told as such, once."""
    with pytest.raises(CurriculumError) as refused:
        load(tmp_path / "nothing.json", DEFAULTS)
    assert refused.value.message == f"{tmp_path / 'nothing.json'}: there is no such file"


def test_an_unknown_task_is_refused_by_its_id(tmp_path: Path) -> None:
    """Asking for a task that is not there raises the service's typed error."""
    with pytest.raises(TaskNotFoundError, match=r"no task 'u' in the curriculum; `codecraft tasks` lists"):
        loaded(tmp_path, document()).get("u")


def test_ids_that_are_near_are_named(tmp_path: Path) -> None:
    """Of a misspelt id those that look like it are told."""
    tasks = loaded(tmp_path, {"tasks": {"csv-total": entry(), "poem": entry()}})
    with pytest.raises(TaskNotFoundError, match=r"did you mean 'csv-total'\? `codecraft tasks`"):
        tasks.get("cvs-totl")
