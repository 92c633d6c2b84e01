"""What is seen of a run while it runs: a bar for all, a line for each task under way; where nobody looks, a line for each finished task."""

import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from codecraft_client.agents.protocol import AgentEvent, Called, Printed, Retried
from codecraft_client.agents.result import TaskResult
from codecraft_client.agents.summary import verdict
from codecraft_client.types import Task

SHOWN = 80  # characters of what a task is doing


class Display:
    """A `Watcher`. Enter it to show."""

    def __init__(self, console: Console, total: int, done: int) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._rows: dict[str, TaskID] = {}
        self._passed = 0
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[doing]}"),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._all = self._progress.add_task("tasks", total=total, completed=done, doing="")

    def __enter__(self) -> Self:
        """Begin to show."""
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def began(self, task: Task) -> None:
        """Show a line for it."""
        with self._lock:
            self._rows[task.task_id] = self._progress.add_task(escape(task.task_id), total=task.limits.steps, doing="opening")

    def happened(self, task: Task, event: AgentEvent) -> None:
        """Show what it is doing."""
        row = self._rows[task.task_id]
        match event:
            case Called():
                self._progress.update(row, advance=1, doing=_short(f"{event.name} {event.arguments}"))
            case Printed():
                self._progress.update(row, doing=_short(event.data.decode("utf-8", errors="replace")))
            case Retried():
                waiting = _short(f"retrying in {event.wait_s:.1f} s: {event.problem}")
                self._progress.update(row, doing=waiting)
                if not self._console.is_terminal:
                    self._console.print(f"{escape(task.task_id)}  [dim]{waiting}[/dim]", soft_wrap=True)
            case _:
                return

    def over(self, task: Task) -> None:
        """Take its line away."""
        with self._lock:
            self._progress.remove_task(self._rows.pop(task.task_id))

    def finished(self, result: TaskResult) -> None:
        """Count it, and leave a line of it."""
        self._passed += result.passed
        self._progress.update(self._all, advance=1, doing=f"{self._passed} passed")
        time = f"{result.seconds:.1f} s"
        self._console.print(f"{escape(result.task_id)}  {verdict(result)}  [dim]{result.steps} steps, {time}[/dim]", soft_wrap=True)


def _short(text: str) -> str:
    """Return it as one line of markup that can do nothing to the terminal."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return escape(line if len(line) <= SHOWN else line[: SHOWN - 1] + "…")
