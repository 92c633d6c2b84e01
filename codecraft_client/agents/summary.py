"""What a run came to: pass rates by category and difficulty, steps, tokens, time; as values and as JSON."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.markup import escape

from codecraft_client.agents.result import TaskResult

NO_CATEGORY = "(none)"


@dataclass(frozen=True, slots=True)
class Group:
    """Results taken together. Rates and means are over the judged ones; None when there are none. Tokens and seconds are sums over all."""

    tasks: int
    judged: int
    passed: int
    pass_rate: float | None
    mean_score: float | None
    mean_steps: float | None
    tokens: int
    seconds: float


def group(results: Sequence[TaskResult]) -> Group:
    """Take results together; one that was not graded scores 0 when it was judged."""
    judged = [result for result in results if result.judged]
    passed = sum(result.passed for result in judged)
    return Group(
        tasks=len(results),
        judged=len(judged),
        passed=passed,
        pass_rate=_mean([float(result.passed) for result in judged]),
        mean_score=_mean([result.score or 0.0 for result in judged]),
        mean_steps=_mean([float(result.steps) for result in judged]),
        tokens=sum(result.tokens for result in results),
        seconds=round(sum(result.seconds for result in results), 3),
    )


def by_category(results: Sequence[TaskResult]) -> dict[str, Group]:
    """Group by category, in the order of the results."""
    return _grouped(results, lambda result: result.category or NO_CATEGORY)


def by_difficulty(results: Sequence[TaskResult]) -> dict[str, Group]:
    """Group by difficulty, the easiest first."""
    return _grouped(sorted(results, key=lambda result: result.difficulty), lambda result: str(result.difficulty))


def as_json(run: dict[str, Any], results: Sequence[TaskResult]) -> dict[str, Any]:
    """Return it all."""
    return {
        **run,
        "total": asdict(group(results)),
        "by_category": {name: asdict(value) for name, value in by_category(results).items()},
        "by_difficulty": {name: asdict(value) for name, value in by_difficulty(results).items()},
        "tasks": [result.as_json() for result in results],
    }


def verdict(result: TaskResult) -> str:
    """Return what a result is, in a word or two, as markup."""
    if not result.judged:
        return f"[yellow]not judged: {escape(result.problem)}[/yellow]"
    colour = "green" if result.passed else "red"
    return f"[{colour}]{result.outcome.replace('_', ' ')}[/{colour}]"


def _grouped(results: Sequence[TaskResult], key: Callable[[TaskResult], str]) -> dict[str, Group]:
    parts: dict[str, list[TaskResult]] = {}
    for result in results:
        parts.setdefault(key(result), []).append(result)
    return {name: group(part) for name, part in parts.items()}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
