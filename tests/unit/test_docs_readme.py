"""What the README draws, and the line that docs/trajectories.md shows."""

import re

from snippets import ROOT, snippet

from codecraft_client.trajectory.format import Event, decode


def test_the_house_stands() -> None:
    """Every file and folder of the drawing is there."""
    named = [word for line in snippet("README.md", "the house").splitlines() for word in re.split(r" {2,}", line)[0].split(" ")]
    assert len(named) >= 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_line_of_a_trajectory_can_be_read() -> None:
    """It is an event."""
    assert isinstance(decode(snippet("docs/trajectories.md", "a line").strip()), Event)
