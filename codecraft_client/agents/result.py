"""What playing a task came to, as it is kept and shown. Values and their JSON only."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from codecraft_client.agents.protocol import AgentEvent, Called, Retried, Stopped, Used
from codecraft_client.types import Task

RAISED = "raised"
"""Why an agent stopped that has a defect."""


@dataclass(slots=True)
class Cost:
    """What an episode has cost, counted from an agent's events.

    Attributes:
        calls: Tool calls, malformed ones included.
        replies: Replies of the model.
        estimated_tokens: Whether any of the tokens had to be estimated.
        retries: How often an endpoint had to be asked again.
        stopped: Why the agent stopped; empty when it does not say.
    """

    calls: int = 0
    replies: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated_tokens: bool = False
    retries: int = 0
    stopped: str = ""

    def count(self, event: AgentEvent) -> None:
        """Count an event."""
        match event:
            case Called():
                self.calls += 1
            case Retried():
                self.retries += 1
            case Used():
                self.replies += 1
                self.prompt_tokens += event.prompt_tokens
                self.completion_tokens += event.completion_tokens
                self.estimated_tokens |= event.estimated
            case Stopped():
                self.stopped = event.why.value
            case _:
                return


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What a task came to.

    Attributes:
        judged: Whether the work was judged, or the agent itself has spoilt that (out of steps or time). Else it says nothing of the agent.
        problem: Why it could not be judged; empty otherwise.
        score: 0 to 1; None when nothing was graded.
        steps: Steps of the episode.
        seconds: Wall clock of the last attempt, from opening the episode to the result.
        attempts: Episodes that were opened for it; more than one only after failures that were not the agent's.
        transcript: Name of the transcript's file; empty when none was written.
    """

    task_id: str
    task_digest: str
    title: str
    category: str
    difficulty: int
    judged: bool
    passed: bool
    outcome: str
    problem: str
    score: float | None
    episode_return: float | None
    steps: int
    seconds: float
    attempts: int
    began_at: float
    calls: int
    replies: int
    prompt_tokens: int
    completion_tokens: int
    estimated_tokens: bool
    retries: int
    stopped: str
    transcript: str

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what was kept; fields of newer versions are passed over. KeyError for one that is missing."""
        return cls(**{field.name: values[field.name] for field in fields(cls)})

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.prompt_tokens + self.completion_tokens


def task_fields(task: Task) -> dict[str, Any]:
    """Return what a result says of its task."""
    return {
        "task_id": task.task_id,
        "task_digest": task.digest,
        "title": task.title,
        "category": task.category,
        "difficulty": task.difficulty,
    }
