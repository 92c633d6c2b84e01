"""How cheats put their text where a check is likely to run it."""

import shlex
from collections.abc import Callable, Sequence

from codecraft_server.checking.cheats.guesses import functions, modules, named_files
from codecraft_server.task import Deed, Task, TaskFile


def file(path: str, text: str, mode: int = 0o644) -> TaskFile:
    """A file of the agent's."""
    return TaskFile(path, text.encode(), mode)


def always(*deeds: Deed) -> Callable[[Task], Sequence[Deed]]:
    """The same whatever the task."""
    return lambda _: deeds


def python(body: str) -> Callable[[Task], Sequence[Deed]]:
    """Write Python that is run or imported, under every name that the task talks of.

    `body` defines `answer`, which every function that the task talks of becomes; when run as a program it is called and printed.
    """

    def deeds(task: Task) -> list[Deed]:
        names = [name for name in functions(task) if name.isidentifier()]
        ends = [*(f"{name} = answer" for name in names), 'if __name__ == "__main__":', "    print(answer())"]
        text = body + "\n".join(ends) + "\n"
        return [folders(modules(task)), *(file(name, text) for name in modules(task))]

    return deeds


def folders(paths: Sequence[str]) -> str:
    """A command that makes the directories of these paths."""
    parents = dict.fromkeys(shlex.quote(path.rpartition("/")[0]) for path in paths if "/" in path)
    return f"mkdir -p {' '.join(parents)}" if parents else "true"


def everywhere(line: str) -> Callable[[Task], Sequence[Deed]]:
    """Run a command line with `$f` being each file that the task names; a common name when it names none."""

    def deeds(task: Task) -> list[Deed]:
        names = named_files(task) or ["answer.txt"]
        return [folders(names), f"for f in {' '.join(map(shlex.quote, names))}; do {line}; done"]

    return deeds
