"""What the tests of curricula share: entries as an author writes them, loading them, and what is said about those that are refused."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import codecraft_server.curriculum
from codecraft_server.curriculum import Curriculum, load
from codecraft_server.errors import CurriculumError
from codecraft_server.settings import TaskDefaults

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
