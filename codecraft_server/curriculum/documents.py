"""Reads one JSON document and knows where in it each value stands. The only module here that parses JSON; knows nothing of tasks."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from codecraft_server.curriculum.problems import Problems

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_$-]+")
_TYPES = ((bool, "true or false"), (int, "a number"), (float, "a number"), (str, "a string"), (list, "a list"), (dict, "an object"))


class _Object(dict[str, object]):
    """A JSON object that remembers which keys it had twice."""

    twice: tuple[str, ...] = ()


def _pairs(pairs: list[tuple[str, object]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        made.twice = tuple(sorted({key for key in keys if keys.count(key) > 1}))
    return made


def _constant(name: str) -> object:
    message = f"{name} is no JSON"
    raise ValueError(message)


def kind_of(value: object) -> str:
    """Name the JSON type of a value, for messages."""
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "null")


@dataclass(frozen=True, slots=True)
class Source:
    """The file a value stands in; `folder` is where `{"from": …}` may reach, None when nowhere."""

    file: Path
    folder: Path | None
    problems: Problems


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value, where it stands, and where its problems go."""

    value: object
    path: str
    source: Source

    def problem(self, reason: str) -> None:
        """Note what is wrong with this value."""
        self.source.problems.add(self.source.file, self.path, reason)

    def wrong_type(self, wanted: str) -> None:
        """Note that this value has the wrong type."""
        self.problem(f"must be {wanted}, not {kind_of(self.value)}")

    def key(self, name: str, value: object) -> "Node":
        """Return a value of this object."""
        step = name if _PLAIN_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
        return replace(self, value=value, path=f"{self.path}.{step}" if self.path else step)

    def item(self, index: int, value: object) -> "Node":
        """Return an item of this list."""
        return replace(self, value=value, path=f"{self.path}[{index}]")

    def children(self) -> list[tuple[str, "Node"]]:
        """Return the keys and values of an object; notes a wrong type and keys that stand twice."""
        if not isinstance(self.value, dict):
            self.wrong_type("an object")
            return []
        for name in self.value.twice if isinstance(self.value, _Object) else ():
            self.key(name, None).problem("stands twice in the same object")
        return [(str(name), self.key(str(name), value)) for name, value in self.value.items()]

    def items(self, most: int) -> list["Node"]:
        """Return the items of a list; notes a wrong type and more than `most`."""
        if not isinstance(self.value, list):
            self.wrong_type("a list")
            return []
        if len(self.value) > most:
            self.problem(f"must have at most {most} items, not {len(self.value)}")
        return [self.item(index, value) for index, value in enumerate(self.value[:most])]

    def fields(self, known: Sequence[str], required: Sequence[str] = ()) -> dict[str, "Node"]:
        """Return the known keys that are there; notes unknown ones and missing ones."""
        children = dict(self.children())
        for name in [name for name in children if name not in known]:
            children[name].problem(f"unknown key{_meant(name, known)}")
        if isinstance(self.value, dict):
            for name in required:
                if name not in children:
                    self.problem(f'"{name}" is missing')
        return {name: node for name, node in children.items() if name in known}


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return `; did you mean "…"?` when something known is near, else `; one of …`."""
    near = _meant(name, known)
    return near or f"; one of {', '.join(known)}"


def _meant(name: str, known: Sequence[str]) -> str:
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("-", "_")
    near = get_close_matches(snake, known, n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def parse(file: Path, folder: Path | None, problems: Problems) -> Node | None:
    """Read and parse a file; None, and a problem noted, when it is no JSON document."""
    source = Source(file, folder, problems)
    content = read(file, problems.bounds.file_bytes, Node(None, "", source))
    return None if content is None else parsed(content, source)


def parsed(content: bytes, source: Source, line: int = 0) -> Node | None:
    """Parse one document; None, and a problem noted, when it is none. `line`: where in the file it stands, alone; 0: it is the file."""
    where = f"line {line}" if line else ""
    try:
        return Node(json.loads(content.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_constant), where, source)
    except json.JSONDecodeError as error:
        row, column, reason = _mistake(error)
        source.problems.add(source.file, f"line {line or row}, column {column}", f"no JSON: {reason}")
    except UnicodeDecodeError as error:
        source.problems.add(source.file, f"{where}, byte {error.start}".removeprefix(", "), "not UTF-8")
    except (ValueError, RecursionError) as error:
        source.problems.add(source.file, where, f"no JSON that can be used: {error}")
    return None


def _mistake(error: json.JSONDecodeError) -> tuple[int, int, str]:
    """Line, column and reason of what is no JSON. A text that ends too early does so after its last character."""
    if error.doc[error.pos :].strip():
        return error.lineno, error.colno, error.msg
    text = error.doc.rstrip()
    return text.count("\n") + 1, len(text) - text.rfind("\n"), "it ends too early"


def read(file: Path, most: int, asker: Node) -> bytes | None:
    """Read a regular file of at most `most` bytes; None, and a problem noted at `asker`, when that can't be done."""

    def problem(reason: str) -> None:
        if file == asker.source.file:
            asker.source.problems.add_whole(file, reason)
        else:
            asker.problem(f"{file}: {reason}")

    try:
        if not file.is_file():
            problem("it is not a file" if file.exists() else "there is no such file")
            return None
        with file.open("rb") as opened:
            content = opened.read(most + 1)
    except (OSError, ValueError) as error:
        problem(f"it can't be read: {error.strerror or error}" if isinstance(error, OSError) else f"it can't be read: {error}")
        return None
    if len(content) > most:
        problem(f"it is larger than {most} bytes")
        return None
    return content
