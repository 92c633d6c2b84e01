"""Loading: what is accepted, what it becomes, and what an author is told when it is not accepted."""

import base64
import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import codecraft_server.curriculum
from codecraft_server.curriculum import Curriculum, load
from codecraft_server.errors import CurriculumError, TaskNotFoundError
from codecraft_server.settings import TaskDefaults
from codecraft_server.task import (
    Aggregate,
    CommandCheck,
    Expected,
    FileCheck,
    GradingPlace,
    Match,
    TaskFile,
    Visibility,
)

DEFAULTS = TaskDefaults()
ANCESTOR = Path(__file__).parent.parent / "data" / "ancestor_curriculum.json"
SCHEMA = json.loads((Path(codecraft_server.curriculum.__file__).parent / "curriculum.schema.json").read_text())

GOOD: dict[str, Any] = {
    "title": "Title",
    "category": "Python",
    "docker": "codecraft/debian:1",
    "shell": "/bin/bash",
    "description": "Do it.",
    "test": "It is done.",
}
COMMAND: dict[str, Any] = {"id": "run", "kind": "command", "command": "true"}
FILE: dict[str, Any] = {"id": "there", "kind": "file", "path": "a.txt"}


def entry(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(GOOD), **changes}


def document(**changes: Any) -> dict[str, Any]:
    return {"tasks": {"t": entry(**changes)}}


def loaded(folder: Path, content: Any) -> Curriculum:
    file = folder / "curriculum.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return load(file, DEFAULTS)


def complaints(folder: Path, content: Any) -> list[str]:
    with pytest.raises(CurriculumError) as caught:
        loaded(folder, content)
    return caught.value.message.split("\n")


