"""Whether something hidden of a task stands in a text. Pure."""

from collections.abc import Iterator

from codecraft_server.task import PytestCheck, ScriptCheck, Task

_LEAST = 24  # characters of a line that is told from lines that stand anywhere


def leaked(task: Task, text: bytes) -> str:
    """Return a line of the task's hidden scripts or tests that stands in the text; empty: none does."""
    shown = "\n".join([task.description, task.test, *task.setup, *(file.content.decode(errors="replace") for file in task.files)])
    found = text.decode(errors="replace")
    return next((line for line in _hidden(task) if line not in shown and line in found), "")


def _hidden(task: Task) -> Iterator[str]:
    for check in (*task.checks, *task.milestones):
        for one in _texts(check.body):
            yield from (line for line in map(str.strip, one.splitlines()) if len(line) >= _LEAST)


def _texts(body: object) -> Iterator[str]:
    if isinstance(body, ScriptCheck):
        yield body.script
    if isinstance(body, ScriptCheck | PytestCheck):
        yield from (file.content.decode(errors="replace") for file in body.files)
