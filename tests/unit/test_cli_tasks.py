"""`tasks list` and `tasks show` describe a curriculum, and `doctor` says what is wrong."""

import json
import socket
from pathlib import Path

import pytest

from codecraft_server.cli import main
from codecraft_server.cli.commands import listing

CURRICULUM = {
    "tasks": {
        "7": {
            "description": "Write a poem.",
            "test": "It rhymes.",
            "category": "Poetry",
            "title": "Poem",
            "docker": "codecraft/busybox:1",
            "shell": "/bin/sh",
            "solution": ["echo the-solution"],
            "checks": [{"id": "rhymes", "kind": "command", "command": "true"}],
        }
    }
}


@pytest.fixture
def curriculum(tmp_path: Path) -> Path:
    """A curriculum of one task."""
    path = tmp_path / "curriculum.json"
    path.write_text(json.dumps(CURRICULUM))
    return path


def test_list_has_a_line_for_each_task(curriculum: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A header, then the task with its category and the number of its checks."""
    assert main(["tasks", "list", "--curriculum", str(curriculum)]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["ID", "CATEGORY", "CHECKS", "IMAGE", "TITLE"]
    assert line.split()[:3] == ["7", "Poetry", "1"]


LISTED = [
    ("ID", "CATEGORY", "CHECKS", "IMAGE", "TITLE"),
    (
        "csv-spreadsheet",
        "data",
        "12",
        "codecraft/debian:1",
        "A spreadsheet whose cells are computed from other cells, whatever their order",
    ),
]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_list_fits_a_terminal(width: int) -> None:
    """Titles fold between words, ids are whole, and where titles would get no room the image is left out."""
    lines = listing(LISTED, width)
    assert max(map(len, lines)) <= width
    assert [lines[1].split()[0], "codecraft/debian:1" in lines[1]] == ["csv-spreadsheet", width > 60]
    assert set(LISTED[1][-1].split()) <= set(" ".join(lines).split())


def test_a_list_that_goes_elsewhere_is_a_line_a_task() -> None:
    """However long: programs read it."""
    assert len(listing(LISTED, None)) == 2


def test_show_tells_what_an_agent_sees_and_not_the_solution(curriculum: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Description and test are there in full; the solution is not."""
    assert main(["tasks", "show", "7", "--curriculum", str(curriculum)]) == 0
    said = capsys.readouterr().out
    assert "Write a poem." in said
    assert "It rhymes." in said
    assert "the-solution" not in said
    assert "1; none shown after grading" in " ".join(said.split())


def test_show_of_an_unknown_task_is_a_failure_in_one_line(curriculum: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, and the id is named."""
    assert main(["tasks", "show", "8", "--curriculum", str(curriculum)]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "'8'" in said.err


def test_a_wrong_key_in_a_curriculum_is_named_with_its_place(curriculum: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 with file, path and key."""
    curriculum.write_text(json.dumps({"tasks": {"7": CURRICULUM["tasks"]["7"] | {"descripton": "oops"}}}))
    assert main(["tasks", "list", "--curriculum", str(curriculum)]) == 2
    said = capsys.readouterr().err
    for word in (str(curriculum), "7", "descripton"):
        assert word in said


def test_doctor_without_an_engine_names_the_remedy(
    curriculum: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1; the engine and the port in use are wrong, each with a remedy, and what is in order is said too."""
    with socket.create_server(("127.0.0.1", 0)) as other, socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))  # and never listens
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{dead.getsockname()[1]}")
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        assert main(["doctor", "--curriculum", str(curriculum), "--listen", listen]) == 1
    lines = capsys.readouterr().out.splitlines()
    wrong = {line.split()[1]: lines[number + 1] for number, line in enumerate(lines) if line.startswith("WRONG")}
    assert {"engine", "port"} <= set(wrong)
    assert "--listen" in wrong["port"]
    assert "DOCKER_HOST" in wrong["engine"]
    assert any(line.startswith("ok") and "curriculum" in line and "1 tasks" in line for line in lines)
