"""Reading a trajectory, also one whose end is missing. Knows no server."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from codecraft_client.actions import Action
from codecraft_client.errors import TrajectoryError
from codecraft_client.events import Output, StepResult
from codecraft_client.trajectory.format import (
    ActionTaken,
    End,
    Event,
    Failure,
    Header,
    Interrupt,
    Line,
    Result,
    Stdin,
    Submission,
    SubmissionResult,
    decode,
)
from codecraft_client.types import Stream


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What a file says.

    Attributes:
        lines: All but the header.
        cut: Whether the last line is not whole, and was left out: whoever wrote it was killed while it did.
    """

    header: Header
    lines: tuple[Line, ...]
    cut: bool

    @property
    def end(self) -> End | None:
        """How the recording ended; None: it was cut off."""
        return next((line for line in self.lines if isinstance(line, End)), None)

    @property
    def deeds(self) -> tuple["Deed", ...]:
        """The steps and submissions, in order."""
        return tuple(_deeds(self.lines))


@dataclass(frozen=True, slots=True)
class Deed:
    """A step or a submission, and all that came of it; `ending` None: it was cut off."""

    beginning: ActionTaken | Submission
    meanwhile: tuple[Event | Stdin | Interrupt, ...] = field(default=())
    ending: Result | SubmissionResult | Failure | None = None

    @property
    def action(self) -> Action | None:
        """The action; None: it is a submission."""
        return self.beginning.action if isinstance(self.beginning, ActionTaken) else None

    @property
    def result(self) -> StepResult | None:
        """What a step came to."""
        return self.ending.result if isinstance(self.ending, Result) else None

    @property
    def name(self) -> str:
        """What to call it."""
        return f"step {self.beginning.step}" if isinstance(self.beginning, ActionTaken) else "submission"

    @property
    def interrupted(self) -> bool:
        """Whether it was told to stop."""
        return any(isinstance(line, Interrupt) for line in self.meanwhile)

    def output(self, stream: Stream = Stream.OUT) -> bytes:
        """All that was printed and kept, streamed or not."""
        pieces = [line.event for line in self.meanwhile if isinstance(line, Event) and isinstance(line.event, Output)]
        streamed = b"".join(piece.data for piece in pieces if piece.stream is stream)
        if streamed or self.result is None:
            return streamed
        seen = self.result.observation
        return seen.output if stream is Stream.OUT else seen.error_output


def read(path: str | Path) -> Trajectory:
    """Return what a file says. TrajectoryError, with the number of the line, when it is no trajectory."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise TrajectoryError(f"{path} can't be read: {error.strerror or error}") from error
    whole, _, rest = data.rpartition(b"\n")
    lines = [line for line in _decoded(path, whole) if line is not None]
    if not lines or not isinstance(lines[0], Header):
        raise TrajectoryError(f"{path} is no trajectory: its first line is no whole header")
    return Trajectory(lines[0], tuple(line for line in lines[1:] if not isinstance(line, Header)), cut=bool(rest))


def _decoded(path: str | Path, data: bytes) -> Iterator[Header | Line | None]:
    for number, line in enumerate(data.split(b"\n") if data else [], 1):
        try:
            yield decode(line)
        except TrajectoryError as error:
            raise TrajectoryError(f"{path}, line {number}: {error.message}") from error


def _deeds(lines: tuple[Line, ...]) -> Iterator[Deed]:
    deed: Deed | None = None
    for line in lines:
        match line:
            case ActionTaken() | Submission():
                if deed is not None:
                    yield deed
                deed = Deed(line)
            case Event() | Stdin() | Interrupt() if deed is not None:
                deed = replace(deed, meanwhile=(*deed.meanwhile, line))
            case Result() | SubmissionResult() | Failure() if deed is not None:
                yield replace(deed, ending=line)
                deed = None
            case _:
                continue
    if deed is not None:
        yield deed
