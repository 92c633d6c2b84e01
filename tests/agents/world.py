"""A small curriculum over fake sandboxes, whose tasks can be solved only by who reads what a command prints."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from client.worlds import fake_world
from fake_server import a_task

from codecraft_server.task import Check, Expected, FileCheck, Match, Task, TaskLimits, Visibility

STEPS = 12
LIMITS = TaskLimits(steps=STEPS, episode_s=600.0, command_s=5.0, grading_s=60.0, output_bytes=64 * 1024)


def a_word_task(task_id: str, **changes: Any) -> Task:
    """A task that asks for a word."""
    answer = FileCheck("answer.txt", content=Expected(Match.EXACT, f"word-{task_id}!"))
    task: dict[str, Any] = {
        "title": f"Word {task_id}",
        "category": "even" if int(task_id) % 2 == 0 else "odd",
        "difficulty": 1 + int(task_id) % 3,
        "description": f"Run `echo word-{task_id}` and write what it prints, and an exclamation mark, into answer.txt.",
        "test": "answer.txt must hold exactly that.",
        "limits": LIMITS,
        "checks": (Check("answer", "the answer", 1.0, 10.0, Visibility.RESULT, answer),),
    }
    return a_task(task_id, **{**task, **changes})


@contextmanager
def word_world(count: int = 3, **changes: Any) -> Iterator[str]:
    """Serve `count` such tasks; yields the address."""
    settings = {name: changes.pop(name) for name in ("episodes", "grader", "sandboxes") if name in changes}
    with fake_world(tasks=[a_word_task(str(number), **changes) for number in range(1, count + 1)], **settings) as address:
        yield address
