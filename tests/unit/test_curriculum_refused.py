"""What is refused, and what an author is told: file, JSON path and reason. Whatever its shape gives away the JSON Schema refuses too."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from authoring import COMMAND, FILE, GOOD, SCHEMA, complaints, document
from each import each

CASES: dict[str, Any] = {"id": "cases", "kind": "cases", "command": "true", "cases": [{"stdout": ""}]}
FUNCTION: dict[str, Any] = {"id": "f", "kind": "function", "module": "a.py", "function": "f", "calls": [{"returns": 1}]}
PYTEST: dict[str, Any] = {"id": "p", "kind": "pytest", "files": {"test_a.py": "def test_a(): pass"}}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
PARAMETRISED = "import pytest\n@pytest.mark.parametrize('n', [1])\ndef test_a(n): pass"

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
    "command too long for a frame": (
        document(checks=[{**COMMAND, "command": "x" * 36_001}]),
        "tasks.t.checks[0].command",
        "at most 36000 bytes",
        False,
    ),
    "hidden files too large for a frame": (
        document(checks=[{**PYTEST, "files": {**PYTEST["files"], "big": "x" * 1_500_000}}]),
        "tasks.t.checks[0].files",
        "at most 1400000 bytes together",
        False,
    ),
    "arguments too large for a frame": (
        document(checks=[{**FUNCTION, "calls": [{"args": ["x" * 1_500_000], "returns": 1}]}]),
        "tasks.t.checks[0].calls",
        "at most 1400000 characters",
        False,
    ),
    "long arguments of a program": (
        document(checks=[{**CASES, "cases": [{"stdout": "", "args": ["x" * 2000, "y"]}]}]),
        "tasks.t.checks[0].cases[0].args",
        "at most 2000 bytes together",
        False,
    ),
    "no cases": (document(checks=[{**CASES, "cases": []}]), "tasks.t.checks[0].cases", "must not be empty", True),
    "case without stdout": (document(checks=[{**CASES, "cases": [{}]}]), "tasks.t.checks[0].cases[0]", '"stdout" is missing', True),
    "unknown key of a case": (
        document(checks=[{**CASES, "cases": [{"stdout": "", "input": ""}]}]),
        "tasks.t.checks[0].cases[0].input",
        "unknown key",
        True,
    ),
    "argument that is a number": (
        document(checks=[{**CASES, "cases": [{"stdout": "", "args": [1]}]}]),
        "tasks.t.checks[0].cases[0].args[0]",
        "must be a string",
        True,
    ),
    "no calls": (document(checks=[{**FUNCTION, "calls": []}]), "tasks.t.checks[0].calls", "must not be empty", True),
    "call with neither": (document(checks=[{**FUNCTION, "calls": [{"args": []}]}]), "tasks.t.checks[0].calls[0]", "exactly one of", True),
    "call with both": (
        document(checks=[{**FUNCTION, "calls": [{"returns": 1, "raises": "E"}]}]),
        "tasks.t.checks[0].calls[0]",
        "exactly one of",
        True,
    ),
    "arguments as an object": (
        document(checks=[{**FUNCTION, "calls": [{"args": {}, "returns": 1}]}]),
        "tasks.t.checks[0].calls[0].args",
        "must be a list, not an object",
        True,
    ),
    "module that is none": (
        document(checks=[{**FUNCTION, "module": "stats"}]),
        "tasks.t.checks[0].module",
        "path of a Python module",
        True,
    ),
    "dotted function": (document(checks=[{**FUNCTION, "function": "a.b"}]), "tasks.t.checks[0].function", "Python identifier", True),
    "hidden file with an absolute path": (
        document(checks=[{**PYTEST, "files": {"/srv/test_a.py": "def test_a(): pass"}}]),
        'tasks.t.checks[0].files."/srv/test_a.py"',
        "must be a relative path",
        True,
    ),
    "no tests": (
        document(checks=[{**PYTEST, "files": {"a.py": "def test_a(): pass"}}]),
        "tasks.t.checks[0].files",
        "no test functions",
        False,
    ),
    "tests that are no Python": (
        document(checks=[{**PYTEST, "files": {"test_a.py": "def"}}]),
        'tasks.t.checks[0].files."test_a.py"',
        "no Python",
        False,
    ),
    "parametrised tests without ids": (
        document(checks=[{**PYTEST, "files": {"test_a.py": PARAMETRISED}}]),
        'tasks.t.checks[0].files."test_a.py"',
        'must be listed in "expected"',
        False,
    ),
    "no expected tests": (document(checks=[{**PYTEST, "expected": []}]), "tasks.t.checks[0].expected", "must not be empty", True),
    "unknown interpreter": (
        document(checks=[{"id": "s", "kind": "script", "script": "x", "interpreter": "/bin/zsh"}]),
        "tasks.t.checks[0].interpreter",
        'did you mean "/bin/sh"?',
        True,
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
    "milestone share above 1": (document(milestones=[FILE], milestone_share=1.5), "tasks.t.milestone_share", "at most 1", True),
    "milestone share without milestones": (document(milestone_share=0.5), "tasks.t.milestone_share", "no milestones", False),
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


@each("case", list(BAD))
def test_a_bad_curriculum_is_refused_with_file_path_and_reason(case: str, tmp_path: Path) -> None:
    """Whatever is wrong, the author is told in which file, where in it, and why."""
    content, where, reason, _ = BAD[case]
    lines = complaints(tmp_path, content)
    start = f"{tmp_path / 'curriculum.json'}: {where}"
    assert any(line.startswith(start) and reason in line for line in lines), lines


@each("case", [case for case, row in BAD.items() if row[3]])
def test_what_the_loader_refuses_by_its_shape_the_schema_refuses_too(case: str) -> None:
    """An editor with the JSON Schema shows every mistake that the shape alone gives away."""
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(BAD[case][0])
