"""How a check of kind `command` is written."""

from collections.abc import Mapping

from codecraft_server.curriculum import texts, values
from codecraft_server.curriculum.documents import Node
from codecraft_server.curriculum.kinds.expected import expected
from codecraft_server.curriculum.kinds.kind import Kind
from codecraft_server.task import CommandCheck


def _read(_: Node, fields: Mapping[str, Node]) -> CommandCheck:
    return CommandCheck(
        command=texts.command(fields.get("command")),
        stdin=texts.text(fields.get("stdin"), empty=True),
        exit_code=values.exit_code(fields.get("exit_code")),
        stdout=expected(fields.get("stdout")),
        stderr=expected(fields.get("stderr")),
    )


KIND = Kind("command", ("command", "stdin", "exit_code", "stdout", "stderr"), ("command",), _read)
