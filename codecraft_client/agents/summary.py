"""What a run came to: pass rates by category and difficulty, steps, tokens, time; as values, as JSON and as tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

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


def show(console: Console, run: Mapping[str, Any], results: Sequence[TaskResult]) -> None:
    """Print the tables; `run` says by which mode episodes paid."""
    console.print(_tasks(results, run["reward_mode"]))
    console.print(_groups("By category", "category", by_category(results)))
    console.print(_groups("By difficulty", "difficulty", by_difficulty(results)))
    console.print(_groups("All", "", {"all": group(results)}))


def verdict(result: TaskResult) -> str:
    """Return what a result is, in a word or two, as markup."""
    if not result.judged:
        return f"[yellow]not judged: {escape(result.problem)}[/yellow]"
    colour = "green" if result.passed else "red"
    return f"[{colour}]{result.outcome.replace('_', ' ')}[/{colour}]"


def _tasks(results: Sequence[TaskResult], reward_mode: str) -> Table:
    title = f"Tasks (reward: {reward_mode})"
    table = Table("task", "title", "result", "score", "return", "steps", "tokens", "time", title=title)
    for result in results:
        tokens = f"{'~' if result.estimated_tokens else ''}{result.tokens}"
        time = f"{result.seconds:.1f} s"
        paid = (_number(result.score), _number(result.episode_return))
        table.add_row(escape(result.task_id), escape(result.title), verdict(result), *paid, str(result.steps), tokens, time)
    return table


def _groups(title: str, heading: str, groups: dict[str, Group]) -> Table:
    table = Table(heading, "tasks", "judged", "passed", "pass rate", "score", "steps", "tokens", "time", title=title)
    for name, one in groups.items():
        rate = "-" if one.pass_rate is None else f"{one.pass_rate:.0%}"
        table.add_row(
            escape(name),
            str(one.tasks),
            str(one.judged),
            str(one.passed),
            rate,
            _number(one.mean_score),
            _number(one.mean_steps, 1),
            str(one.tokens),
            f"{one.seconds:.1f} s",
        )
    return table


def _grouped(results: Sequence[TaskResult], key: Callable[[TaskResult], str]) -> dict[str, Group]:
    parts: dict[str, list[TaskResult]] = {}
    for result in results:
        parts.setdefault(key(result), []).append(result)
    return {name: group(part) for name, part in parts.items()}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
