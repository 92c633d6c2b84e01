"""What can be asked over a rollout, and what only a rollout answers. Values only."""

import uuid
from dataclasses import dataclass, field
from typing import TypeAlias

from codecraft_client.actions import Action
from codecraft_client.errors import CodecraftError
from codecraft_client.events import Ready, StepResult, SubmitResult
from codecraft_client.rewards import RewardOptions
from codecraft_client.types import EpisodeStatus, Outcome, TaskChoice


@dataclass(frozen=True, slots=True)
class Reset:
    """Open an episode; answered by `Ready`. See Client.reset; the same `request_id` is the same episode, and by default it is a new one."""

    task_id: str | None = None
    choice: TaskChoice | None = None
    trainer: str = ""
    reward: RewardOptions | None = None
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Step:
    """Take a step; answered by `StepResult`, which has the output. `step_index`: 0 for the first step of an episode, then one more each."""

    episode_id: str
    token: str
    step_index: int
    action: Action


@dataclass(frozen=True, slots=True)
class Submit:
    """Grade the work; answered by `SubmitResult`. `again`: see Episode.submit."""

    episode_id: str
    token: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """End an episode; answered by `Closed`."""

    episode_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Status:
    """Ask how an episode stands and renew its lease; answered by `EpisodeStatus`."""

    episode_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Closed:
    """An episode is closed; how it ended."""

    outcome: Outcome | None


Request: TypeAlias = Reset | Step | Submit | Close | Status
Result: TypeAlias = Ready | StepResult | SubmitResult | Closed | EpisodeStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the request that was sent with this correlation id: a result, or why there is none."""

    correlation_id: int
    result: Result | CodecraftError
