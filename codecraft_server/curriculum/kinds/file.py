"""How a check of kind `file` is written."""

import re
from collections.abc import Mapping

from codecraft_server.curriculum import values
from codecraft_server.curriculum.documents import Node
from codecraft_server.curriculum.kinds.expected import expected
from codecraft_server.curriculum.kinds.kind import Kind
from codecraft_server.task import FileCheck

_SHA256 = re.compile(r"[0-9a-f]{64}")
_OF_FILES = ("content", "sha256")


def _read(_: Node, fields: Mapping[str, Node]) -> FileCheck:
    exists = values.boolean(fields.get("exists"), default=True)
    directory = values.boolean(fields.get("directory"), default=False)
    if not exists:
        _only_when(fields, ("directory", "mode", *_OF_FILES), "what must not exist can't have it")
    elif directory:
        _only_when(fields, _OF_FILES, "a directory can't have it")
    return FileCheck(
        path=values.path(fields["path"], fields["path"].value) if "path" in fields else ".",
        exists=exists,
        directory=directory,
        content=expected(fields.get("content")),
        mode=values.mode(fields["mode"], 0) if "mode" in fields else None,
        sha256=_sha256(fields.get("sha256")),
    )


def _only_when(fields: Mapping[str, Node], keys: tuple[str, ...], reason: str) -> None:
    for key in keys:
        if key in fields:
            fields[key].problem(reason)


def _sha256(node: Node | None) -> str | None:
    if node is None:
        return None
    if isinstance(node.value, str) and _SHA256.fullmatch(node.value):
        return node.value
    node.problem("must be 64 lower-case hexadecimal digits")
    return None


KIND = Kind("file", ("path", "exists", "directory", "mode", *_OF_FILES), ("path",), _read)
