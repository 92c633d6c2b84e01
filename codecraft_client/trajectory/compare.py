"""What differs between what was recorded and what came of it now. Times, process ids and what a command used are no differences."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from codecraft_client.events import StepResult, SubmitResult
from codecraft_client.trajectory.plain import to_plain
from codecraft_client.types import CommandEnd, EndReason, Observation

# Never the same twice, or not a matter of the agent's: names of fields at any depth.
PASSED_OVER = {"timing", "usage", "sandbox_origin", "work_digest"}
# Compared once, at the opening.
STANDING = {"limits"}
# Where a command was stopped from outside is a matter of moments.
MOMENTARY = {"out_bytes", "err_bytes", "dropped_bytes"}
STOPPED = (EndReason.INTERRUPTED, EndReason.TIMED_OUT, EndReason.OUTPUT_LIMIT)
SHOWN_LINES = 20  # of a difference of texts
SHOWN_CHARACTERS = 200  # of a line or a value
NONE_ANY_MORE = "(nothing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as recorded.

    Attributes:
        where: The step (or "task", "image", "submission").
        what: The field, such as "observation.command_end.exit_code".
        lines: The difference itself, short.
    """

    where: str
    what: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        """All of it, as it is told to people."""
        return "\n".join([f"{self.where}: {self.what}", *(f"    {line}" for line in self.lines)])


def results(where: str, recorded: StepResult | SubmitResult, now: StepResult | SubmitResult) -> list[Difference]:
    """Compare two results, field by field. Output is compared by `outputs`."""
    before, after = _steady(to_plain(recorded)), _steady(to_plain(now))
    skipped = PASSED_OVER | STANDING | {"output", "error_output", "gaps"}
    if isinstance(recorded, StepResult) and stopped(recorded.observation.command_end):
        skipped |= MOMENTARY
    return [Difference(where, path, _change(old, new)) for path, old, new in _changed(before, after, "", skipped)]


def openings(recorded: Observation, now: Observation) -> list[Difference]:
    """Compare what was seen first."""
    return [
        Difference("opening", path, _change(old, new)) for path, old, new in _changed(to_plain(recorded), to_plain(now), "", PASSED_OVER)
    ]


def outputs(where: str, what: str, recorded: bytes, now: bytes, *, whole: bool) -> list[Difference]:
    """Compare what was printed; unless `whole`, only as far as both go."""
    if not whole:
        shared = min(len(recorded), len(now))
        recorded, now = recorded[:shared], now[:shared]
    return [] if recorded == now else [Difference(where, what, _text_diff(recorded, now))]


def values(where: str, what: str, recorded: object, now: object) -> list[Difference]:
    """Compare two plain values."""
    return [] if recorded == now else [Difference(where, what, _change(recorded, now))]


def stopped(end: CommandEnd | None) -> bool:
    """Whether a command was stopped from outside."""
    return end is not None and end.reason in STOPPED


def _steady(plain: Any) -> Any:
    """Of processes in the background only the number: in its first moment a process has its parent's name (execve(2))."""
    end = (plain.get("observation") or {}).get("command_end")
    if end is not None:
        end["background"] = len(end["background"])
    return plain


def _changed(before: Any, after: Any, path: str, skipped: set[str]) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            if name not in skipped:
                yield from _changed(before.get(name), after.get(name), f"{path}.{name}".lstrip("."), skipped)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _changed(old, new, f"{path}[{number}]", skipped)
    elif before != after:
        yield path, before, after


def _change(before: Any, after: Any) -> tuple[str, ...]:
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        return _text_diff(before.encode(), after.encode())
    return (f"- {_short(before)}", f"+ {_short(after)}")


def _text_diff(before: bytes, after: bytes) -> tuple[str, ...]:
    """A unified diff, without its heading; bytes that are no text are shown escaped."""
    odd = _odd(before, after)
    old, new = _lines(before, odd=odd), _lines(after, odd=odd)
    lines = [line for line in difflib.unified_diff(old, new, lineterm="", n=1) if not line.startswith(("---", "+++"))]
    cut = [line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + "…" for line in lines[:SHOWN_LINES]]
    return (*cut, *([f"… {len(lines) - SHOWN_LINES} more lines"] if len(lines) > SHOWN_LINES else []))


def _lines(data: bytes, *, odd: bool) -> list[str]:
    *lines, last = [repr(line)[1:] for line in data.split(b"\n")] if odd else data.decode().split("\n")
    return [*lines, f"{last} (no line end)"] if data and not data.endswith(b"\n") else lines


def _odd(*data: bytes) -> bool:
    try:
        return not all(each.decode().replace("\n", "").replace("\t", "").isprintable() for each in data)
    except UnicodeDecodeError:
        return True


def _short(value: object) -> str:
    text = NONE_ANY_MORE if value is None else value if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
