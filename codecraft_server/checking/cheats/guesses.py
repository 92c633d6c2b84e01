"""What somebody who has read a task's public part guesses about its hidden one. Looks at nothing that an agent is not shown."""

import re

from codecraft_server.task import Task

_QUOTED = re.compile(r"`([^`\n]{1,200})`")
_PATH = re.compile(r"(?<![A-Za-z0-9_./-])[A-Za-z0-9_][A-Za-z0-9_./-]*\.[A-Za-z][A-Za-z0-9]{0,5}|Makefile|makefile")
_FUNCTION = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(")
_MOST = 8


def named_files(task: Task) -> list[str]:
    """Relative paths that the description or the test names, and the files that were given, in this order, a few at most."""
    quoted = " ".join(_QUOTED.findall(f"{task.description}\n{task.test}"))
    said = _PATH.findall(quoted)
    given = [file.path for file in task.files]
    paths = [path for path in (*said, *given) if not path.startswith("/") and ".." not in path]
    return list(dict.fromkeys(paths))[:_MOST]


def programs(task: Task, *endings: str) -> list[str]:
    """Those of `named_files` that end so."""
    return [path for path in named_files(task) if path.endswith(endings)]


def modules(task: Task) -> list[str]:
    """Python files that the checks are likely to import or run; a common name when none is named."""
    return programs(task, ".py") or ["solution.py"]


def functions(task: Task) -> list[str]:
    """Names of functions that the task talks of."""
    quoted = " ".join(_QUOTED.findall(f"{task.description}\n{task.test}"))
    return list(dict.fromkeys(_FUNCTION.findall(quoted)))[:_MOST]
