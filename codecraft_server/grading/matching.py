"""Compares what came with what was expected. Pure but for regular expressions, which run in a process of their own (`patterns`).

Each comparison says why it failed, for authors and operators; the text is never shown to an agent.
"""

import asyncio
import csv
import io
import json
from typing import NoReturn

from codecraft_server.grading import patterns
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Expected, Match

_EXCERPT = 300
_AT_ONCE = 64 * 1024  # bytes that are compared on the event loop, in a millisecond or so; a megabyte would hold it up


async def mismatch(expected: Expected, came: bytes, what: str, bounds: GradingBounds) -> str:
    """Say how `came` differs from what is expected; empty when it doesn't. `what` names it, such as "stdout"."""
    text = came.decode("utf-8", "surrogateescape")
    if expected.match is Match.REGEX:
        fits = await patterns.full_match(expected.value, text, bounds.match_s)
        if fits is None:
            return f"{what} took longer than {bounds.match_s:g} s to compare with {expected.value!r}"
    else:
        match = _MATCHES[expected.match]
        fits = match(expected.value, text) if len(came) <= _AT_ONCE else await asyncio.to_thread(match, expected.value, text)
    return "" if fits else f"{what} must be {expected.match.value} {excerpt(expected.value)}, but is {excerpt(text)}"


def excerpt(text: str) -> str:
    """Quote a text, its middle cut out when it is long."""
    if len(text) <= _EXCERPT:
        return ascii(text)
    return f"{text[: _EXCERPT // 2]!a} … {text[-_EXCERPT // 2 :]!a} ({len(text)} characters)"


def _exact(expected: str, came: str) -> bool:
    return came == expected


def _contains(expected: str, came: str) -> bool:
    return expected in came


def _normalized(expected: str, came: str) -> bool:
    return normal(came) == normal(expected)


def normal(text: str) -> str:
    r"""Return a text without blanks at the ends of its lines, without empty lines at its end, and with \n as line end."""
    return "\n".join(line.rstrip(" \t\r\f\v") for line in text.split("\n")).rstrip("\n")


def _json(expected: str, came: str) -> bool:
    try:
        return same(json.loads(expected), json.loads(came, parse_constant=_no_json))
    except (ValueError, RecursionError):
        return False


def _no_json(_: str) -> NoReturn:
    raise ValueError


def same(left: object, right: object) -> bool:
    """Whether two JSON values are equal. Unlike in Python true is not 1; as in JSON 1 and 1.0 are one number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(one, other) for one, other in zip(left, right, strict=True))
    return left == right


def _csv(expected: str, came: str) -> bool:
    try:
        return _rows(came) == _rows(expected)
    except csv.Error:
        return False


def _rows(text: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]


_MATCHES = {
    Match.EXACT: _exact,
    Match.CONTAINS: _contains,
    Match.NORMALIZED: _normalized,
    Match.JSON: _json,
    Match.CSV: _csv,
}
