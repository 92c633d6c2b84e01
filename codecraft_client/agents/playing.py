"""Plays one task: an episode, the agent, the submission; begun anew after a failure that is not the agent's.

Knows nothing of other tasks, of files' names or of tables.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Protocol

from codecraft_client.agents import defects
from codecraft_client.agents.errors import HaltedError, ModelError
from codecraft_client.agents.keeping import Keeper
from codecraft_client.agents.protocol import Agent, AgentEvent, AgentFactory, AgentOptions
from codecraft_client.agents.result import RAISED, Cost, TaskResult, task_fields
from codecraft_client.agents.transcript import Transcript
from codecraft_client.client import Client
from codecraft_client.episode import Episode
from codecraft_client.errors import (
    CodecraftError,
    ConnectionLostError,
    ImageUnavailableError,
    NotAllowedError,
    ServerUnavailableError,
    TaskNotFoundError,
    TaskSetupError,
)
from codecraft_client.events import SubmitResult
from codecraft_client.types import Fault, FaultReason, Outcome, Task

SPOILT = (Outcome.GAVE_UP, Outcome.OUT_OF_STEPS, Outcome.OUT_OF_TIME)
"""Ends that are the agent's own doing and leave nothing to judge."""
LASTING = (TaskNotFoundError, NotAllowedError, TaskSetupError, ImageUnavailableError)
"""What will be the same the next time."""
LASTING_FAULTS = (FaultReason.TASK_HAS_NO_CHECKS, FaultReason.TASK_BROKEN)


GONE = (ServerUnavailableError, ConnectionLostError)
"""After all attempts: it would be the same for every task."""


class UnjudgedError(Exception):
    """An episode came to nothing, and not by the agent's doing."""

    def __init__(self, problem: str, *, lasting: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.lasting = lasting


class Papers(Protocol):
    """Where transcripts go."""

    def transcript(self, task: Task, attempt: int) -> tuple[str, AbstractContextManager[Transcript]]:
        """Return the name of one and the way to write it."""
        ...


@dataclass(slots=True)
class _Try:
    """One episode of a task."""

    number: int
    began_at: float = field(default_factory=time.time)
    began: float = field(default_factory=time.monotonic)
    cost: Cost = field(default_factory=Cost)
    steps: int = 0
    paper: str = ""


class Player:
    """Plays tasks, one at a time. Agents and papers may be shared by many players."""

    def __init__(self, client: Client, make: AgentFactory, options: AgentOptions, keeper: Keeper, papers: Papers) -> None:
        self._client = client
        self._make = make
        self._options = options
        self._keeper = keeper
        self._papers = papers

    def play(self, task: Task, tell: Callable[[AgentEvent], None]) -> TaskResult:
        """Play a task until it is judged, or as often as is allowed.

        ModelRefusedError, HaltedError; UsageError where no transcript can be written; ServerUnavailableError,
        ConnectionLostError when the server is gone.
        """
        settings = self._options.settings
        for number in range(1, settings.task_attempts + 1):
            attempt = _Try(number)
            try:
                return self._attempt(task, attempt, tell)
            except UnjudgedError as error:
                if self._options.halt.is_set():
                    raise HaltedError("the run is being stopped") from error
                unjudged = error
            if unjudged.lasting or number == settings.task_attempts:
                break
            if self._options.halt.wait(min(settings.longest_wait_s, max(settings.task_wait_s * number, _asked_wait_s(unjudged)))):
                raise HaltedError("the run is being stopped")
        if isinstance(unjudged.__cause__, GONE):
            raise unjudged.__cause__
        return _result(task, attempt, judged=False, problem=unjudged.problem)

    def _attempt(self, task: Task, attempt: _Try, tell: Callable[[AgentEvent], None]) -> TaskResult:
        attempt.paper, paper = self._papers.transcript(task, attempt.number)
        with paper as transcript:
            transcript.note("task", **task_fields(task), model=self._options.model, attempt=attempt.number)

            def count(event: AgentEvent) -> None:
                attempt.cost.count(event)
                transcript.event(event)
                tell(event)

            try:
                agent = self._made()
                with self._client.reset(task.task_id, reward=self._options.reward) as episode, self._keeper.keeping(episode):
                    transcript.note("episode", episode_id=episode.episode_id, image_digest=episode.ready.image_digest)
                    self._follow(defects.followed(lambda: agent.play(task, episode)), count)
                    result = _judged(task, episode, attempt, self._options.settings.gradings)
            except UnjudgedError as error:
                transcript.note("unjudged", problem=error.problem)
                raise
            except defects.AgentRaisedError as error:
                transcript.note("unjudged", problem=str(error), trace=error.trace)
                attempt.cost.stopped = RAISED
                raise UnjudgedError(str(error), lasting=True) from error
            except (CodecraftError, ModelError) as error:
                transcript.note("unjudged", problem=str(error))
                raise UnjudgedError(str(error), lasting=isinstance(error, LASTING)) from error
            transcript.note("judged", **result.as_json())
            return result

    def _made(self) -> Agent:
        with defects.raising():
            return self._make(self._options)

    def _follow(self, events: Iterator[AgentEvent], count: Callable[[AgentEvent], None]) -> None:
        for event in events:
            count(event)
            if self._options.halt.is_set():
                raise HaltedError("the run is being stopped")


def _judged(task: Task, episode: Episode, attempt: _Try, gradings: int) -> TaskResult:
    """Have the work judged; UnjudgedError when that can't be."""
    if episode.outcome in SPOILT:
        attempt.steps = episode.observation.budget.steps_taken
        return _result(task, attempt, judged=True, outcome=episode.outcome)
    if episode.outcome is Outcome.FAULT:
        raise UnjudgedError("the sandbox failed")
    submitted = _submitted(episode, gradings)
    attempt.steps = episode.observation.budget.steps_taken
    if submitted.fault is not None:
        raise _fault(submitted.fault)
    if submitted.grade is None or submitted.grade.score is None:
        raise UnjudgedError(f"the episode was not graded: {submitted.outcome.value}")
    return _result(
        task,
        attempt,
        judged=True,
        outcome=submitted.outcome,
        score=submitted.grade.score,
        passed=submitted.grade.passed,
        episode_return=submitted.episode_return,
    )


def _submitted(episode: Episode, gradings: int) -> SubmitResult:
    submitted = episode.submit()
    for _ in range(gradings - 1):
        if submitted.fault is None or not submitted.fault.can_submit_again:
            break
        submitted = episode.submit(again=True)
    return submitted


def _asked_wait_s(unjudged: UnjudgedError) -> float:
    """Return how long the server wants to be left alone."""
    cause = unjudged.__cause__
    return (cause.retry_after_s or 0.0) if isinstance(cause, CodecraftError) else 0.0


def _fault(fault: Fault) -> UnjudgedError:
    return UnjudgedError(f"{fault.reason.value}: {fault.message}", lasting=fault.reason in LASTING_FAULTS)


def _result(
    task: Task,
    attempt: _Try,
    *,
    judged: bool,
    problem: str = "",
    outcome: Outcome | None = None,
    score: float | None = None,
    passed: bool = False,
    episode_return: float | None = None,
) -> TaskResult:
    return TaskResult(
        **task_fields(task),
        **asdict(attempt.cost),
        judged=judged,
        passed=passed,
        outcome=outcome.value if outcome else "",
        problem=problem,
        score=score,
        episode_return=episode_return,
        steps=attempt.steps,
        seconds=round(time.monotonic() - attempt.began, 3),
        attempts=attempt.number,
        began_at=round(attempt.began_at, 3),
        transcript=attempt.paper,
    )
