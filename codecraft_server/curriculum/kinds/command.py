"""How a check of kind `command` is written."""

from collections.abc import Mapping

from codecraft_server.curriculum import texts, values
from codecraft_server.curriculum.documents import Node
from codecraft_server.curriculum.kinds.expected import expected
from codecraft_server.curriculum.kinds.kind import Kind
from codecraft_server.task import CommandCheck


def _read(_: Node, fields: Mapping[str, Node]) -> CommandCheck:
    code = fields.get("exit_code")
    anything = code is not None and code.value is None
    return CommandCheck(
        command=texts.text(fields.get("command")),
        stdin=texts.text(fields.get("stdin"), empty=True),
        exit_code=None if anything else values.integer(code, 0, least=0, most=255),
        stdout=expected(fields.get("stdout")),
        stderr=expected(fields.get("stderr")),
    )


KIND = Kind("command", ("command", "stdin", "exit_code", "stdout", "stderr"), ("command",), _read)
