"""Recording an episode: a listener that writes down what it hears."""

import math
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from codecraft_client.actions import Action
from codecraft_client.errors import CodecraftError, InvalidFieldError, TrajectoryError
from codecraft_client.events import Heartbeat, Ready, Started, StepEvent, StepResult, SubmitEvent, SubmitResult
from codecraft_client.listener import Listener
from codecraft_client.rewards import Reward
from codecraft_client.trajectory.format import (
    FORMAT,
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
    Versions,
)
from codecraft_client.trajectory.writer import Writer
from codecraft_client.types import Observation, Outcome, ServerInfo, Task


class Recorder(Listener):
    """Writes a trajectory. The episode that it listens to ends it when it is closed; so does `close`."""

    def __init__(self, path: str | Path, header: Header, on_failure: Callable[[TrajectoryError], None] | None = None) -> None:
        """Begin the file. TrajectoryError; likewise from every other method, unless there is `on_failure`: it is told once instead."""
        self.path = Path(path)
        self._on_failure = on_failure
        self._began = time.monotonic()
        self._rewards: list[float | None] = []
        self._steps = 0
        self._outcome: Outcome | None = None
        self._ended = False
        self._writer = Writer(path, header)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def acting(self, index: int, action: Action, stream: bool) -> None:
        """Write the action."""
        self._write(ActionTaken(self._at_s(), index, action, stream))

    def typing(self, data: bytes, end_of_file: bool) -> None:
        """Write the input."""
        self._write(Stdin(self._at_s(), data, end_of_file))

    def interrupting(self, grace_s: float) -> None:
        """Write that it was interrupted."""
        self._write(Interrupt(self._at_s(), grace_s))

    def told(self, event: StepEvent | SubmitEvent) -> None:
        """Write an event, unless it says nothing but that all is well."""
        if not isinstance(event, (Started, Heartbeat)):
            self._write(Event(self._at_s(), event))

    def stepped(self, result: StepResult) -> None:
        """Write what a step came to."""
        self._steps += 1
        self._paid(result.reward, result.outcome)
        self._write(Result(self._at_s(), result))

    def submitting(self) -> None:
        """Write that the work is submitted."""
        self._write(Submission(self._at_s()))

    def submitted(self, result: SubmitResult) -> None:
        """Write what it came to."""
        self._paid(result.reward, result.outcome)
        self._write(SubmissionResult(self._at_s(), result))

    def failed(self, error: CodecraftError) -> None:
        """Write the error. What was refused as no action was no step; else nobody knows what was paid."""
        if not isinstance(error, InvalidFieldError):
            self._rewards.append(None)
        self._write(Failure(self._at_s(), type(error).__name__, error.reason, error.message))

    def closed(self, outcome: Outcome | None) -> None:
        """Write the end."""
        self._outcome = self._outcome or outcome
        self.close()

    def close(self) -> None:
        """Write the end and close the file. Idempotent; what is heard later is not written."""
        if self._ended:
            return
        self._ended = True
        known = [reward for reward in self._rewards if reward is not None]
        total = math.fsum(known) if len(known) == len(self._rewards) else None
        with self._guarded():
            try:
                self._writer.write(End(self._at_s(), self._outcome, total, self._steps))
            finally:
                self._writer.close()

    def _paid(self, reward: Reward, outcome: Outcome | None) -> None:
        self._rewards.append(reward.value if reward.valid else None)
        self._outcome = outcome or self._outcome

    def _at_s(self) -> float:
        return round(time.monotonic() - self._began, 6)

    def _write(self, line: Line) -> None:
        if not self._ended:
            with self._guarded():
                self._writer.write(line)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except TrajectoryError as error:
            if self._on_failure is None:
                raise
            self._ended = True
            self._writer.abandon()
            self._on_failure(error)


class Recordable(Protocol):
    """What is needed of an episode, be it of the client or of the asynchronous one."""

    listener: Listener

    @property
    def ready(self) -> Ready:
        """How it was opened."""
        ...

    @property
    def task(self) -> Task | None:
        """Its task."""
        ...

    @property
    def observation(self) -> Observation:
        """What was seen last."""
        ...


def record(
    episode: Recordable,
    path: str | Path,
    server: ServerInfo,
    *,
    seed: int | None = None,
    notes: Mapping[str, Any] | None = None,
    on_failure: Callable[[TrajectoryError], None] | None = None,
) -> Recorder:
    """Record all that is done in `episode` from now on.

    Args:
        episode: The episode, of `Client` or `AsyncClient`; it ends the recording when it is closed.
        path: Of a file that is not there yet, with the extension .jsonl by custom.
        server: What `Client.server_info` says.
        seed: A seed to note.
        notes: Anything that JSON can say, such as the name of a model. No secrets.

        on_failure: Told once when the file can't be written any more; the episode goes on unrecorded. None: whoever acts gets the error.

    Raises:
        TrajectoryError: The file can't be made.
    """
    header = Header(
        format=FORMAT,
        episode_id=episode.ready.episode_id,
        worker=server.worker,
        started_at=time.time(),
        versions=Versions(
            version("codecraft"), server.server_version, server.protocol_version, server.guest_digest, platform.python_version()
        ),
        catalog_digest=server.catalog_digest,
        task=episode.task,
        image_digest=episode.ready.image_digest,
        observation=episode.observation,
        reward=episode.ready.reward,
        seed=seed,
        notes=dict(notes or {}),
    )
    episode.listener = recorder = Recorder(path, header, on_failure)
    return recorder
