"""What a kind of check has to say about how it is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codecraft_server.curriculum.documents import Node
from codecraft_server.task import CheckBody


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of check: its name, the keys it adds to those of every check, and how they become its body.

    `read` is given the check itself, to note problems at, and those of the keys that are there.
    """

    name: str
    keys: tuple[str, ...]
    required: tuple[str, ...]
    read: Callable[[Node, Mapping[str, Node]], CheckBody]
