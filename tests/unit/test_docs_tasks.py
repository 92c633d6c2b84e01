"""What docs/tasks.md and docs/importing.md show beside whole programs: fragments, messages and tables, each held against the code."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from authoring import DEFAULTS, SCHEMA, complaints, document, entry, loaded
from foreign import TRIPLE, jsonl
from jsonschema import Draft202012Validator
from snippets import snippet, table

from codecraft_server.checking import remedies
from codecraft_server.checking.cheats import CHEATS
from codecraft_server.checking.findings import COLUMNS
from codecraft_server.cli import main
from codecraft_server.curriculum.sandboxes import _LIMITS


def reverse(**changes: Any) -> dict[str, Any]:
    """The page's small task, changed."""
    made: dict[str, Any] = json.loads(snippet("docs/tasks.md", "small task"))
    made["tasks"]["reverse"].update(changes)
    return made


def valid(folder: Path, content: dict[str, Any]) -> None:
    """Both the loader and the schema take it."""
    loaded(folder, content)
    Draft202012Validator(SCHEMA).validate(content)


def test_the_milestones_of_the_page_load(tmp_path: Path) -> None:
    """They belong to the small task."""
    valid(tmp_path, reverse(**json.loads("{" + snippet("docs/tasks.md", "milestones") + "}")))


def test_the_checks_of_the_page_load(tmp_path: Path) -> None:
    """The function and the hidden tests, in a folder that has them."""
    folder = tmp_path / "t"
    (folder / "hidden").mkdir(parents=True)
    (folder / "hidden" / "test_stack.py").write_text("import stack\n\n\ndef test_push():\n    stack.push(1)\n")
    checks = [json.loads(snippet("docs/tasks.md", "function")), json.loads(snippet("docs/tasks.md", "pytest"))]
    (folder / "task.json").write_text(json.dumps(entry(checks=checks)))
    valid(tmp_path, {"tasks": {"t": {"folder": "t"}}})


def test_mistakes_are_named_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt key in the file, a limit that can't be in a folder."""
    monkeypatch.chdir(tmp_path)
    first, second = snippet("docs/tasks.md", "refused").splitlines()
    check = {"id": "a", "kind": "command", "command": "true", "stdout": {"normalised": "a"}}
    assert first in complaints(Path(), {"tasks": {"4": entry(checks=[{**check, "id": "b", "stdout": {"exact": ""}}, check])}})
    folder = tmp_path / "tasks" / "bisect"
    folder.mkdir(parents=True)
    (folder / "task.json").write_text(json.dumps(entry(limits={"memory_mb": 256, "disk_mb": 192})))
    (said,) = complaints(Path(), {"tasks": {"4": {"folder": "tasks/bisect"}}})
    assert said.endswith(second)


def test_the_limits_of_the_page_are_those_of_the_code(tmp_path: Path) -> None:
    """All of them, each with the default that a task without limits gets."""
    shown = {row[0].strip("`"): float(row[1]) for row in table("docs/tasks.md", "limits")}
    assert list(shown) == list(_LIMITS)
    assert shown == {name: asdict(DEFAULTS)[name] for name in _LIMITS}
    valid(tmp_path, document(limits=shown | {name: int(value) for name, value in shown.items() if not name.endswith("_s")}))


def test_the_report_of_the_page_has_the_columns_and_remedies_of_the_code() -> None:
    """The head, how many cheats there are at the most, and what is to be done."""
    shown = snippet("docs/tasks.md", "report")
    head, *_ = shown.splitlines()
    assert head.split() == ["task", *COLUMNS]
    assert f"controls {len(CHEATS)}/{len(CHEATS)}" in shown
    done = re.findall(r"to do: +(.*)", shown)
    assert done == [remedies.for_failed_check("stdout must be"), remedies.WRONG_SCORES]


def test_an_import_is_refused_as_the_page_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page's three mistakes in their lines: status 2 and the page's lines, before and after which nothing is said."""
    records: list[Any] = [{**TRIPLE, "task_id": f"HumanEval/{number}"} for number in range(12)]
    records[6] = {key: value for key, value in records[6].items() if key != "entry_point"}
    records[8] = '{"task_id": "HumanEval/8"     "test": ""}'
    records[11]["task_id"] = "HumanEval/3"
    file = jsonl(tmp_path, *records, name="HumanEval.jsonl")
    assert main(["tasks", "import", "humaneval", str(file), "-o", str(tmp_path / "humaneval.json")]) == 2
    said = capsys.readouterr().err.removeprefix("codecraft-server: ").replace(f"{tmp_path}/", "")
    assert said == snippet("docs/importing.md", "refused")
