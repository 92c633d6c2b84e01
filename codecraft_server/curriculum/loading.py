"""Loads a curriculum from its file and the folders it refers to."""

from pathlib import Path
from types import MappingProxyType

from codecraft_server.curriculum import entry, graph, texts, values
from codecraft_server.curriculum.catalog import Curriculum
from codecraft_server.curriculum.documents import Node, parse
from codecraft_server.curriculum.problems import Problems
from codecraft_server.settings import CurriculumBounds, TaskDefaults
from codecraft_server.task import Task

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped() -> Path:
    """Where the curriculum lies that comes with the service: beside the package in a checkout, within it in a wheel."""
    packed = _PACKAGE / "_data" / "curriculum.json"
    return packed if packed.exists() else _PACKAGE.parent / "curriculum.json"


def load(path: Path | None, defaults: TaskDefaults) -> Curriculum:
    """Load a curriculum; None: the one that ships. Reads files, so it is not for the event loop.

    Raises:
        CurriculumError: It can't be used; every problem (up to a bound) is on a line of its own, with file, JSON path and reason.
    """
    problems = Problems(CurriculumBounds())
    file = path or shipped()
    document = parse(file, None, problems)
    problems.raise_any()
    tasks: dict[str, Task] = {}
    if document is not None:
        tasks = _tasks(document, file.resolve().parent, defaults)
    problems.raise_any()
    return Curriculum(MappingProxyType(tasks))


def _tasks(document: Node, home: Path, defaults: TaskDefaults) -> dict[str, Task]:
    fields = document.fields(("$schema", "tasks"), ("tasks",))
    entries = dict(fields["tasks"].children()) if "tasks" in fields else {}
    bounds = document.source.problems.bounds
    if "tasks" in fields and isinstance(fields["tasks"].value, dict) and not 1 <= len(entries) <= bounds.tasks:
        fields["tasks"].problem(f"must have 1 to {bounds.tasks} tasks, not {len(entries)}")
    tasks: dict[str, Task] = {}
    found: dict[str, Node] = {}
    for task_id, node in entries.items():
        wrong_id = values.name_problem(task_id, bounds.name_characters)
        if wrong_id:
            node.problem(f"a task's id {wrong_id}")
        found[task_id] = _resolved(node, home) or node
        if found[task_id] is not node or not _names_folder(node):
            tasks[task_id] = entry.task(task_id, found[task_id], defaults)
    graph.check(tasks, found)
    return tasks


def _names_folder(node: Node) -> bool:
    return isinstance(node.value, dict) and "folder" in node.value


def _resolved(node: Node, home: Path) -> Node | None:
    """Return the entry in the task.json of the folder that `node` names; None when it names none or it can't be read."""
    if not _names_folder(node):
        return None
    folder = node.fields(("folder",))["folder"]
    inside = texts.within(folder, home)
    if inside is None:
        return None
    if not inside.is_dir():
        folder.problem(f"there is no folder {inside}")
        return None
    return parse(inside / "task.json", inside, node.source.problems)
