"""Doing again what a trajectory says, in a fresh episode, and telling what came out otherwise."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from codecraft_client.client import Client
from codecraft_client.episode import Episode
from codecraft_client.errors import EpisodeEndedError, ServerError, TaskNotFoundError, TransportError
from codecraft_client.events import Output, StepResult
from codecraft_client.running import Running
from codecraft_client.trajectory import compare
from codecraft_client.trajectory.compare import Difference
from codecraft_client.trajectory.format import ActionTaken, Failure, Interrupt, Result, Stdin, SubmissionResult
from codecraft_client.trajectory.reader import Deed, Trajectory
from codecraft_client.types import Stream, Task

END_S = 30.0  # for the thread that types and interrupts, once the command has ended


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of it: `checked` steps and submissions were done again; `notes` say what could not be compared."""

    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    checked: int


def verify(client: Client, trajectory: Trajectory) -> Verification:
    """Do all of it again.

    Args:
        client: Where.
        trajectory: What. Input and interrupts come at the same time of their step as they did then.

    Raises:
        TransportError: And whatever else opening the episode raises, but for a task that is not there: that is a difference.
    """
    again = _Again(trajectory)
    header = trajectory.header
    try:
        again.same_task(client.task(header.task.task_id) if header.task else None)
    except TaskNotFoundError as error:
        again.differs("task", "task_id", header.task.task_id if header.task else "", error.message)
        return again.verification()
    again.note_versions(client)
    with client.reset(header.task.task_id if header.task else None, reward=header.reward) as episode:
        again.same_opening(episode)
        again.do(episode)
    return again.verification()


class _Again:
    """One verification: collects what differs."""

    def __init__(self, trajectory: Trajectory) -> None:
        self._trajectory = trajectory
        self._differences: list[Difference] = []
        self._notes: list[str] = []
        self._checked = 0

    def verification(self) -> Verification:
        return Verification(tuple(self._differences), tuple(self._notes), self._checked)

    def differs(self, where: str, what: str, recorded: object, now: object) -> None:
        self._differences += compare.values(where, what, recorded, now)

    def same_task(self, task: Task | None) -> None:
        recorded = self._trajectory.header.task
        if recorded is not None and task is not None:
            self.differs("task", "digest", recorded.digest, task.digest)

    def note_versions(self, client: Client) -> None:
        """Another version is no difference, but may explain some."""
        server, then = client.server_info(), self._trajectory.header.versions
        for name, before, now in (("server", then.server, server.server_version), ("guest", then.guest_digest, server.guest_digest)):
            if before != now:
                self._notes.append(f"another {name}: {before} then, {now} now")

    def same_opening(self, episode: Episode) -> None:
        header = self._trajectory.header
        self.differs("image", "digest", header.image_digest, episode.ready.image_digest)
        self._differences += compare.openings(header.observation, episode.observation)

    def do(self, episode: Episode) -> None:
        if self._trajectory.cut or self._trajectory.end is None:
            self._notes.append("the recording was cut off")
        for deed in self._trajectory.deeds:
            if deed.ending is None:
                self._notes.append(f"{deed.name} was cut off and is not done again")
                continue
            if isinstance(deed.ending, Failure) and not deed.ending.reason:
                self._notes.append(f"{deed.name} came to {deed.ending.error} then, and is not done again")
                continue
            self._checked += 1
            try:
                self._deed(episode, deed)
            except EpisodeEndedError as error:
                self.differs(deed.name, "the episode", "went on", error.message)
                return
            except TransportError:
                raise
            except ServerError as error:
                self._refused(deed, error)

    def _refused(self, deed: Deed, error: ServerError) -> None:
        then = deed.ending.reason if isinstance(deed.ending, Failure) else "a result"
        self.differs(deed.name, "came to", then, error.reason or type(error).__name__)

    def _deed(self, episode: Episode, deed: Deed) -> None:
        if isinstance(deed.beginning, ActionTaken):
            self._step(episode, deed, deed.beginning)
            return
        result = episode.submit()
        if isinstance(deed.ending, SubmissionResult):
            self._differences += compare.results(deed.name, deed.ending.result, result)
        else:
            self.differs(deed.name, "came to", _reason(deed), "a result")

    def _step(self, episode: Episode, deed: Deed, began: ActionTaken) -> None:
        running = episode.start(began.action, stream=began.stream)
        printed = dict.fromkeys(Stream, b"")
        with _hands(running, deed, began.at_s):
            for event in running:
                if isinstance(event, Output):
                    printed[event.stream] += event.data
            result = running.result()
        if not isinstance(deed.ending, Result):
            self.differs(deed.name, "came to", _reason(deed), "a result")
            return
        seen = result.observation
        whole = not any(compare.stopped(end) for end in (deed.ending.result.observation.command_end, seen.command_end))
        for stream, rest in ((Stream.OUT, seen.output), (Stream.ERR, seen.error_output)):
            now = printed[stream] or rest
            name = "output" if stream is Stream.OUT else "error output"
            self._differences += compare.outputs(deed.name, name, deed.output(stream), now, whole=whole)
        self._results(deed, deed.ending.result, result)

    def _results(self, deed: Deed, then: StepResult, now: StepResult) -> None:
        self._differences += compare.results(deed.name, then, now)


def _reason(deed: Deed) -> str:
    return deed.ending.reason if isinstance(deed.ending, Failure) else "nothing"


@contextmanager
def _hands(running: Running, deed: Deed, began_s: float) -> Iterator[None]:
    """Type and interrupt as it was done then, beside whoever follows the step."""
    moves = [line for line in deed.meanwhile if isinstance(line, (Stdin, Interrupt))]
    if not moves:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_move, args=(running, moves, began_s, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(END_S)


def _move(running: Running, moves: list[Stdin | Interrupt], at_s: float, over: threading.Event) -> None:
    for move in moves:
        if over.wait(max(move.at_s - at_s, 0.0)):
            return
        at_s = move.at_s
        try:
            if isinstance(move, Interrupt):
                running.interrupt(move.grace_s)
            else:
                running.write_stdin(move.data, end_of_file=move.end_of_file)
        except ServerError:
            return  # it has ended before; the comparison says what that means
