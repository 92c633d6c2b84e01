"""What the terminal shows: how a training goes, and what it came to. Trains and writes nothing."""

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text

from examples.learn import plot
from examples.learn.training import Row

WIDTH = 6  # of the bar: with it all of the line fits into 80 columns
MINUTE_S, HOUR_S = 60, 3600
MOST = 100  # of a unit; then the next one is used


class Times(ProgressColumn):
    """How long it has taken, and how long it will take still, once there is something to tell it from."""

    def render(self, task: Task) -> Text:
        """Return such as "51 s, 14 s left"."""
        taken_s = task.elapsed or 0.0
        if not task.completed or task.finished:
            return Text(duration(taken_s))
        return Text(f"{duration(taken_s)}, {duration(taken_s * (task.remaining or 0) / task.completed)} left")


def duration(seconds: float) -> str:
    """Return such as "51 s", "14 min" or "2.5 h"."""
    if round(seconds) < MOST:
        return f"{seconds:.0f} s"
    minutes = seconds / MINUTE_S
    return f"{minutes:.0f} min" if round(minutes) < MOST else f"{seconds / HOUR_S:.1f} h"


def progress(console: Console) -> Progress:
    """Return a bar of episodes."""
    return Progress(TextColumn("{task.description}"), BarColumn(bar_width=WIDTH), MofNCompleteColumn(), Times(), console=console)


def described(row: Row) -> str:
    """Return what is being trained, and the share of the last batch that was solved."""
    return f"{row.task}, {row.reward}, seed {row.seed}: solved {100 * row.score:3.0f} %"


def table(rows: Sequence[Row]) -> Table:
    """Return the end of each curve, beside what needs no learning."""
    shown = Table(title="Share of episodes solved", caption="chance and the best fixed sequence are computed")
    for heading in ("task", "paid for", "at the end", "half solved after", "chance", "best fixed sequence"):
        shown.add_column(heading)
    for line in plot.cells(rows):
        shown.add_row(*line)
    return shown
