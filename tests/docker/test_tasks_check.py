"""`tasks check` on tiny tasks in real sandboxes: a good one, and one for each way in which a task can be broken."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from docker_helpers import WORKER

from codecraft_server.cli import main

pytestmark = pytest.mark.docker

Entry = dict[str, object]
ANSWERED: Entry = {"id": "answered", "kind": "file", "path": "answer.txt"}


def entry(**changes: object) -> Entry:
    """A good task, changed."""
    good: Entry = {
        "title": "T",
        "category": "C",
        "docker": "codecraft/busybox:1",
        "shell": "/bin/sh",
        "description": "Write `a` to `answer.txt`.",
        "test": "It must be there.",
        "limits": {"grading_s": 40},
        "checks": [{"id": "answer", "kind": "file", "path": "answer.txt", "content": {"normalized": "a"}}],
        "solution": ["echo a > answer.txt"],
        "wrong": [{"name": "b", "commands": ["echo b > answer.txt"]}],
    }
    return {**good, **changes}


def pytest_check(test: str, *expected: str) -> Entry:
    """A task with hidden tests."""
    check: Entry = {"id": "tests", "kind": "pytest", "files": {"test_word.py": test}, **({"expected": list(expected)} if expected else {})}
    return entry(docker="codecraft/debian:1", checks=[check], solution=[{"files": {"word.py": "WORD = 'a'\n"}}], wrong=[])


BROKEN = {
    "good": entry(),
    "solution": entry(solution=["echo c > answer.txt"]),
    "wrong": entry(wrong=[{"name": "the right one", "commands": ["echo a > answer.txt"]}]),
    "no-op": entry(checks=[{"id": "always", "kind": "command", "command": "true"}], wrong=[]),
    "time-out": entry(checks=[{"id": "slow", "kind": "command", "command": "sleep 30", "timeout_s": 1}]),
    "setup": entry(setup=["echo no such thing; exit 3"]),
    "image": entry(docker="127.0.0.1:9/nothing:1"),
    "typo": pytest_check("import word\n\n\ndef test_word(:\n    assert word.WORD == 'a'\n", "test_word.py::test_word"),
    "never-runs": pytest_check("import word\n\n\ndef test_word():\n    assert word.WORD == 'a'\n", "test_word.py::test_other"),
    "budget": entry(
        checks=[{"id": "slow", "kind": "command", "command": "sleep 2; cat answer.txt", "stdout": {"normalized": "a"}}],
        limits={"grading_s": 6},
    ),
    "network": entry(network="bridge"),
    "early": entry(milestones=[{"id": "begun", "kind": "file", "path": ".", "directory": True}, ANSWERED]),
    "disorder": entry(
        milestones=[ANSWERED, {"id": "noted", "kind": "file", "path": "note.txt"}],
        solution=["touch note.txt", "echo a > answer.txt"],
    ),
    "never-reached": entry(milestones=[{"id": "noted", "kind": "file", "path": "note.txt"}, ANSWERED]),
}


def checked(
    folder: Path, tasks: Mapping[str, Entry], *options: str
) -> tuple[int, dict[str, list[dict[str, str]]], dict[str, dict[str, str]]]:
    """Check a curriculum of these tasks: the exit status, the problems by task, and what the table shows."""
    file, report = folder / "curriculum.json", folder / "report.json"
    file.write_text(json.dumps({"tasks": tasks}))
    status = main(
        [
            *("tasks", "check", "--curriculum", str(file), "--json", str(report), "--junit", str(folder / "junit.xml")),
            *("--no-images", "--worker", WORKER, *options),
        ]
    )
    said = json.loads(report.read_text())
    problems: dict[str, list[dict[str, str]]] = {}
    for problem in said["problems"]:
        problems.setdefault(problem["task"], []).append(problem)
    shown = {task: {name: cell["shown"] for name, cell in row["columns"].items()} for task, row in said["tasks"].items()}
    return status, problems, shown


@pytest.mark.timeout(240)
def test_each_way_to_break_a_task_has_its_message(tmp_path: Path) -> None:
    """Whoever breaks a task is told which task, which proof, what was expected, what came and what to do; the good one has no problem."""
    status, problems, shown = checked(tmp_path, BROKEN, "--cheats", "none")
    assert status == 1
    assert set(problems) == set(BROKEN) - {"good"}
    assert shown["good"]["oracle"] == "1"
    assert shown["good"]["wrong"] == "1/1"

    def only(task: str) -> str:
        """The one problem of a task as one text."""
        (problem,) = problems[task]
        assert all(problem.values())
        return " | ".join(problem.values())

    for task, words in {
        "solution": ("solution", 'check "answer" to pass', "'a'", "but is 'c"),
        "wrong": ("wrong 'the right one'", "at most 0 and no pass", "score 1; passed: answer"),
        "time-out": ('check "slow" to pass', "ran out of time after 1.0 s", "timeout_s"),
        "setup": ("an episode", "setup command 1 of 1 exited 3: no such thing", "/bin/sh"),
        "image": ("an episode", "127.0.0.1:9/nothing:1", "codecraft-server images"),
        "typo": ('check "tests" to pass', "SyntaxError", "can't be read by Python"),
        "never-runs": ('check "tests" to pass', "test_word.py::test_other did not run", "names no test that runs"),
        "budget": ("less than 25% of limits.grading_s", "of 6 s", "raise limits.grading_s"),
        "early": ('milestone "begun" not to hold at the start', "it holds", "the untouched sandbox lacks"),
        "disorder": ('milestone "answered" to be reached before "noted"', "step 1 and step 0", "in the order in which"),
        "never-reached": ('milestone "noted" to be reached', "it never was", "one step for each deed"),
        "network": ('"network": "none"', "bridge", "--allow-network"),
    }.items():
        said = only(task)
        assert all(word in said for word in words), said
    assert {(problem["check"], problem["came"]) for problem in problems["no-op"]} >= {
        ("no-op", "score 1"),
        ("empty 'files removed'", "score 1"),
    }
    suites = {suite.get("name"): suite for suite in ET.parse(tmp_path / "junit.xml").getroot()}  # noqa: S314 - our own
    assert {name for name, suite in suites.items() if suite.get("failures") != "0"} == set(BROKEN) - {"good"}


def test_a_solution_that_depends_on_chance_is_found_by_repeats(tmp_path: Path) -> None:
    """Played often enough it fails once, and the problem says what that means."""
    flaky = entry(solution=["[ $(($(od -An -N1 -tu1 /dev/urandom) % 2)) = 0 ] && echo a > answer.txt"], wrong=[])
    status, problems, shown = checked(tmp_path, {"flaky": flaky}, "--cheats", "none", "--repeats", "16")
    assert status == 1
    assert any("depends on chance" in problem["remedy"] for problem in problems["flaky"] if problem["column"] == "repeats")
    assert shown["flaky"]["repeats"] != "15/15"


def test_a_misspelled_key_is_a_problem_like_any_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The schema's problems stand in the report with file and place."""
    status, problems, _ = checked(tmp_path, {"x": entry(chekcs=[])})
    assert status == 1
    assert 'tasks.x.chekcs: unknown key; did you mean "checks"?' in problems[""][0]["came"]
    assert "unknown key" in capsys.readouterr().out


