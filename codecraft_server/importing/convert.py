"""From a foreign file to a curriculum document of ours, with every problem named by where it stands in the foreign file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from codecraft_server.curriculum import entry, values
from codecraft_server.curriculum.problems import Problems
from codecraft_server.importing.importer import Entry, Imported, Importer
from codecraft_server.settings import CurriculumBounds, TaskDefaults


def convert(importer: Importer, path: Path, defaults: TaskDefaults) -> dict[str, Any]:
    """Return the document. Reads files, so it is not for the event loop.

    Raises:
        CurriculumError: Some record can't be used; each problem (up to a bound) is on a line of its own, with file, line and reason.
    """
    problems = Problems(CurriculumBounds())
    tasks: dict[str, Entry] = {}
    places: dict[str, str] = {}
    for made in importer.read(path, problems):
        if made.task_id in tasks:
            made.record.problem(f"the id {made.task_id!r} is also that of {places[made.task_id]}")
        places.setdefault(made.task_id, made.record.path)
        tasks[made.task_id] = made.entry
        _check(made, defaults)
    problems.raise_any()
    return {"tasks": tasks}


def _check(made: Imported, defaults: TaskDefaults) -> None:
    """Note what is wrong with a task at the record that it was made of."""
    wrong_id = values.name_problem(made.task_id, made.record.source.problems.bounds.name_characters)
    if wrong_id:
        made.record.problem(f"the task's id {wrong_id}, not {made.task_id[:200]!r}")
    entry.task(made.task_id, replace(made.record, value=made.entry), defaults)
