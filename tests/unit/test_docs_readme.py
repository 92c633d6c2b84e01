"""What the README draws, the line that docs/trajectories.md shows, and the figures that docs/performance.md explains."""

import re

from snippets import ROOT, snippet, table

from benchmarks.__main__ import MEASUREMENTS
from codecraft_client.trajectory.format import Event, decode


def test_the_house_stands() -> None:
    """Every file and folder of the drawing is there."""
    named = [word for line in snippet("README.md", "the house").splitlines() for word in re.split(r" {2,}", line)[0].split(" ")]
    assert len(named) >= 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_line_of_a_trajectory_can_be_read() -> None:
    """It is an event."""
    assert isinstance(decode(snippet("docs/trajectories.md", "a line").strip()), Event)


def test_the_figures_of_the_page_are_those_that_are_measured() -> None:
    """All of them, in order."""
    assert [row[0].strip("`") for row in table("docs/performance.md", "figures")] == list(MEASUREMENTS)
