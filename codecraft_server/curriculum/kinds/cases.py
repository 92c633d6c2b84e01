"""How a check of kind `cases` is written: a command and a table of what it is given and must print."""

from collections.abc import Mapping

from codecraft_server.curriculum import texts, values
from codecraft_server.curriculum.documents import Node
from codecraft_server.curriculum.kinds.expected import expected, is_text
from codecraft_server.curriculum.kinds.kind import Kind
from codecraft_server.task import Case, CasesCheck, Expected, Match

_MAX_ARGUMENT_BYTES = 2000  # quoted five times as long at the most, and beside the command


def _read(_: Node, fields: Mapping[str, Node]) -> CasesCheck:
    table = fields.get("cases")
    rows = [] if table is None else table.items(table.source.problems.bounds.cases)
    if table is not None and not rows and isinstance(table.value, list):
        table.problem("must not be empty")
    return CasesCheck(texts.command(fields.get("command")), tuple(_case(index, row) for index, row in enumerate(rows)))


def _case(index: int, node: Node) -> Case:
    fields = node.fields(("name", "stdin", "stdout", "exit_code", "args"), ("stdout",))
    return Case(
        name=values.name(fields.get("name"), f"case {index + 1}"),
        stdin=texts.text(fields.get("stdin"), empty=True),
        stdout=_stdout(fields.get("stdout")),
        arguments=_arguments(fields.get("args")),
        exit_code=values.exit_code(fields.get("exit_code")),
    )


def _stdout(node: Node | None) -> Expected:
    """A plain text is compared normalized."""
    if node is None or is_text(node):
        return Expected(Match.NORMALIZED, texts.text(node, empty=True))
    return expected(node) or Expected(Match.EXACT, "")


def _arguments(node: Node | None) -> tuple[str, ...]:
    items = [] if node is None else node.items(100)
    arguments = tuple(values.text(item, most=_MAX_ARGUMENT_BYTES, empty=True) for item in items)
    if node is not None and sum(len(argument.encode()) for argument in arguments) > _MAX_ARGUMENT_BYTES:
        node.problem(f"must have at most {_MAX_ARGUMENT_BYTES} bytes together")
    return arguments


KIND = Kind("cases", ("command", "cases"), ("command", "cases"), _read)
