"""What an importer is. Knows no format."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codecraft_server.curriculum.documents import Node
from codecraft_server.curriculum.problems import Problems

Entry = dict[str, Any]  # of our curriculum, as JSON


@dataclass(frozen=True, slots=True)
class Imported:
    """A task as an importer makes it.

    Attributes:
        record: The foreign record: where problems of the entry are noted.
        task_id: The task's id; repeated ones are found by `convert`.
        entry: Its entry. What is wrong with it is found by `convert`.
    """

    record: Node
    task_id: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Importer:
    """A foreign format.

    Attributes:
        what: The format, in words for people.
        read: Yields the tasks of a file or directory in their order; notes what is wrong with a record, and leaves it out.
    """

    what: str
    read: Callable[[Path, Problems], Iterator[Imported]]


def lines(text: str) -> list[str] | str:
    """Return a file's content as people like to edit it: a list of lines, where nothing is lost by that."""
    return text.split("\n")[:-1] if text.endswith("\n") else text
