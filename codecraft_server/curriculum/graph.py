"""Prerequisites: that they exist and lead in no circle."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from codecraft_server.curriculum.documents import Node, did_you_mean
from codecraft_server.task import Task


def check(tasks: Mapping[str, Task], entries: Mapping[str, Node]) -> None:
    """Note unknown prerequisites and a circle of them at the entries they stand in. `entries` holds all ids, of broken tasks too."""
    for task_id, task in tasks.items():
        for index, wanted in enumerate(task.prerequisites):
            if wanted not in entries:
                entries[task_id].key("prerequisites", None).item(index, wanted).problem(_unknown(wanted, list(entries)))
    try:
        TopologicalSorter({task_id: set(task.prerequisites) for task_id, task in tasks.items()}).prepare()
    except CycleError as error:
        circle = list(error.args[1])
        entries[circle[0]].key("prerequisites", None).problem(f"lead in a circle: {' → '.join(reversed(circle))}")


def _unknown(wanted: str, known: list[str]) -> str:
    near = did_you_mean(wanted, known)
    return f"there is no task {wanted!r}{near if near.startswith('; did') else ''}"