def test_solutions_are_played_under_load(tmp_path: Path) -> None:
    """All at once they score what they score alone."""
    status, _, shown = checked(tmp_path, {"good": entry()}, "--cheats", "none", "--load", "4")
    assert (status, shown["good"]["repeats"]) == (0, "4/4")


def test_without_an_engine_there_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The usual error, and status 1."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    assert main(["tasks", "check", "1", "--cheats", "none", "--no-images"]) == 1
    assert capsys.readouterr().err.startswith("codecraft-server: ")


def test_an_interrupt_closes_everything_and_shows_what_was_learnt(tmp_path: Path) -> None:
    """Status 130, a table of what is known, and (by the fixture of this folder) no container left."""
    file = tmp_path / "curriculum.json"
    file.write_text(json.dumps({"tasks": {"good": entry(), "setup": BROKEN["setup"]}}))
    command = [sys.executable, "-m", "codecraft_server", "tasks", "check", "--curriculum", str(file), "--repeats", "500"]
    options = ["--cheats", "none", "--no-images", "--worker", WORKER, "--parallel", "2"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        first = running.stdout.readline()  # 25 attempts are done by now
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
        assert running.wait() == 130
    assert first.startswith("25 of ")
    assert "when it was stopped" in rest
    assert [line for line in rest.splitlines() if line.startswith("good ")], rest
