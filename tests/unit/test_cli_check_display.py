"""The table of `tasks check` in a terminal of any width."""

import io

import pytest
from rich.console import Console

from codecraft_server.checking import Row, Summary
from codecraft_server.checking.findings import COLUMNS, Cell, Mark
from codecraft_server.cli import check_display
from codecraft_server.cli.check_display import Display

ID = "a-task-with-quite-a-long-name"


def shown(width: int, monkeypatch: pytest.MonkeyPatch, bad: str = "") -> str:
    """What is written of one task to a terminal; `bad` is the column where something is wrong."""
    paper = io.StringIO()
    console = Console(file=paper, force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr(check_display, "_Paper", lambda **_: console)
    cells = tuple(Cell("1/2", Mark.BAD if name == bad else Mark.GOOD) for name in COLUMNS)
    Display(color=False).summary(Summary(rows=[Row(ID, cells, ())], complete=True))
    return paper.getvalue()


def test_a_wide_terminal_has_all_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out where there is room, and counts are told in grammar."""
    head, row, *rest = shown(160, monkeypatch).splitlines()
    assert head.split() == ["task", *COLUMNS]
    assert row.split()[0] == ID
    assert rest[-1] == "1 of 1 task good, 0 problems, 0 s"


def test_a_narrow_one_loses_columns_and_never_a_letter_of_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that matter least go, a line names them, and one where something is wrong stays."""
    said = shown(80, monkeypatch, bad="offline")
    head, row, gone, *_ = said.splitlines()
    assert row.split()[0] == ID
    assert "offline" in head.split()
    assert gone.startswith("no room for: schema, ")
    assert max(map(len, said.splitlines())) <= 80
    assert set(head.split()) >= {"oracle", "no-op", "wrong", "cheats"}


def test_an_id_that_is_wider_than_its_room_is_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its letters are there."""
    lines = shown(50, monkeypatch).splitlines()
    assert ID in "".join(line.split(" ")[0] for line in lines)
