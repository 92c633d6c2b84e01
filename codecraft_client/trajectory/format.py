"""The format of trajectories: one JSON object a line, each with its `type` and, after the first, `at_s`. docs/trajectories.md is its page.

The first line is the header; all others are what was done and what came of it, in order. What an action came to is `result` or `failure`;
where neither follows, whoever recorded was cut off. Knows only values and how they are written; no file, no episode.
"""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from codecraft_client.actions import Action
from codecraft_client.errors import TrajectoryError
from codecraft_client.events import StepEvent, StepResult, SubmitEvent, SubmitResult
from codecraft_client.rewards import RewardOptions
from codecraft_client.trajectory.plain import from_plain, name_of, to_plain
from codecraft_client.types import Observation, Outcome, Task

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Versions:
    """Everything that played a part."""

    client: str
    server: str
    protocol: int
    guest_digest: str
    python: str


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: all that is needed to understand what follows without the server. No secret.

    Attributes:
        started_at: Unix time from which `at_s` counts.
        task: Its public view, digest included; None: none was started yet.
        image_digest: Of the sandbox's image; empty when there was no sandbox yet.
        observation: What the agent saw first.
        reward: How the episode pays.
        seed: Whatever seed the recording side used.
        notes: Whatever else it wants to say.
    """

    format: int
    episode_id: str
    worker: str
    started_at: float
    versions: Versions
    catalog_digest: str
    task: Task | None
    image_digest: str
    observation: Observation
    reward: RewardOptions
    seed: int | None
    notes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ActionTaken:
    """A step begins; `stream`: its output follows as events, else it is in the result."""

    at_s: float
    step: int
    action: Action
    stream: bool


@dataclass(frozen=True, slots=True)
class Event:
    """What was told of a step or of a submission."""

    at_s: float
    event: StepEvent | SubmitEvent


@dataclass(frozen=True, slots=True)
class Stdin:
    """Input that the running step was given."""

    at_s: float
    data: bytes
    end_of_file: bool


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The running step was told to stop."""

    at_s: float
    grace_s: float


@dataclass(frozen=True, slots=True)
class Result:
    """What a step came to."""

    at_s: float
    result: StepResult


@dataclass(frozen=True, slots=True)
class Submission:
    """The work was submitted."""

    at_s: float


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """What the submission came to."""

    at_s: float
    result: SubmitResult


@dataclass(frozen=True, slots=True)
class Failure:
    """A step or a submission came to no result: the class of the error, the server's reason, and what it says."""

    at_s: float
    error: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class End:
    """The recording ended in order. `episode_return` is None when a reward is not known; `outcome` when the episode went on."""

    at_s: float
    outcome: Outcome | None
    episode_return: float | None
    steps: int


Line: TypeAlias = ActionTaken | Event | Stdin | Interrupt | Result | Submission | SubmissionResult | Failure | End
KINDS: dict[str, type] = {
    name_of(kind): kind for kind in (Header, ActionTaken, Event, Stdin, Interrupt, Result, Submission, SubmissionResult, Failure, End)
}


def encode(line: Header | Line) -> bytes:
    """Return a line, its end included. ASCII, so that no reader takes a character of some text for the end of a line."""
    plain = to_plain(line)
    assert isinstance(plain, dict)  # noqa: S101 - it is a dataclass
    return json.dumps({"type": name_of(type(line)), **plain}, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def decode(data: bytes) -> Header | Line | None:
    """Return what a line says; None: something that a later version added. TrajectoryError when it is no line of ours."""
    try:
        plain = json.loads(data)
        kind = KINDS.get(plain["type"])
        if kind is Header:
            _check_format(plain)
        line: Header | Line | None = None if kind is None else from_plain(plain, kind)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TrajectoryError(f"it is no line of a trajectory: {str(error)[:200]}") from error
    return line


def _check_format(plain: Any) -> None:
    version = plain.get("format")
    if version != FORMAT:
        raise TrajectoryError(f"it is in format {version!r}, this version of codecraft reads {FORMAT}; install the one that wrote it")
