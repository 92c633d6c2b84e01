"""How a check of kind `script` is written: a hidden script, what runs it, and hidden files beside it."""

from collections.abc import Mapping

from codecraft_server.curriculum import texts
from codecraft_server.curriculum.documents import Node, did_you_mean
from codecraft_server.curriculum.kinds.hidden import hidden_files
from codecraft_server.curriculum.kinds.kind import Kind
from codecraft_server.task import ScriptCheck

_INTERPRETERS = ("/bin/sh", "/bin/bash", "/usr/bin/python3")


def _read(_: Node, fields: Mapping[str, Node]) -> ScriptCheck:
    return ScriptCheck(
        script=texts.text(fields.get("script")),
        interpreter=_interpreter(fields.get("interpreter")),
        files=hidden_files(fields.get("files")),
    )


def _interpreter(node: Node | None) -> str:
    if node is None:
        return _INTERPRETERS[0]
    if isinstance(node.value, str) and node.value in _INTERPRETERS:
        return node.value
    node.problem(f"{node.value!r} is unknown{did_you_mean(str(node.value), _INTERPRETERS)}")
    return _INTERPRETERS[0]


KIND = Kind("script", ("script", "interpreter", "files"), ("script",), _read)
