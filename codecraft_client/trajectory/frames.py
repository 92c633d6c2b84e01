"""A trajectory as what somebody who had looked on would have seen: text at times. Both `replay` and the asciicast show this."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from codecraft_client.actions import Action, ListFiles, ReadFile, RunCommand, Text, WriteFile, as_text
from codecraft_client.events import Output, Phase, StepEvent, StepResult, SubmitEvent
from codecraft_client.grades import CheckResult
from codecraft_client.printable import Printable, printable
from codecraft_client.telling import grade_lines, result_lines
from codecraft_client.trajectory.format import ActionTaken, Event, Failure, Interrupt, Line, Result, Stdin, Submission, SubmissionResult
from codecraft_client.trajectory.reader import Trajectory
from codecraft_client.types import Gap, Stream


@dataclass(frozen=True, slots=True)
class Frame:
    """Text that appears at a time, lines ended by LF; `mark`: the step that begins here, else empty."""

    at_s: float
    text: str
    mark: str = ""


def frames(trajectory: Trajectory, *, colour: bool) -> Iterator[Frame]:
    """Yield what was seen, in order."""
    yield Frame(0.0, printable(trajectory.header.observation.message.strip()) + "\n")
    viewer = _Viewer(colour=colour)
    last_s = 0.0
    for line in trajectory.lines:
        last_s = line.at_s
        text = viewer.shown(line)
        if text:
            yield Frame(line.at_s, text, viewer.mark(line))
    if trajectory.cut or trajectory.end is None:
        yield Frame(last_s, viewer.fresh_line() + "(the recording was cut off here)\n")


class _Viewer:
    """Makes text of lines; remembers where on the screen's line it is."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._streams: dict[Stream, Printable] = {}
        self._at_start = True
        self._begin_streams()

    def mark(self, line: Line) -> str:
        """What to call the step that begins with this line."""
        if isinstance(line, Submission):
            return "submit"
        return f"step {line.step}" if isinstance(line, ActionTaken) else ""

    def fresh_line(self) -> str:
        """What begins a new line on the screen where one is needed."""
        needed, self._at_start = not self._at_start, True
        return "\n" if needed else ""

    def shown(self, line: Line) -> str:
        """What a line shows."""
        match line:
            case ActionTaken():
                self._begin_streams()
                return self._lines("$ " + printable(spoken(line.action)))
            case Submission():
                return self._lines("$ :submit")
            case Event():
                return self._event(line.event)
            case Stdin() | Interrupt():
                return self._raw("^C" if isinstance(line, Interrupt) else printable(line.data.decode(errors="replace")))
            case Result() | SubmissionResult() | Failure():
                return self._ending(line)
            case _:
                return ""

    def _event(self, event: StepEvent | SubmitEvent) -> str:
        match event:
            case Output():
                return self._raw(self._streams[event.stream].feed(event.data))
            case Gap():
                return self._lines(f"({event.dropped_bytes} bytes are missing)")
            case Phase():
                return self._lines(f"({event.phase.value})")
            case CheckResult():
                return self._lines(f"{'passed' if event.passed else 'failed'}: {printable(event.title)}")
            case _:
                return ""

    def _ending(self, line: Result | SubmissionResult | Failure) -> str:
        match line:
            case Result():
                return self._result(line.result)
            case SubmissionResult():
                return self._lines(*map(printable, grade_lines(line.result)))
            case Failure():
                return self._lines(printable(f"{line.error}: {line.message}"))

    def _result(self, result: StepResult) -> str:
        seen = result.observation
        rest = "".join(stream.feed(b"", final=True) for stream in self._streams.values())
        self._begin_streams()
        printed = "".join(Printable(colour=self._colour).feed(data, final=True) for data in (seen.output, seen.error_output))
        return self._raw(rest + printed) + self._lines(*map(printable, result_lines(result)))

    def _begin_streams(self) -> None:
        self._streams = {stream: Printable(colour=self._colour) for stream in Stream}

    def _raw(self, text: str) -> str:
        if text:
            self._at_start = text.endswith("\n")
        return text

    def _lines(self, *lines: str) -> str:
        return "" if not lines else self.fresh_line() + "".join(line.rstrip("\n") + "\n" for line in lines)


def spoken(action: Action) -> str:
    """An action as somebody would have typed it."""
    match action:
        case RunCommand():
            return as_text(action.command)
        case WriteFile():
            return f":write {shlex.quote(as_text(action.path))}  ({len(as_text(action.content))} characters)"
        case ReadFile():
            return f":read {shlex.quote(as_text(action.path))}"
        case ListFiles():
            return f":list {shlex.quote(as_text(action.path) or '.')}"
        case Text():
            return action.text
