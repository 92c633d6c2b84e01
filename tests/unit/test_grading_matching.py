"""Comparing what came with what was expected, but for regular expressions: those are compared by processes (tests/system)."""

from each import each

from codecraft_server.grading.matching import excerpt, mismatch
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Expected, Match

BOUNDS = GradingBounds()
HERE = [match for match in Match if match is not Match.REGEX]


@each(
    ("match", "expected", "came", "fits"),
    [
        (Match.EXACT, "a\n", b"a\n", True),
        (Match.EXACT, "a\n", b"a\r\n", False),
        (Match.EXACT, "", b"", True),
        (Match.EXACT, "é", "é".encode(), True),
        (Match.EXACT, "\ufffd", b"\xff", False),
        (Match.NORMALIZED, "a", b"a\n", True),
        (Match.NORMALIZED, "a\nb", b"a  \r\nb\n\n\n", True),
        (Match.NORMALIZED, "a", b" a", False),
        (Match.NORMALIZED, "a\nb", b"a\n\nb", False),
        (Match.NORMALIZED, "a b", b"a  b", False),
        (Match.NORMALIZED, "Hello, World!", b"Hello, world!", False),
        (Match.NORMALIZED, "", b"\n", True),
        (Match.NORMALIZED, "a", b"a\x0bb", False),
        (Match.CONTAINS, "b", b"abc", True),
        (Match.CONTAINS, "B", b"abc", False),
        (Match.JSON, '{"a": [1, null]}', b' {"a":[1.0,null]}\n', True),
        (Match.JSON, "1", b"true", False),
        (Match.JSON, "true", b"1", False),
        (Match.JSON, "true", b"true", True),
        (Match.JSON, "[1, 2]", b"[2, 1]", False),
        (Match.JSON, '{"a": 1}', b'{"a": 1, "b": 2}', False),
        (Match.JSON, "1", b"NaN", False),
        (Match.JSON, "1", b"", False),
        (Match.JSON, "[]", b"[" * 100_000, False),
        (Match.JSON, "1", b"9" * 10_000, False),
        (Match.CSV, "a,b\n1,2\n", b'"a","b"\r\n1,2\r\n', True),
        (Match.CSV, "a,b\n", b"a,b\n\n", True),
        (Match.CSV, "a,b\n", b"a, b\n", False),
        (Match.CSV, "a\nb\n", b"b\na\n", False),
        (Match.CSV, "a\n", b'"a\n', False),
    ],
)
async def test_texts_are_compared_in_the_way_that_is_asked_for(match: Match, expected: str, came: bytes, fits: bool) -> None:
    """Each way to compare accepts what it means and nothing else, whatever bytes come."""
    difference = await mismatch(Expected(match, expected), came, "stdout", BOUNDS)
    assert (difference == "") is fits, difference


@each("match", HERE)
async def test_a_difference_is_told_with_both_sides(match: Match) -> None:
    """An author reads what was expected and what came."""
    difference = await mismatch(Expected(match, '"wanted"'), b'"other"', "out.txt", BOUNDS)
    assert difference == f"out.txt must be {match.value} '\"wanted\"', but is '\"other\"'"


def test_long_texts_are_cut_in_the_middle() -> None:
    """An excerpt keeps both ends, says how long the text was, and is printable ASCII."""
    cut = excerpt("a" * 1000 + "\x1b[31m" + "z" * 1000)
    assert cut.startswith("'aaa")
    assert "zzz'" in cut
    assert "(2005 characters)" in cut
    assert len(cut) < 400
    assert excerpt("\x1b") == "'\\x1b'"
