"""Texts and files of a task: a string, a list of lines, base64, or a file in the task's folder. Knows nothing of what they are for."""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

from codecraft_server.curriculum import values
from codecraft_server.curriculum.documents import Node, read
from codecraft_server.task import Deed, TaskFile

_CONTENTS = ("text", "lines", "base64", "from")
_PLAIN_MODE = 0o644
_HARMLESS = b"?"  # instead of what can't be had, so that one mistake is one problem


def text(node: Node | None, *, default: str = "", empty: bool = False) -> str:
    """Return a text: a string, a list of lines (joined, without a line end after the last), {"from": file} or {"base64": UTF-8}."""
    if node is None:
        return default
    most = node.source.problems.bounds.text_bytes
    if isinstance(node.value, list):
        return values.checked_text(node, "\n".join(_lines(node)), most=most, empty=empty)
    if isinstance(node.value, dict):
        return values.checked_text(
            node, _decoded(node, _only(node, ("from", "base64"), node.fields(("from", "base64")))), most=most, empty=empty
        )
    if not isinstance(node.value, str):
        node.wrong_type("a string, a list of lines or an object")
        return default
    return values.checked_text(node, node.value, most=most, empty=empty)


def command(node: Node | None) -> str:
    """Return the command line of a check."""
    line = text(node)
    if node is not None and len(line.encode()) > node.source.problems.bounds.command_bytes:
        node.problem(f"must have at most {node.source.problems.bounds.command_bytes} bytes; a check of kind script takes more")
    return line


def commands(node: Node | None) -> tuple[str, ...]:
    """Return a list of command lines, each a text."""
    return () if node is None else tuple(text(item) for item in node.items(node.source.problems.bounds.files))


def deeds(node: Node | None) -> tuple[Deed, ...]:
    """Return a list of what to do: command lines (texts) and {"files": {path: content}}."""
    done: list[Deed] = []
    for item in node.items(node.source.problems.bounds.files) if node is not None else ():
        if isinstance(item.value, dict) and "files" in item.value:
            done.extend(files(item.fields(("files",))["files"]))
        else:
            done.append(text(item))
    return tuple(done)


def files(node: Node | None) -> tuple[TaskFile, ...]:
    """Return files by path: each a string, a list of lines (each gets a line end), or an object with one of _CONTENTS and a mode."""
    if node is None:
        return ()
    bounds = node.source.problems.bounds
    made: dict[str, TaskFile] = {}
    for name, child in node.children():
        file = _file(child, values.path(child, name))
        if file.path in made:
            child.problem(f"the same file as {made[file.path].path!r} above")
        made[file.path] = file
    if len(made) > bounds.files:
        node.problem(f"must have at most {bounds.files} files, not {len(made)}")
    if sum(len(file.content) for file in made.values()) > bounds.task_file_bytes:
        node.problem(f"all files together must have at most {bounds.task_file_bytes} bytes")
    return tuple(made.values())


def _file(node: Node, path: str) -> TaskFile:
    if isinstance(node.value, str):
        return TaskFile(path, _encoded(node, node.value), _PLAIN_MODE)
    if isinstance(node.value, list):
        return TaskFile(path, _joined(node), _PLAIN_MODE)
    if not isinstance(node.value, dict):
        node.wrong_type("a string, a list of lines or an object")
        return TaskFile(path, b"", _PLAIN_MODE)
    fields = node.fields((*_CONTENTS, "mode"))
    return TaskFile(path, _only(node, _CONTENTS, fields), values.mode(fields.get("mode"), _PLAIN_MODE))


def _only(node: Node, keys: tuple[str, ...], fields: Mapping[str, Node]) -> bytes:
    """Return the content that exactly one of the keys gives."""
    given = [key for key in keys if key in fields]
    if len(given) != 1:
        node.problem(f"must have exactly one of {', '.join(keys)}")
    return _content(given[0], fields[given[0]]) if given else _HARMLESS


def _content(key: str, node: Node) -> bytes:
    if key == "from":
        return _from(node)
    if key == "lines":
        return _joined(node)
    if not isinstance(node.value, str):
        node.wrong_type("a string")
        return b""
    if key == "text":
        return _encoded(node, node.value)
    try:
        return base64.b64decode(node.value, validate=True)
    except (binascii.Error, ValueError):
        node.problem("is no base64")
        return b""


def _from(node: Node) -> bytes:
    folder = node.source.folder
    if folder is None:
        node.problem('only a task with a folder of its own ({"folder": "tasks/NAME"}) may use "from"')
        return _HARMLESS
    inside = within(node, folder)
    content = None if inside is None else read(inside, node.source.problems.bounds.file_bytes, node)
    return _HARMLESS if content is None else content


def within(node: Node, folder: Path) -> Path | None:
    """Return the path that `node` names relative to `folder`; None, and a problem noted, when it leads out of it, by links too."""
    if not isinstance(node.value, str) or not node.value or "\0" in node.value:
        node.problem("must be a path relative to the folder")
        return None
    try:
        target = (folder / node.value).resolve()
        inside = target.is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as error:
        node.problem(f"can't be resolved: {error}")
        return None
    if Path(node.value).is_absolute() or not inside:
        node.problem(f"{node.value!r} leads out of {folder}")
        return None
    return target


def _lines(node: Node) -> list[str]:
    most = node.source.problems.bounds.text_bytes
    return [values.text(item, most=most, empty=True) for item in node.items(most)]


def _joined(node: Node) -> bytes:
    return "".join(line + "\n" for line in _lines(node)).encode()


def _encoded(node: Node, value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        node.problem("must not have half of a surrogate pair")
        return b""


def _decoded(node: Node, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        node.problem(f"the file is not UTF-8 (byte {error.start})")
        return _HARMLESS.decode()
