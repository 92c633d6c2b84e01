"""Shipped tasks, graded in real containers: the solution passes, nothing else does.

The first three tasks, and of the others the easiest one of each category; `codecraft-server tasks check` proves them all.
"""

import pytest
from grading_helpers import Opener, reasons, verdict
from shipped import SHIPPED

from codecraft_server.task import Deed, WrongAnswer

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

FIRST = ("1", "2", "3")  # the ancestor's: all of their wrong answers are tried
TASKS = [*FIRST, *{task.category: task.task_id for task in reversed(SHIPPED.tasks.values()) if task.task_id not in FIRST}.values()]
WRONG = [
    pytest.param(task_id, wrong, id=f"{task_id}-{wrong.name}")
    for task_id in TASKS
    for wrong in (SHIPPED.get(task_id).wrong if task_id in FIRST else SHIPPED.get(task_id).wrong[:1])
]


@pytest.mark.parametrize("task_id", TASKS)
async def test_the_solution_scores_one(task_id: str, opened: Opener) -> None:
    """Every check of a task passes for its solution."""
    task = SHIPPED.get(task_id)
    judged = await verdict(opened, task, task.solution)
    assert judged.score == 1.0, reasons(judged)
    assert judged.passed


@pytest.mark.parametrize("task_id", FIRST)
async def test_doing_nothing_scores_nothing(task_id: str, opened: Opener) -> None:
    """A submission of the untouched sandbox scores 0; tests/agents/test_agents_curriculum.py hands in all of the others like that."""
    judged = await verdict(opened, SHIPPED.get(task_id), ())
    assert judged.score == 0.0
    assert not judged.passed


@pytest.mark.parametrize(("task_id", "wrong"), WRONG)
async def test_a_wrong_answer_scores_no_more_than_it_may(task_id: str, wrong: WrongAnswer, opened: Opener) -> None:
    """Each plausible wrong answer stays within its bound and does not pass."""
    judged = await verdict(opened, SHIPPED.get(task_id), wrong.commands)
    assert judged.score <= wrong.max_score, reasons(judged)
    assert not judged.passed


@pytest.mark.parametrize(
    ("greeting", "score"),
    [("Hello, world!", 0.0), ("Hello, World!", 1.0), ("hello, world!", 0.0), ("Hello, World! ", 1.0), ("Hello, World", 0.0)],
)
async def test_the_greeting_must_be_spelled_as_asked_for(greeting: str, score: float, opened: Opener) -> None:
    """One letter decides."""
    deeds: tuple[Deed, ...] = (f"echo 'print(\"{greeting}\")' > hello.py",)
    assert (await verdict(opened, SHIPPED.get("1"), deeds)).score == score


@pytest.mark.parametrize(
    ("task_id", "deeds"),
    [
        ("1", ("printf 'import sys; sys.stdout.write(\"Hello, World!\")' > hello.py",)),
        ("1", ("mkdir lib && echo 'print(\"Hello, World!\")' > lib/real.py && ln -s lib/real.py hello.py",)),
        ("1", ("umask 077 && echo 'print(\"Hello, World!\")' > hello.py",)),
        ("1", ("echo 'print(\"Hello, World!\")' > hello.py && chmod 400 hello.py && chmod 700 /workspace",)),
        ("2", ("umask 077 && git clone -q /home/agent/remotes/gym-codecraft.git",)),
        ("2", ("git clone file:///home/agent/remotes/gym-codecraft.git gym-codecraft",)),
        ("2", ("git clone --no-local /home/agent/remotes/gym-codecraft.git", "git -C gym-codecraft gc -q")),
        (
            "2",
            (
                "git init -q gym-codecraft && git -C gym-codecraft remote add origin /home/agent/remotes/gym-codecraft.git",
                "cd gym-codecraft && git fetch -q --tags origin && git switch -q main",
            ),
        ),
        ("3", ("tr -s ' ' '\\n' < input.txt | grep . | sort -n | paste -sd' ' > output.txt",)),
        ("3", ("printf '%s' \"$(echo $(grep -o -- '-\\?[0-9]*' input.txt | sort -n))\" > output.txt",)),
    ],
)
async def test_another_right_way_passes_too(task_id: str, deeds: tuple[str, ...], opened: Opener) -> None:
    """What counts is the result, not the way that the solution took."""
    judged = await verdict(opened, SHIPPED.get(task_id), deeds)
    assert judged.passed, reasons(judged)
