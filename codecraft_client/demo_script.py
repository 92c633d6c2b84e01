"""What the demo plays: the transcript of gym-codecraft's demo, action by action, with the rewards that are right."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from codecraft_client.types import Task

Spoken: TypeAlias = Mapping[str, str]

WRONG = 'print("Hello, world!")'
RIGHT = 'print("Hello, World!")'
SORT = """# Read the file contents
with open("input.txt") as file:
    contents = file.read()
# Create a list of numbers and sort it in ascending order
numbers = sorted(int(number) for number in contents.split())
# Save the sorted numbers to output.txt
with open("output.txt", "w") as file:
    file.write(" ".join(str(number) for number in numbers) + "\\n")
print("Numbers sorted and saved to output.txt.")
"""
REPOSITORY = re.compile(r"(?:file://)?/[\w./-]+\.git\b")


@dataclass(frozen=True, slots=True)
class Line:
    """An action, the reward it must pay, and what to call it in the table of rewards (empty: only if it goes wrong)."""

    action: Spoken
    reward: float = 0.0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """An episode: its title, the task it is opened with (None: none yet), and its lines."""

    title: str
    task_id: str | None
    lines: tuple[Line, ...]


def command(line: str) -> Spoken:
    """Run a command line."""
    return {"action": "command", "command": line}


def write(path: str, content: str) -> Spoken:
    """Write a file."""
    return {"action": "write_file", "path": path, "content": content}


SUBMIT: Spoken = {"action": "submit"}


def mistakes() -> Scene:
    """The intentional mistakes, and a wrong submission."""
    lines = (
        Line(command("ls"), -1, "a command before any task was started"),
        Line({"action": "start", "task_id": "1"}),
        Line({"action": "lol"}, -1, "an unknown action"),
        Line(command("pwd")),
        Line(write("hello.py", WRONG)),
        Line({"action": "reset"}),  # before submitting: the file is gone
        Line(command("ls")),
        Line(command("cat hello.py")),
        Line(write("hello.py", WRONG)),
        Line(command("python hello.py")),
        Line(SUBMIT, 0, "task 1, wrong: Hello, world!"),
    )
    return Scene("Task 1, with the mistakes of the first demo", None, lines)


def hello() -> Scene:
    """Task 1 done right."""
    lines = (Line(write("hello.py", RIGHT)), Line(command("python hello.py")), Line(SUBMIT, 1, "task 1, right: Hello, World!"))
    return Scene("Task 1, done right", "1", lines)


def clone(task: Task) -> Scene:
    """Task 2: clone the repository that the task names."""
    named = REPOSITORY.search(task.description)
    repository = named.group(0) if named else "the-task-names-no-repository"
    lines = (Line(command("git --help | head -n 3")), Line(command(f"git clone {repository}")), Line(SUBMIT, 1, "task 2: git clone"))
    return Scene("Task 2: clone a repository", "2", lines)


def sort() -> Scene:
    """Task 3: sort the numbers of a file."""
    lines = (
        Line(command("cat input.txt")),
        Line(write("main.py", SORT)),
        Line(command("python main.py")),
        Line(command("tree")),
        Line(command("cat output.txt")),
        Line(SUBMIT, 1, "task 3: sort the numbers"),
    )
    return Scene("Task 3: sort the numbers of input.txt", "3", lines)
