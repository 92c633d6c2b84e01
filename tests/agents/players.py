"""Models of a sort: each decides what to do next from what it was told before, and from nothing else."""

import json
import re
from typing import Any

from scripted_openai import Result, Talk, Turn

WRONG = "no idea"
WRONG_GREETING = 'print("Hello, world!")\n'


def call(name: str, **arguments: Any) -> Turn:
    """One tool call."""
    return [(name, json.dumps(arguments))]


def first_line(result: Result) -> str:
    """What a command printed first."""
    return result.text.partition("\n")[0]


def careful(talk: Talk) -> Turn:
    """Plays the tasks of `world`: writes something wrong, runs the task's command, corrects the file by what it saw, looks, submits."""
    results = talk.results
    if not results:
        return call("write_file", path="answer.txt", content=WRONG)
    last = results[-1]
    match last.name:
        case "write_file" if last.given["content"] == WRONG:
            named = re.search(r"`(echo [^`]+)`", talk.task)
            assert named is not None
            return call("run_command", command=named.group(1))
        case "run_command":
            assert "[exit code 0]" in last.text
            return call("write_file", path="answer.txt", content=first_line(last) + "!")
        case "write_file":
            return call("read_file", path="answer.txt")
    return call("submit") if first_line(last).endswith("!") else call("write_file", path="answer.txt", content=WRONG)


def lazy(_talk: Talk) -> Turn:
    """Talks and never acts."""
    return "I would write a file."


def hasty(_talk: Talk) -> Turn:
    """Submits at once."""
    return call("submit")


def shipped(talk: Talk) -> Turn:
    """Plays the first three tasks of the shipped curriculum."""
    title = talk.task.partition("\n")[0].removeprefix("# ")
    return {"Hello World": _hello, "Git Clone": _clone, "Sort": _sort}[title](talk)


def _hello(talk: Talk) -> Turn:
    """Writes a greeting that is wrong, sees that what it prints is not what the task asks for, and corrects it."""
    results = talk.results
    if not results:
        return call("write_file", path="hello.py", content=WRONG_GREETING)
    last = results[-1]
    if last.name == "write_file":
        return call("run_command", command="python3 hello.py")
    wanted = re.search(r"prints the string `([^`]+)`", talk.task)
    assert wanted is not None
    if first_line(last) == wanted.group(1):
        return call("submit")
    return call("write_file", path="hello.py", content=f"print({wanted.group(1)!r})\n")


def _clone(talk: Talk) -> Turn:
    """Clones, and looks at what came of it."""
    results = talk.results
    if not results:
        repository = re.search(r"`(/[^`]+\.git)`", talk.task)
        assert repository is not None
        return call("run_command", command=f"git clone --quiet {repository.group(1)}")
    if len(results) == 1:
        assert "[exit code 0]" in results[0].text
        return call("list_files", path=".")
    return call("submit") if "gym-codecraft" in results[-1].text else "It is not there."


def _sort(talk: Talk) -> Turn:
    """Sorts the numbers that reading the file showed, by itself."""
    results = talk.results
    if not results:
        return call("read_file", path="input.txt")
    if len(results) == 1:
        numbers = sorted(int(word) for word in results[0].text.partition("\n[")[0].split())
        return call("write_file", path="output.txt", content=" ".join(map(str, numbers)) + "\n")
    return call("submit")
