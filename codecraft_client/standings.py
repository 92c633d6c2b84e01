"""How the statistics and the open episodes of a server look in a terminal. Knows no connection: it is given values.

Where there is no room for all columns, headings become shorter, then the columns that matter least go; a line below says so.
An id is never cut. What is no terminal has room for everything.
"""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from codecraft_client.types import EpisodeSummary, TaskStatistics

UNBOUNDED = 10_000  # characters, for what is no terminal
_HEADS = ("task", "started", "passed", "failed", "gave up", "out", "left", "faults", "score", "return", "steps", "recent", "grading")
_SHORT = ("task", "start", "pass", "fail", "gave", "out", "left", "flt", "score", "ret", "steps", "recent", "grade")
_LEAST_FIRST = ("grading", "return", "left", "steps", "out", "gave up", "faults")
_LEGEND = {
    "gave up": "gave: gave up",
    "out": "out: out of steps or time",
    "left": "left: closed or expired",
    "faults": "flt: faults",
    "return": "ret: return",
}
_GAP = 2

Rows = Sequence[Sequence[str]]


def statistics(found: Iterable[TaskStatistics], width: int) -> Group:
    """Return a table of how episodes went, a row for each task, that fits this many characters."""
    rows = [_row(one) for one in found]
    heads: Sequence[str] = _HEADS
    legend: dict[str, str] = {}
    if _needed(heads, rows) > width:
        heads, legend = _SHORT, _LEGEND
    kept = list(range(len(heads)))
    for name in _LEAST_FIRST:
        if _needed([heads[at] for at in kept], [[row[at] for at in kept] for row in rows]) <= width:
            break
        kept.remove(_HEADS.index(name))
    table = _table([heads[at] for at in kept], [[row[at] for at in kept] for row in rows])
    gone = [name for at, name in enumerate(_HEADS) if at not in kept]
    notes = [
        ", ".join(text for name, text in legend.items() if name not in gone),
        f"no room for: {', '.join(gone)}; `--json` has all" if gone else "",
    ]
    return Group(table, *(Text(note, "dim") for note in notes if note))


def episodes(found: Iterable[EpisodeSummary], now_s: float) -> Table:
    """Return a table of open episodes, a row for each; `now_s` as `time.time()` tells it."""
    rows = [
        (
            one.episode_id,
            one.task_id or "-",
            one.state.value,
            str(one.steps_taken),
            _time(now_s - one.started_at),
            _time(one.expires_at - now_s),
        )
        for one in found
    ]
    return _table(("episode", "task", "state", "steps", "age", "lease"), rows, left=3)


def room(console: Console) -> int:
    """How many characters a line may have; tells the console so, too."""
    if not console.is_terminal:
        console.width = UNBOUNDED
    return console.width


def _row(one: TaskStatistics) -> tuple[str, ...]:
    recent = "" if one.recent_pass_rate is None else f"{one.recent_pass_rate:.0%} of {one.recent_episodes}"
    counts = (one.started, one.passed, one.failed, one.gave_up, one.out_of_budget, one.abandoned, one.faults)
    means = (_mean(one.mean_score), _mean(one.mean_return), _mean(one.mean_steps, ".1f"))
    return (one.task_id, *map(str, counts), *means, recent, _mean(one.mean_grading_s, ".1f", " s"))


def _needed(heads: Sequence[str], rows: Rows) -> int:
    return sum(max(map(len, column)) + _GAP for column in zip(heads, *rows, strict=True)) - _GAP


def _table(heads: Sequence[str], rows: Rows, left: int = 1) -> Table:
    """A table whose first `left` columns are words, and fold where there is still too little room; the others are numbers."""
    table = Table(box=None, pad_edge=False)
    for at, name in enumerate(heads):
        if at < left:
            table.add_column(name, overflow="fold")
        else:
            table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _time(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 120 else f"{whole // 60} min"  # noqa: PLR2004 - two minutes, from which on seconds say little


def _mean(value: float | None, how: str = ".2f", unit: str = "") -> str:
    return "" if value is None else f"{value:{how}}{unit}"
