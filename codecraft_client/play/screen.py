"""What a person sees. Whatever comes out of a sandbox or from a task is made printable first."""

from collections.abc import Iterable
from typing import IO

from rich.console import Console
from rich.text import Text

from codecraft_client.colours import wanted
from codecraft_client.events import GradingPhase, Output, Phase, StepEvent, StepResult, SubmitEvent, SubmitResult
from codecraft_client.grades import CheckResult
from codecraft_client.printable import Printable, printable
from codecraft_client.telling import grade_lines, result_lines
from codecraft_client.types import Gap, Outcome, Stream, Task

RESET = "\x1b[0m"
DIM, BOLD, RED, GREEN, YELLOW = "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"


class Screen:
    """Writes to a terminal, in colours, or to anything else, without."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._colour = wanted(stream)
        self._console = Console(file=stream)  # knows the terminal's width, also when it changes
        self._streams: dict[Stream, Printable] = {}
        self._at_start = True
        self._begin()

    def lines(self, lines: Iterable[str], style: str = "") -> None:
        """Write lines, each on a line of its own."""
        for line in lines:
            text = printable(line).rstrip("\n")
            self._write(("" if self._at_start else "\n") + self._styled(text, style) + "\n")

    def prose(self, lines: Iterable[str], style: str = "") -> None:
        """Write text that somebody wrote to be read: a terminal has its lines broken between words."""
        text = printable("\n".join(lines)).rstrip("\n")
        if self._stream.isatty():
            text = "\n".join(line.plain for line in Text(text).wrap(self._console, self._console.width))
        self.lines([text], style)

    def note(self, text: str) -> None:
        """Say something of our own."""
        self.prose([text], DIM)

    def error(self, text: object) -> None:
        """Say what is wrong."""
        self.prose([str(text)], RED)

    def task(self, task: Task) -> None:
        """Show a task."""
        self.prose([f"Task {task.task_id}: {task.title}"], BOLD)
        self.prose([task.description.strip(), *([f"Judged by: {task.test.strip()}"] if task.test.strip() else [])])
        limits = task.limits
        self.note(f"{limits.steps} steps, {limits.episode_s:g} s in all, {limits.command_s:g} s a command; {task.image}")

    def event(self, event: StepEvent | SubmitEvent) -> None:
        """Show what happens while it happens."""
        match event:
            case Output():
                self._write(self._streams[event.stream].feed(event.data))
            case Gap():
                self.note(f"({event.dropped_bytes} bytes are missing)")
            case Phase(phase=GradingPhase.CHECKING):
                self.note(f"asking {event.checks} checks")
            case CheckResult():
                self.lines([("passed  " if event.passed else "failed  ") + event.title], GREEN if event.passed else RED)
            case _:
                return

    def result(self, result: StepResult) -> None:
        """Show what a step came to."""
        self._write("".join(stream.feed(b"", final=True) for stream in self._streams.values()))
        self._begin()
        self.lines(result_lines(result), self._judged(result.outcome, YELLOW if result.observation.error else ""))

    def graded(self, result: SubmitResult) -> None:
        """Show what the submission came to."""
        self.lines(grade_lines(result), self._judged(result.outcome, ""))

    def _judged(self, outcome: Outcome | None, otherwise: str) -> str:
        return otherwise if outcome is None else GREEN if outcome is Outcome.PASSED else RED

    def _begin(self) -> None:
        self._streams = {stream: Printable(colour=self._colour) for stream in Stream}

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{RESET}" if self._colour and style else text

    def _write(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._stream.flush()
            self._at_start = text.endswith("\n")
