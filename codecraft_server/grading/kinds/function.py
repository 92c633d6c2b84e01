"""Runs a check of kind `function`: the learner's code runs in a process that knows the arguments; what is expected stays in this one."""

import asyncio
import json
import math
import posixpath
from typing import Any

from codecraft_server.grading import inside
from codecraft_server.grading.endings import how
from codecraft_server.grading.inside.codec import MAX_DEPTH, order
from codecraft_server.grading.matching import excerpt
from codecraft_server.grading.place import PYTHON, Place, Ran, User
from codecraft_server.sandbox import EndReason
from codecraft_server.task import Call, FunctionCheck

_PROGRAM = inside.source("calls")
_ORDERED = {"set": "set", "frozenset": "set", "dict": "dict"}


async def run(body: FunctionCheck, place: Place, timeout_s: float) -> str:
    """Say which call failed first and why; empty when all agree."""
    path = posixpath.join(place.working_dir.decode(), body.module)
    calls = [{"args": json.loads(call.arguments), "kwargs": json.loads(call.named)} for call in body.calls]
    job = json.dumps({"module": path, "function": body.function, "calls": calls})
    ran = await place.run((PYTHON, b"-I", b"-B", b"-c", _PROGRAM), timeout_s=timeout_s, stdin=job.encode(), user=User.AGENT)
    return ran if isinstance(ran, str) else await asyncio.to_thread(_weigh, body, ran)  # a megabyte of values takes a while


def _weigh(body: FunctionCheck, ran: Ran) -> str:
    if ran.ended.dropped_bytes:
        return "it returned more than is kept"
    lines = ran.out.split(b"\n")[:-1]
    for index, call in enumerate(body.calls):
        if index >= len(lines):
            ending = "" if ran.ended.reason is EndReason.EXITED and ran.ended.exit_code == 0 else f", the program {how(ran.ended)}"
            return f"{_name(body, call)}: nothing came of it{ending}; stderr is {excerpt(ran.err.decode(errors='replace'))}"
        reason = _wrong(call, lines[index], body.tolerance)
        if reason:
            return f"{_name(body, call)} {reason}"
    if ran.ended.reason is not EndReason.EXITED or ran.ended.exit_code != 0 or len(lines) != len(body.calls):
        return f"the program {how(ran.ended)} after {len(lines)} of {len(body.calls)} results"
    return ""


def _name(body: FunctionCheck, call: Call) -> str:
    return f"{body.function}({excerpt(call.arguments)}, {excerpt(call.named)})"


def _wrong(call: Call, line: bytes, tolerance: float) -> str:
    """Say what is wrong with the result of a call; empty: nothing."""
    try:
        came = json.loads(line)
        if not isinstance(came, dict):
            return "gave no result"
        if call.raises:
            return "" if call.raises in came.get("raised", ()) else f"must raise {call.raises}, but {_what(came)}"
        expected = json.loads(call.returns)
        fits = "value" in came and agree(plain(expected), plain(came["value"], orders(expected)), tolerance)
    except (ValueError, RecursionError, TypeError):
        return "gave no result that can be read"
    return "" if fits else f"must return {excerpt(call.returns)}, but {_what(came)}"


def _what(came: dict[str, Any]) -> str:
    if "value" in came:
        return f"returned {excerpt(json.dumps(came['value']))}"
    if "broken" in came:
        return f"could not be called: {excerpt(str(came['broken']))}"
    return f"raised {excerpt(str(came.get('message')))}"


def plain(data: Any, orders_left: int = MAX_DEPTH) -> Any:
    """Return encoded data with tuples as lists, frozen sets as sets, and sets and odd dictionaries in order.

    What is ordered inside what is ordered is written out once for each level, so no more than `orders_left` levels are; ValueError.
    """
    if isinstance(data, list):
        return [plain(item, orders_left) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((tag, inner),) = data.items()
        if tag == "tuple":
            return plain(inner, orders_left)
        if tag in _ORDERED:
            if not orders_left:
                raise ValueError("more sets in sets than are expected")
            return {_ORDERED[tag]: sorted((plain(item, orders_left - 1) for item in inner), key=order)}
    return {key: plain(item, orders_left) for key, item in data.items()}


def orders(data: Any) -> int:
    """Return how many levels of encoded data are in an order of `plain`."""
    if isinstance(data, dict):
        return max(map(orders, data.values()), default=0) + (len(data) == 1 and not _ORDERED.keys().isdisjoint(data))
    return max(map(orders, data), default=0) if isinstance(data, list) else 0


def agree(expected: Any, came: Any, tolerance: float) -> bool:
    """Whether two values are equal, floats within a tolerance that is relative and absolute. true is not 1; 1 and 1.0 are one number."""
    if isinstance(expected, bool) or isinstance(came, bool):
        return expected is came
    if isinstance(expected, int | float) and isinstance(came, int | float):
        near = isinstance(expected, float) or isinstance(came, float)
        return expected == came or (near and _close(expected, came, tolerance))
    if isinstance(expected, list) and isinstance(came, list):
        return len(expected) == len(came) and all(agree(one, other, tolerance) for one, other in zip(expected, came, strict=True))
    if isinstance(expected, dict) and isinstance(came, dict):
        return expected.keys() == came.keys() and all(agree(value, came[key], tolerance) for key, value in expected.items())
    return bool(expected == came)


def _close(expected: float, came: float, tolerance: float) -> bool:
    try:
        return math.isclose(expected, came, rel_tol=tolerance, abs_tol=tolerance)
    except OverflowError:  # an integer beyond all floats
        return False
