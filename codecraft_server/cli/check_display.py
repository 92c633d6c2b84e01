"""How checking looks in a terminal: how far it is, the table, a paragraph for each problem. The one module here that knows rich."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from codecraft_server.checking import Problem, Progress, Row, Summary
from codecraft_server.checking.checker import Tell
from codecraft_server.checking.findings import COLUMNS, Mark

_STYLES = {Mark.GOOD: "green", Mark.BAD: "bold red", Mark.NOTHING: "dim"}
_LEAST_FIRST = ("offline", "schema", "budget", "empty", "repeats", "milestones")
_GAP = 2  # characters between columns
_PLAIN_WIDTH = 200  # characters of a line in a file or a log
_PLAIN_EVERY = 25  # attempts, where nothing can be drawn over


class _Paper(Console):
    """A console that lets BrokenPipeError through; rich's own ends the program with 1."""

    def on_broken_pipe(self) -> None:
        """Called where the error is being handled."""
        raise  # noqa: PLE0704


class Display:
    """Writes on standard output."""

    def __init__(self, *, color: bool) -> None:
        self._console = _Paper(file=sys.stdout, no_color=not color, highlight=False, emoji=False, markup=False)
        if not self._console.is_terminal:
            self._console.width = _PLAIN_WIDTH

    @contextmanager
    def progress(self) -> Iterator[Tell]:
        """While it is open, show what it is told: drawn over in a terminal, else a plain line now and then and for whatever is wrong."""
        if not self._console.is_terminal:
            yield self._plainly
            return
        columns = (BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
        with Bar(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("", total=None)

            def tell(progress: Progress) -> None:
                if not progress.good:
                    bar.console.print(Text(f"wrong: {progress.last}", "red"))
                bar.update(task, total=progress.total, completed=progress.done, description=progress.last)

            yield tell

    def _plainly(self, progress: Progress) -> None:
        if not progress.good:
            self._line(f"wrong: {progress.last}")
        if progress.done % _PLAIN_EVERY == 0 or progress.done == progress.total:
            self._line(f"{progress.done} of {progress.total} attempts")

    def summary(self, summary: Summary) -> None:
        """Write the table, the problems, and one line that says how it went."""
        if summary.rows:
            self._console.print(_table(summary.rows, shown := _shown(summary.rows, self._console.width)))
            if gone := [name for name in COLUMNS if name not in shown]:
                self._console.print(Text(f"no room for: {', '.join(gone)}; nothing is wrong there", "dim"))
        if summary.controls.mark is not Mark.NOTHING:
            self._console.print(Text.assemble("controls ", (summary.controls.text, _STYLES[summary.controls.mark])))
        problems = summary.all_problems
        for problem in problems:
            self._console.print()
            self._console.print(_paragraph(problem), soft_wrap=not self._console.is_terminal)
        self._console.print()
        good = sum(not row.problems for row in summary.rows)
        ending = "" if summary.complete else " when it was stopped; what was not tried is not shown"
        tasks, wrong = counted(len(summary.rows), "task"), counted(len(problems), "problem")
        line = f"{good} of {tasks} good, {wrong}, {summary.seconds:.0f} s{ending}"
        self._console.print(Text(line, "bold"))

    def _line(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)


def _shown(rows: list[Row], width: int) -> tuple[str, ...]:
    """Return the columns for which there is room beside the ids: those that matter least go first, one where something is wrong never."""
    widths = {name: _GAP + max(len(name), *(len(row.cells[at].text) for row in rows)) for at, name in enumerate(COLUMNS)}
    wrong = {name for at, name in enumerate(COLUMNS) if any(row.cells[at].mark is Mark.BAD for row in rows)}
    ids = max(len("task"), *(len(row.task) for row in rows))
    for name in _LEAST_FIRST:
        if ids + sum(widths.values()) > width and name not in wrong:
            del widths[name]
    return tuple(widths)


def _table(rows: list[Row], shown: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("task", overflow="fold")  # an id is never cut
    for name in shown:
        table.add_column(name, no_wrap=True)
    for row in rows:
        cells = (row.cells[COLUMNS.index(name)] for name in shown)
        table.add_row(Text(row.task), *(Text(cell.text, _STYLES[cell.mark]) for cell in cells))
    return table


def counted(number: int, name: str) -> str:
    """A number of things, in words."""
    return f"{number} {name}{'' if number == 1 else 's'}"


def _paragraph(problem: Problem) -> Text:
    where = f"task {problem.task}, {problem.check}" if problem.task else problem.check
    return Text.assemble(
        (where, "bold red"), "\n    expected: ", problem.expected, "\n    came:     ", problem.came, "\n    to do:    ", problem.remedy
    )
