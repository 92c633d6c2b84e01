"""Tables of results: what identifies a row is whole, however narrow the terminal is."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from test_agents_store import RESULT

from codecraft_client.agents import tables

TASK_ID = "sh-permissions-and-a-very-long-name"
RUN = {"reward_mode": "outcome"}
RESULTS = [replace(RESULT, task_id=TASK_ID, title="A title of some length"), replace(RESULT, category="Environment variables")]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def shown(file: io.StringIO, width: int, results: list[tables.TaskResult] = RESULTS) -> str:
    tables.show(Console(file=file, width=width, color_system=None), RUN, results)
    return file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_costs_columns(width: int) -> None:
    """Ids, names and headings are never cut; the title goes first, and no line is too long."""
    text = shown(Terminal(), width)
    assert TASK_ID in text
    assert "Environment variables" in text
    assert "difficulty" in text
    assert "…" not in text
    assert ("title" in text) == (width > 80)
    assert max(map(len, text.splitlines())) <= width


def test_a_very_narrow_terminal_loses_nothing_of_a_name() -> None:
    """It goes over several lines."""
    text = shown(Terminal(), 30)
    assert "…" not in text
    assert text.count("sh-p") == 1
    assert "sh-permissions-and-a-very-long-name" not in text


def test_a_file_has_no_width() -> None:
    """Every row is a line, with all columns, whatever the terminal is."""
    text = shown(io.StringIO(), 20)
    (row,) = [line for line in text.splitlines() if TASK_ID in line]
    assert row.split()[1:6] == ["A", "title", "of", "some", "length"]
    assert row.endswith("1.5 s")


def test_there_is_no_table_of_nothing() -> None:
    """Where nothing was judged, nothing is printed."""
    assert shown(io.StringIO(), 80, []) == ""
    assert shown(io.StringIO(), 80, [replace(RESULT, judged=False)]) == ""