# What is wrong; where it is; a part of the reason; whether the shape alone shows it, so that an editor's JSON Schema must too.
BAD: dict[str, tuple[Any, str, str, bool]] = {
    "no object": ([], "top level", "must be an object, not a list", True),
    "no tasks": ({}, "top level", '"tasks" is missing', True),
    "tasks is a list": ({"tasks": []}, "tasks", "must be an object", True),
    "empty": ({"tasks": {}}, "tasks", "must have 1 to", True),
    "unknown key at the top": ({"tasks": {"t": GOOD}, "task": {}}, "task", 'did you mean "tasks"?', True),
    "empty id": ({"tasks": {"": GOOD}}, 'tasks.""', "a task's id must be 1 to 128 printable", True),
    "long id": ({"tasks": {"x" * 129: GOOD}}, "tasks.xxx", "1 to 128", True),
    "id with a line end": ({"tasks": {"a\nb": GOOD}}, 'tasks."a\\nb"', "printable", True),
    "entry is no object": ({"tasks": {"t": 3}}, "tasks.t", "must be an object, not a number", True),
    "unknown key": (document(shel="/bin/sh"), "tasks.t.shel", 'unknown key; did you mean "shell"?', True),
    "camel case": (document(workingDir="/w"), "tasks.t.workingDir", 'did you mean "working_dir"?', True),
    "missing title": ({"tasks": {"t": {k: v for k, v in GOOD.items() if k != "title"}}}, "tasks.t", '"title" is missing', True),
    "neither test nor for_teacher": ({"tasks": {"t": {k: v for k, v in GOOD.items() if k != "test"}}}, "tasks.t", '"test"', True),
    "title is a number": (document(title=3), "tasks.t.title", "must be a string, not a number", True),
    "empty description": (document(description=""), "tasks.t.description", "must not be empty", True),
    "NUL in the description": (document(description="a\0b"), "tasks.t.description", "NUL", False),
    "half a surrogate pair": (document(description="\ud800"), "tasks.t.description", "surrogate", False),
    "huge description": (document(description="x" * 70_000), "tasks.t.description", "at most 65536 bytes, not 70000", False),
    "shell is relative": ({"tasks": {"t": {**GOOD, "shell": "bash"}}}, "tasks.t.shell", "must be an absolute path", True),
    "working_dir is the root": (document(working_dir="/"), "tasks.t.working_dir", "must not be the root", True),
    "working_dir leads up": (document(working_dir="/a/../b"), "tasks.t.working_dir", '".."', True),
    "image with a blank": (document(docker="a b"), "tasks.t.docker", "without blanks", True),
    "difficulty 11": (document(difficulty=11), "tasks.t.difficulty", "must be 1 to 10, not 11", True),
    "difficulty true": (document(difficulty=True), "tasks.t.difficulty", "a whole number, not true or false", True),
    "repeated tag": (document(tags=["a", "a"]), "tasks.t.tags[1]", "there already", True),
    "unknown user": (document(user="rot"), "tasks.t.user", 'did you mean "root"?', True),
    "rootfs with underscore": (document(rootfs="read_only"), "tasks.t.rootfs", "is unknown", True),
    "network host": (document(network="host"), "tasks.t.network", "is unknown; one of none, bridge", True),
    "SYS_PTRACE": (document(user="root", capabilities=["SYS_PTRACE"]), "tasks.t.capabilities[0]", "no sandbox ever has SYS_PTRACE", True),
    "CAP_SYS_ADMIN": (document(user="root", capabilities=["CAP_SYS_ADMIN"]), "tasks.t.capabilities[0]", "no sandbox ever", True),
    "unknown capability": (document(user="root", capabilities=["CHWON"]), "tasks.t.capabilities[0]", "is unknown", True),
    "capabilities of an agent": (document(capabilities=["CHOWN"]), "tasks.t.capabilities", '"user": "root"', False),
    "unknown limit": (document(limits={"memory": 5}), "tasks.t.limits.memory", 'did you mean "memory_mb"?', True),
    "negative limit": (document(limits={"command_s": -1}), "tasks.t.limits.command_s", "must be above 0", True),
    "zero steps": (document(limits={"steps": 0}), "tasks.t.limits.steps", "must be 1 to", True),
    "infinite limit": ('{"tasks": {"t": {"limits": {"cpus": 1e999}}}}', "tasks.t.limits.cpus", "at most 1024, not inf", False),
    "disk over half of memory": (
        document(limits={"memory_mb": 100, "disk_mb": 51}),
        "tasks.t.limits.disk_mb",
        "at most half of memory_mb (100)",
        False,
    ),
    "files is a list": (document(files=[]), "tasks.t.files", "must be an object", True),
    "file leads up": (document(files={"../x": ""}), 'tasks.t.files."../x"', '".."', True),
    "the same file twice": (document(files={"a": "", "./a": ""}), 'tasks.t.files."./a"', "the same file", False),
    "file where nothing can be written": (document(files={"/etc/x": ""}), 'tasks.t.files."/etc/x"', "read-only", False),
    "two contents": (document(files={"a": {"text": "", "lines": []}}), "tasks.t.files.a", "exactly one of", True),
    "no content": (document(files={"a": {"mode": "0644"}}), "tasks.t.files.a", "exactly one of", True),
    "mode as a number": (document(files={"a": {"text": "", "mode": 644}}), "tasks.t.files.a.mode", "octal string", True),
    "mode with an 8": (document(files={"a": {"text": "", "mode": "0844"}}), "tasks.t.files.a.mode", "octal string", True),
    "no base64": (document(files={"a": {"base64": "!"}}), "tasks.t.files.a.base64", "no base64", False),
    "from without a folder": (document(files={"a": {"from": "a"}}), "tasks.t.files.a.from", "folder of its own", False),
    "setup is a string": (document(setup="true"), "tasks.t.setup", "must be a list, not a string", True),
    "empty setup command": (document(setup=[""]), "tasks.t.setup[0]", "must not be empty", True),
    "check without kind": (document(checks=[{"id": "a"}]), "tasks.t.checks[0]", '"kind" is missing; one of command, file', True),
    "unknown kind": (document(checks=[{"id": "a", "kind": "comand"}]), "tasks.t.checks[0].kind", 'did you mean "command"?', True),
    "kind is a list": (document(checks=[{"id": "a", "kind": ["file"]}]), "tasks.t.checks[0].kind", "is unknown", True),
    "check without id": (document(checks=[{"kind": "command", "command": "true"}]), "tasks.t.checks[0]", '"id" is missing', True),
    "check without command": (document(checks=[{"id": "a", "kind": "command"}]), "tasks.t.checks[0]", '"command" is missing', True),
    "key of another kind": (document(checks=[{**FILE, "command": "true"}]), "tasks.t.checks[0].command", "unknown key", True),
    "two checks of one id": (document(checks=[COMMAND, COMMAND]), "tasks.t.checks[1].id", "the id of another check", False),
    "negative weight": (document(checks=[{**COMMAND, "weight": -1}]), "tasks.t.checks[0].weight", "at least 0", True),
    "no weight at all": (document(checks=[{**COMMAND, "weight": 0}]), "tasks.t.checks", "at least one weight", False),
    "unknown visibility": (document(checks=[{**FILE, "visibility": "shown"}]), "tasks.t.checks[0].visibility", "hidden, result", True),
    "time-outs that do not fit": (document(checks=[{**COMMAND, "timeout_s": 200}]), "tasks.t.checks[0].timeout_s", "at most 120", False),
    "time-outs that do not fit together": (
        document(checks=[{**COMMAND, "timeout_s": 80}, {**COMMAND, "id": "b", "timeout_s": 80}]),
        "tasks.t.checks",
        "together must fit into limits.grading_s (120); they take 160",
        False,
    ),
    "exit code 256": (document(checks=[{**COMMAND, "exit_code": 256}]), "tasks.t.checks[0].exit_code", "0 to 255", True),
    "expected is a string": (document(checks=[{**COMMAND, "stdout": "x"}]), "tasks.t.checks[0].stdout", "must be an object", True),
    "expected in two ways": (
        document(checks=[{**COMMAND, "stdout": {"exact": "a", "regex": "a"}}]),
        "tasks.t.checks[0].stdout",
        "exactly one of exact, normalized",
        True,
    ),
    "unknown way to compare": (
        document(checks=[{**COMMAND, "stdout": {"normalised": "a"}}]),
        "tasks.t.checks[0].stdout.normalised",
        'did you mean "normalized"?',
        True,
    ),
    "broken pattern": (
        document(checks=[{**COMMAND, "stdout": {"regex": "("}}]),
        "tasks.t.checks[0].stdout.regex",
        "no regular expression",
        False,
    ),
    "absent file with content": (
        document(checks=[{**FILE, "exists": False, "content": {"exact": ""}}]),
        "tasks.t.checks[0].content",
        "what must not exist",
        True,
    ),
    "directory with a hash": (
        document(checks=[{**FILE, "directory": True, "sha256": "0" * 64}]),
        "tasks.t.checks[0].sha256",
        "a directory",
        True,
    ),
    "short hash": (document(checks=[{**FILE, "sha256": "00"}]), "tasks.t.checks[0].sha256", "64 lower-case", True),
    "milestone of unknown kind": (document(milestones=[{"id": "a", "kind": "x"}]), "tasks.t.milestones[0].kind", "is unknown", True),
    "unknown place": (document(grading={"place": "in-place"}), "tasks.t.grading.place", 'did you mean "in_place"?', True),
    "no paths": (document(grading={"paths": []}), "tasks.t.grading.paths", "must not be empty", True),
    "pass score 0": (document(grading={"pass_score": 0}), "tasks.t.grading.pass_score", "above 0", True),
    "reward for malformed actions": (document(malformed_penalty=1), "tasks.t.malformed_penalty", "at most 0", True),
    "wrong answer without a name": (document(wrong=[{"commands": []}]), "tasks.t.wrong[0]", '"name" is missing', True),
    "unknown prerequisite": (document(prerequisites=["u"]), "tasks.t.prerequisites[0]", "there is no task 'u'", False),
    "its own prerequisite": (document(prerequisites=["t"]), "tasks.t.prerequisites", "circle: t → t", False),
    "folder and more": ({"tasks": {"t": {"folder": "x", "title": "y"}}}, "tasks.t.title", "unknown key", True),
    "folder that is not there": ({"tasks": {"t": {"folder": "x"}}}, "tasks.t.folder", "there is no folder", False),
    "folder outside": ({"tasks": {"t": {"folder": ".."}}}, "tasks.t.folder", "leads out of", False),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_curriculum_is_refused_with_file_path_and_reason(case: str, tmp_path: Path) -> None:
    """Whatever is wrong, the author is told in which file, where in it, and why."""
    content, where, reason, _ = BAD[case]
    lines = complaints(tmp_path, content)
    start = f"{tmp_path / 'curriculum.json'}: {where}"
    assert any(line.startswith(start) and reason in line for line in lines), lines


@pytest.mark.parametrize("case", [case for case, row in BAD.items() if row[3]])
def test_what_the_loader_refuses_by_its_shape_the_schema_refuses_too(case: str) -> None:
    """An editor with the JSON Schema shows every mistake that the shape alone gives away."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(BAD[case][0], SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_schema_is_one() -> None:
    """The shipped JSON Schema is valid against its own dialect."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_ancestors_file_loads_unchanged(tmp_path: Path) -> None:
    """A curriculum of gym-codecraft loads as it is: its sandboxes are writable, its teacher's text is hidden, it has no checks."""
    tasks = load(ANCESTOR, DEFAULTS).tasks
    assert list(tasks) == ["1", "2", "three"]
    assert (tasks["1"].sandbox.working_dir, tasks["2"].sandbox.working_dir) == (b"/tmp", b"/workspace")
    assert all(task.sandbox.writable_rootfs and not task.checks for task in tasks.values())
    assert tasks["three"].test == ""
    assert tasks["three"].for_teacher == "Look at names and comments, and run it."
    jsonschema.validate(json.loads(ANCESTOR.read_text()), SCHEMA, cls=jsonschema.Draft202012Validator)
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
    assert (task.grading_place, task.grading_paths) == (GradingPlace.IN_PLACE, ("out", "/srv/x"))
    assert (task.aggregate, task.pass_score, task.malformed_penalty) == (Aggregate.WEIGHTED, 0.5, -0.5)
    assert task.solution == ("one", TaskFile("f", b"two", 0o644))
    assert (task.wrong[0].name, task.wrong[0].commands, task.wrong[0].max_score) == ("w", ("three",), 0.25)


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
        ("missing", "there is no file"),
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
    assert "there is no file" in line
    assert "task.json" in line


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "line 1, column 2: no JSON: "),
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
    """A path that names nothing is told as such."""
    with pytest.raises(CurriculumError, match="there is no file"):
        load(tmp_path / "nothing.json", DEFAULTS)


def test_an_unknown_task_is_refused_by_its_id(tmp_path: Path) -> None:
    """Asking for a task that is not there raises the service's typed error."""
    with pytest.raises(TaskNotFoundError):
        loaded(tmp_path, document()).get("u")
