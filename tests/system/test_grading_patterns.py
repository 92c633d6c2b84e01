"""Comparing what came with a regular expression, in a process of its own."""

import asyncio

import pytest
from each import each

from codecraft_server.grading import patterns
from codecraft_server.grading.matching import mismatch
from codecraft_server.grading.verdict import FaultKind, GradingFault
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Expected, Match

BOUNDS = GradingBounds()


@each(
    ("expected", "came", "fits"),
    [
        ("a.*c", b"a\nb\nc", True),
        ("a", b"ab", False),
        ("a", b"ba", False),
        ("", b"", True),
        ("[^a]", b"\xff", True),
    ],
)
async def test_texts_are_compared_with_a_pattern(expected: str, came: bytes, fits: bool) -> None:
    """All of the text must fit, whatever bytes it is; a dot stands for line ends too."""
    difference = await mismatch(Expected(Match.REGEX, expected), came, "stdout", BOUNDS)
    assert (difference == "") is fits, difference


async def test_a_difference_is_told_with_both_sides() -> None:
    """An author reads the pattern and what came."""
    difference = await mismatch(Expected(Match.REGEX, '"wanted"'), b'"other"', "out.txt", BOUNDS)
    assert difference == "out.txt must be regex '\"wanted\"', but is '\"other\"'"


async def test_a_pattern_that_explodes_fails_in_time_and_stops_nothing_else() -> None:
    """A text chosen to make a pattern take exponential time costs one check, and the event loop goes on meanwhile."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    difference = await mismatch(Expected(Match.REGEX, "(a+)+b"), b"a" * 64, "stdout", GradingBounds(match_s=0.5))
    ticking.cancel()
    assert "took longer than 0.5 s" in difference
    assert ticks > 100


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "sys.exit(1)"])
async def test_a_comparison_that_is_cut_off_is_a_fault(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    """Where the process that compares is killed, or can't begin, nobody knows whether the text fits: that must not cost a reward."""
    monkeypatch.setattr(patterns, "_PROGRAM", f"import os, sys; sys.stdin.read(); {end}")
    with pytest.raises(GradingFault) as raised:
        await mismatch(Expected(Match.REGEX, "a"), b"a", "stdout", BOUNDS)
    assert raised.value.kind is FaultKind.GRADER_FAILED


async def test_a_comparison_without_memory_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that needs more memory than there is has not come as expected: it was the learner who chose it."""
    without = "import json, re\ndef compile(*_): raise MemoryError\nre.compile = compile\n"
    monkeypatch.setattr(patterns, "_PROGRAM", without + patterns._PROGRAM)
    assert "took longer" in await mismatch(Expected(Match.REGEX, "a"), b"a", "stdout", BOUNDS)
