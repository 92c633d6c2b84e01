"""Tables and drawings of pages that have no test file of their own, each held against the code."""

import re

from snippets import ROOT, snippet, table

from benchmarks.__main__ import MEASUREMENTS
from codecraft_client.trajectory.format import Event, decode
from codecraft_server.docker.frames import FrameType
from codecraft_server.sandbox import EndReason


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


def test_the_frames_of_the_guest_protocol_are_those_of_the_code() -> None:
    """All types in both directions, by number and name, and why commands end."""
    rows = table("docs/guest-protocol.md", "to the guest") + table("docs/guest-protocol.md", "from the guest")
    assert {int(number): name for number, name, *_ in rows} == {kind.value: kind.name for kind in FrameType}
    assert {row[0].strip("`") for row in table("docs/guest-protocol.md", "reasons")} == {reason.value for reason in EndReason}
