"""The digests by which tasks and curricula are told apart."""

import dataclasses
import json
from pathlib import Path

from each import each

from codecraft_server.curriculum import load
from codecraft_server.settings import TaskDefaults

DEFAULTS = TaskDefaults()


def written(tmp_path: Path, **entry: object) -> Path:
    file = tmp_path / "curriculum.json"
    base = {"title": "T", "category": "C", "docker": "codecraft/debian:1", "shell": "/bin/sh", "description": "d", "test": "t"}
    file.write_text(json.dumps({"tasks": {"t": {**base, **entry}}}))
    return file


def test_a_digest_is_the_same_every_time_and_whatever_the_layout(tmp_path: Path) -> None:
    """Order of keys, white space and defaults that are spelled out do not change what a task is."""
    plain = load(written(tmp_path), DEFAULTS)
    spelled = {
        "working_dir": "/workspace",
        "user": "agent",
        "limits": {"steps": DEFAULTS.steps},
        "grading": {"aggregate": "all"},
        "tags": [],
    }
    file = written(tmp_path, **spelled)
    entries = json.loads(file.read_text())["tasks"]["t"]
    file.write_text(json.dumps({"tasks": {"t": dict(reversed(entries.items()))}}, indent=7))
    assert load(file, DEFAULTS).digest == plain.digest


def test_a_digest_is_stable_across_versions(tmp_path: Path) -> None:
    """The digest of one task is written down here: results of different versions are compared by it, so it changes only on purpose."""
    check = {"id": "a", "kind": "command", "command": "true", "stdout": {"json": [1]}, "timeout_s": 1}
    limits = {
        "steps": 1,
        "episode_s": 2,
        "command_s": 3,
        "grading_s": 4,
        "cpus": 1,
        "memory_mb": 64,
        "disk_mb": 32,
        "pids": 64,
        "output_kb": 1,
    }
    entry = {"checks": [check], "files": {"f": "x"}, "limits": limits, "grading": {"pass_score": 1}, "malformed_penalty": -1}
    task = load(written(tmp_path, **entry), DEFAULTS).get("t")
    assert task.digest == "5cd09e9bebf8d64e965f4a260e38628c7532ca86d0d589a932156d51a417baa3"


@each(
    "change",
    [
        {"title": "U"},
        {"description": "e"},
        {"for_teacher": "x"},
        {"files": {"a": ""}},
        {"setup": ["true"]},
        {"limits": {"steps": 3}},
        {"limits": {"cpus": 0.5}},
        {"checks": [{"id": "a", "kind": "command", "command": "true"}]},
        {"checks": [{"id": "a", "kind": "file", "path": "true"}]},
        {"solution": ["true"]},
        {"grading": {"aggregate": "weighted"}},
    ],
)
def test_whatever_changes_a_task_changes_its_digest(change: dict[str, object], tmp_path: Path) -> None:
    """Visible or hidden, every part of a task counts."""
    before = load(written(tmp_path), DEFAULTS)
    after = load(written(tmp_path, **change), DEFAULTS)
    assert after.get("t").digest != before.get("t").digest
    assert after.digest != before.digest


def test_defaults_are_part_of_the_digest(tmp_path: Path) -> None:
    """An operator who changes a default changes the tasks that rely on it."""
    file = written(tmp_path)
    assert load(file, dataclasses.replace(DEFAULTS, steps=7)).digest != load(file, DEFAULTS).digest


def test_the_order_of_tasks_is_part_of_the_curriculums_digest(tmp_path: Path) -> None:
    """A curriculum is a sequence: the same tasks in another order are another one."""
    file = written(tmp_path)
    entry = json.loads(file.read_text())["tasks"]["t"]
    file.write_text(json.dumps({"tasks": {"a": entry, "b": entry}}))
    one = load(file, DEFAULTS)
    file.write_text(json.dumps({"tasks": {"b": entry, "a": entry}}))
    other = load(file, DEFAULTS)
    assert {task.digest for task in one.tasks.values()} == {task.digest for task in other.tasks.values()}
    assert one.digest != other.digest
