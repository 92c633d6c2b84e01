"""How a check of kind `pytest` is written: hidden test files, and the ids that must pass (where not given: all tests found in them)."""

import ast
from collections.abc import Iterator, Mapping

from codecraft_server.curriculum import values
from codecraft_server.curriculum.documents import Node
from codecraft_server.curriculum.kinds.hidden import hidden_files
from codecraft_server.curriculum.kinds.kind import Kind
from codecraft_server.task import PytestCheck, TaskFile

_MAX_ID_BYTES = 1000


def _read(_: Node, fields: Mapping[str, Node]) -> PytestCheck:
    node = fields.get("files")
    files = hidden_files(node)
    if "expected" in fields:
        items = fields["expected"].items(fields["expected"].source.problems.bounds.cases)
        expected = tuple(values.text(item, most=_MAX_ID_BYTES) for item in items)
        if not expected:
            fields["expected"].problem("must not be empty")
        return PytestCheck(files, expected)
    found = [] if node is None else [test for file in files for test in _tests(node, file)]
    if node is not None and files and not found:
        node.problem("has no test functions")
    return PytestCheck(files, tuple(found))


def _tests(node: Node, file: TaskFile) -> list[str]:
    """Return the ids of the tests in a file; notes what can't be known without running it."""
    name = file.path.rpartition("/")[2]
    if not (name.startswith("test_") and name.endswith(".py")):
        return []
    try:
        tree = ast.parse(file.content)
    except (SyntaxError, ValueError, RecursionError) as error:
        node.key(file.path, None).problem(f"no Python: {error}")
        return []
    if "parametrize" in {part.attr for part in ast.walk(tree) if isinstance(part, ast.Attribute)}:
        node.key(file.path, None).problem('has parametrised tests, so their ids must be listed in "expected"')
    return [f"{file.path}::{test}" for test in _named(tree)]


def _named(tree: ast.Module) -> Iterator[str]:
    for part in tree.body:
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name.startswith("test"):
            yield part.name
        elif isinstance(part, ast.ClassDef) and part.name.startswith("Test"):
            for method in part.body:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name.startswith("test"):
                    yield f"{part.name}::{method.name}"


KIND = Kind("pytest", ("files", "expected"), ("files",), _read)
