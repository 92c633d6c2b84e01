"""How a check of kind `function` is written: a function of a Python module, its arguments, and what it must return or raise."""

import json
import keyword
from collections.abc import Mapping

from codecraft_server.curriculum import values
from codecraft_server.curriculum.documents import Node
from codecraft_server.curriculum.kinds.kind import Kind
from codecraft_server.task import Call, FunctionCheck

_CALL = ("args", "kwargs", "returns", "raises")
_DEFAULT_TOLERANCE = 1e-9


def _read(_: Node, fields: Mapping[str, Node]) -> FunctionCheck:
    table = fields.get("calls")
    calls = [] if table is None else table.items(table.source.problems.bounds.cases)
    if table is not None and not calls and isinstance(table.value, list):
        table.problem("must not be empty")
    made = tuple(_call(call) for call in calls)
    if table is not None and sum(len(call.arguments) + len(call.named) for call in made) > table.source.problems.bounds.hidden_bytes:
        table.problem(f"must have arguments of at most {table.source.problems.bounds.hidden_bytes} characters together")
    return FunctionCheck(
        module=_module(fields.get("module")),
        function=_identifier(fields.get("function")),
        calls=made,
        tolerance=values.number(fields.get("tolerance"), _DEFAULT_TOLERANCE, least=0, most=1),
    )


def _call(node: Node) -> Call:
    fields = node.fields(_CALL)
    if isinstance(node.value, dict) and ("returns" in fields) == ("raises" in fields):
        node.problem('must have exactly one of "returns", "raises"')
    return Call(
        arguments=_json(fields.get("args"), list, []),
        named=_json(fields.get("kwargs"), dict, {}),
        returns=json.dumps(fields["returns"].value, sort_keys=True) if "returns" in fields else "null",
        raises=_identifier(fields["raises"]) if "raises" in fields else "",
    )


def _json(node: Node | None, kind: type, default: object) -> str:
    if node is None:
        return json.dumps(default)
    if not isinstance(node.value, kind):
        node.wrong_type("a list" if kind is list else "an object")
    return json.dumps(node.value, sort_keys=True)


def _module(node: Node | None) -> str:
    path = "" if node is None else values.path(node, node.value)
    stem = path.rpartition("/")[2].removesuffix(".py")
    if node is not None and (not path.endswith(".py") or not stem.isidentifier()):
        node.problem('must be the path of a Python module, such as "stats.py"')
    return path


def _identifier(node: Node | None) -> str:
    if node is None:
        return ""
    if not isinstance(node.value, str) or not node.value.isidentifier() or keyword.iskeyword(node.value):
        node.problem("must be a Python identifier")
        return "x"
    return node.value


KIND = Kind("function", ("module", "function", "calls", "tolerance"), ("module", "function", "calls"), _read)
