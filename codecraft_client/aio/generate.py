"""Writes the asynchronous modules from the synchronous ones: `python codecraft_client/aio/generate.py`, with `--check` only to compare.

Everything that decides or builds is shared already; what is left are functions that wait. A function waits when it calls one that does,
and at the bottom only the line, the event and the channel do: so where `async` and `await` belong is found out, not written down. What this
gets wrong is a type error. Knows the modules it is given, and no more of Python than they use.
"""

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

HERE = Path(__file__).parent
MODULES = ("client", "configured", "connection", "control", "episode", "ongoing", "running")
WAITING = frozenset({"read", "wait", "close"})  # of a line, an event, a channel
HEAD = "# Generated from ../{name}.py by generate.py; do not edit.\n"

WORDS: dict[str, str | Callable[[re.Match[str]], str]] = {
    r"import threading": "from codecraft_client.aio import primitives",
    r"threading\.": "primitives.",
    rf"codecraft_client\.({'|'.join(MODULES)}|transport)\b": r"codecraft_client.aio.\1",
    r"\b(Client|ControlClient|Episode|Resetting|Running)\b": r"Async\1",
    r"\b(Iterator|StopIteration)\b": lambda found: {"Iterator": "AsyncIterator", "StopIteration": "StopAsyncIteration"}[found[0]],
    r"__(iter|next|enter|exit)__": r"__a\1__",
    r"\b([Tt])hread(s?)\b": lambda found: f"{'C' if found[1] == 'T' else 'c'}oroutine{found[2]}",
    r"KeyboardInterrupt": "CancelledError",
    r"and inherited by[^.]*": "but\n    not inherited by forked processes",
}

Function = ast.FunctionDef
YIELD = (ast.Yield, ast.YieldFrom)
Edit = tuple[int, int, int, str]  # from, to, minus the end of the node (of edits at one place the outermost comes first), new text


@dataclass(frozen=True, slots=True)
class Names:
    """Methods that wait, by way of whatever they call: those that return then, and those that yield meanwhile."""

    waiting: frozenset[str] = WAITING
    yielding: frozenset[str] = frozenset()


class Module:
    """A synchronous module and its syntax."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tree = ast.parse(text)
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._parents = {child: node for node in ast.walk(self._tree) for child in ast.iter_child_nodes(node)}
        imports = (node for node in ast.walk(self._tree) if isinstance(node, ast.Import | ast.ImportFrom))
        self._imported = {alias.asname or alias.name for node in imports for alias in node.names}

    def functions(self) -> Iterator[Function]:
        """Yield every function and method."""
        return (node for node in ast.walk(self._tree) if isinstance(node, Function))

    def waits(self, function: Function, names: Names) -> bool:
        """Whether there is anything in a function that waits."""
        return function.name == "__enter__" or any(self._edit(node, names) for node in ast.walk(function))

    def asynchronous(self, names: Names) -> str:
        """Return the text with `async` and `await` where they belong."""
        edits: list[Edit] = []
        for node in ast.walk(self._tree):
            if isinstance(node, Function) and self.waits(node, names):
                edits.append(self._insert(node, "async "))
            edits += self._edit(node, names)
        text = self.text
        for start, end, _, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _edit(self, node: ast.AST, names: Names) -> list[Edit]:
        match node:
            case ast.With() | ast.For(iter=ast.Name()):
                return [self._insert(node, "async ")]
            case ast.For(iter=ast.Call(func=ast.Attribute(attr=name))) if name in names.yielding:
                return [self._insert(node, "async ")]
            case ast.Expr(value=ast.YieldFrom(value=source)):
                what = ast.get_source_segment(self.text, source)
                loop = f"for each in {what}:\n{' ' * (node.col_offset + 4)}yield each"
                return [(self._at(node.lineno, node.col_offset), self._end(node), 0, loop)]
            case ast.Call(func=ast.Attribute(value=receiver, attr=name)) if name in names.waiting and not self._is_module(receiver):
                return self._await(node)
        return []

    def _await(self, call: ast.Call) -> list[Edit]:
        if isinstance(self._parents[call], ast.Attribute):
            return [self._insert(call, "(await "), (self._end(call), self._end(call), 0, ")")]
        return [self._insert(call, "await ")]

    def _insert(self, node: ast.stmt | ast.expr, text: str) -> Edit:
        start = self._at(node.lineno, node.col_offset)
        return start, start, -self._end(node), text

    def _is_module(self, receiver: ast.expr) -> bool:
        return isinstance(receiver, ast.Name) and receiver.id in self._imported

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def _end(self, node: ast.stmt | ast.expr) -> int:
        return self._at(node.end_lineno or 0, node.end_col_offset or 0)


def names(modules: list[Module]) -> Names:
    """Find them, from those at the bottom upwards. What Python itself calls, nobody calls by its name."""
    known = Names()
    while True:
        all_ = chain.from_iterable(((module, function) for function in module.functions()) for module in modules)
        found = [function for module, function in all_ if module.waits(function, known) and not function.name.startswith("__")]
        yielding = frozenset(function.name for function in found if any(isinstance(node, YIELD) for node in ast.walk(function)))
        more = Names(WAITING | {function.name for function in found} - yielding, yielding)
        if more == known:
            return known
        known = more


def generated() -> dict[Path, str]:
    """Return the text of every generated module."""
    modules = {name: Module((HERE.parent / f"{name}.py").read_text(encoding="utf-8")) for name in MODULES}
    found = names(list(modules.values()))
    return {
        HERE / f"{name}.py": formatted(HEAD.format(name=name) + renamed(module.asynchronous(found))) for name, module in modules.items()
    }


def renamed(text: str) -> str:
    """Return the text with its words changed."""
    for old, new in WORDS.items():
        text = re.sub(old, new, text)
    return text


def formatted(text: str) -> str:
    """Return the text as the formatter has it."""
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--quiet", "--fix-only", "--select", "I"], ["format", "--quiet"]):
        whole = [*ruff, *command, "--stdin-filename", str(HERE / "x.py"), "-"]
        text = subprocess.run(whole, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603 - ours
    return text


def main() -> int:
    """Write, or with --check compare; 1 when anything differs."""
    parser = argparse.ArgumentParser(description="Writes the asynchronous client from the synchronous one.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where what is there is not what would be written")
    check = parser.parse_args().check
    stale = {path: text for path, text in generated().items() if not path.exists() or path.read_text(encoding="utf-8") != text}
    for path, text in stale.items():
        if check:
            sys.stderr.write(f"{path.relative_to(HERE.parents[1])} is not what its synchronous module generates: run make proto\n")
        else:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
