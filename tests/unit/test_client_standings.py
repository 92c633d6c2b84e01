"""The tables of `codecraft stats` and `codecraft episodes`, for a terminal of any width."""

import io
from typing import Any

import pytest
from rich.console import Console

from codecraft_client import standings
from codecraft_client.types import EpisodeState, EpisodeSummary, TaskStatistics

ID = "csv-spreadsheet-of-mine"


def written(what: Any, width: int) -> list[str]:
    """The lines that a terminal of this width gets."""
    paper = io.StringIO()
    Console(file=paper, width=width, force_terminal=True, color_system=None).print(what)
    return [line.rstrip() for line in paper.getvalue().splitlines()]


def played() -> TaskStatistics:
    """Statistics of one task, everything known."""
    return TaskStatistics(
        task_id=ID,
        started=1200,
        passed=1000,
        failed=100,
        gave_up=50,
        out_of_budget=25,
        abandoned=15,
        faults=10,
        mean_score=0.9,
        mean_return=0.8,
        mean_steps=12.5,
        mean_grading_s=3.5,
        recent_pass_rate=0.25,
        recent_episodes=20,
    )


def test_statistics_have_all_columns_where_there_is_room() -> None:
    """With their whole names, and no legend."""
    head, row = written(standings.statistics([played()], 130), 130)
    assert head.split()[:2] == ["task", "started"]
    assert row.split() == [ID, "1200", "1000", "100", "50", "25", "15", "10", "0.90", "0.80", "12.5", "25%", "of", "20", "3.5", "s"]


@pytest.mark.parametrize("width", [80, 100])
def test_statistics_fit_a_terminal(width: int) -> None:
    """Short headings with a legend, the least important columns left out and named, ids whole, each task in one line."""
    lines = written(standings.statistics([played()], width), width)
    assert max(map(len, lines)) <= width
    assert lines[1].startswith(f"{ID} ")
    assert lines[1].endswith("20")
    assert "no room for: grading; `--json` has all" in " ".join(lines) or width < 100


def test_open_episodes_are_told_with_age_and_lease() -> None:
    """One without a task has a dash; a lease that has ended is at 0."""
    found = [
        EpisodeSummary("w1-a", "2", EpisodeState.READY, 3, 1000.0, 1900.0, None),
        EpisodeSummary("w1-b", None, EpisodeState.READY, 0, 1450.0, 1400.0, None),
    ]
    head, *rows = written(standings.episodes(found, 1500.0), 80)
    assert head.split() == ["episode", "task", "state", "steps", "age", "lease"]
    assert [row.split() for row in rows] == [
        ["w1-a", "2", "ready", "3", "8", "min", "6", "min"],
        ["w1-b", "-", "ready", "0", "50", "s", "0", "s"],
    ]
