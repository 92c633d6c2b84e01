"""A run's results as tables. What identifies a row is never cut: where a terminal is too narrow columns are left out instead."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from codecraft_client.agents.result import TaskResult
from codecraft_client.agents.summary import Group, by_category, by_difficulty, group, verdict
from codecraft_client.standings import UNBOUNDED, room

WRAPPED = ("title", "result")
"""Columns whose cells may go over several lines."""
LEFT_OUT = ("title", "time", "tokens", "steps", "return", "judged", "score", "tasks")
"""Columns that go, in this order, where there is no room."""

Row: TypeAlias = Mapping[str, Text]


def show(console: Console, run: Mapping[str, Any], results: Sequence[TaskResult]) -> None:
    """Print the tables, if anything was judged; `run` says by which mode episodes paid."""
    if not any(result.judged for result in results):
        return
    _show(console, f"Tasks (reward: {run['reward_mode']})", [_task(result) for result in results])
    _show(console, "By category", [_group("category", name, one) for name, one in by_category(results).items()])
    _show(console, "By difficulty", [_group("difficulty", name, one) for name, one in by_difficulty(results).items()])
    _show(console, "All", [_group("", "all", group(results))])


def _task(result: TaskResult) -> Row:
    return {
        "task": Text(result.task_id),
        "title": Text(result.title),
        "result": Text.from_markup(verdict(result)),
        "score": Text(_number(result.score)),
        "return": Text(_number(result.episode_return)),
        "steps": Text(str(result.steps)),
        "tokens": Text(f"{'~' if result.estimated_tokens else ''}{result.tokens}"),
        "time": Text(f"{result.seconds:.1f} s"),
    }


def _group(heading: str, name: str, one: Group) -> Row:
    return {
        heading: Text(name),
        "tasks": Text(str(one.tasks)),
        "judged": Text(str(one.judged)),
        "passed": Text(str(one.passed)),
        "rate": Text("-" if one.pass_rate is None else f"{one.pass_rate:.0%}"),
        "score": Text(_number(one.mean_score)),
        "steps": Text(_number(one.mean_steps, 1)),
        "tokens": Text(str(one.tokens)),
        "time": Text(f"{one.seconds:.1f} s"),
    }


def _show(console: Console, title: str, rows: Sequence[Row]) -> None:
    console.print(_fitting(console, title, rows, room(console)))
    console.print()


def _fitting(console: Console, title: str, rows: Sequence[Row], width: int) -> Table:
    """Return a table that is no wider; where even the fewest columns are, names go over several lines."""
    headings = list(rows[0])
    for left_out in ("none", *LEFT_OUT):
        headings = [heading for heading in headings if heading != left_out]
        table = _table(title, headings, rows, whole=True)
        if console.measure(table, options=console.options.update(width=UNBOUNDED)).minimum <= width:
            return table
    return _table(title, headings, rows, whole=False)


def _table(title: str, headings: Sequence[str], rows: Sequence[Row], *, whole: bool) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for place, heading in enumerate(headings):
        wraps = heading in WRAPPED or not (place or whole)
        least = None if wraps else max(cell_len(text) for text in (heading, *(row[heading].plain for row in rows)))
        table.add_column(heading, min_width=least, overflow="fold", justify="left" if place == 0 or heading in WRAPPED else "right")
    for row in rows:
        table.add_row(*(row[heading] for heading in headings))
    return table


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
