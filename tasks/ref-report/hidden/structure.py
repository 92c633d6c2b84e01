"""Looks at the text of the modules only; nothing of it is executed."""

import ast
import glob
import os
import sys
from importlib.machinery import SourceFileLoader

sys.dont_write_bytecode = True
problems = []
MODULES = ("report.py", "parsing.py", "rendering.py")
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LIBRARY = {"__future__", "argparse", "bisect", "collections", "contextlib", "dataclasses", "datetime", "decimal", "enum", "functools", "io", "itertools", "math"}
LIBRARY |= {"operator", "re", "string", "sys", "textwrap", "types", "typing"}
AROUND = {"eval", "exec", "compile", "__import__", "__builtins__", "__loader__", "__spec__", "modules"}


def depth(node, level=0):
    deepest = level
    for child in ast.iter_child_nodes(node):
        elif_ = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, depth(child, level + (isinstance(child, BLOCKS) and not elif_)))
    return deepest


def is_guard(node):
    """Whether it is `if __name__ == ...` with a few statements and no blocks in it."""
    guards = isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and "__name__" in ast.dump(node.test)
    return guards and not node.orelse and len(node.body) <= 5 and depth(node) == 0


def is_harmless(node):
    """Whether it belongs to the top level of a module, or to a class."""
    if isinstance(node, ast.ClassDef):
        return all(map(is_harmless, node.body))
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return not isinstance(node.value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp)
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.Pass, *FUNCTIONS)) or isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


names = sorted(os.path.relpath(path, "/workspace") for path in glob.glob("/workspace/**/*.py", recursive=True, include_hidden=True))
own = {name.partition(".")[0].partition("/")[0] for name in names}
problems += [f"{name} hides a module of the library" for name in own & LIBRARY]
for path in glob.glob("/workspace/**/*.so", recursive=True, include_hidden=True):
    problems.append(f"{path} is no text")
for path in glob.glob("/workspace/**/*.pyc", recursive=True, include_hidden=True):
    if os.path.basename(os.path.dirname(path)) != "__pycache__":  # there Python would run it without any text
        problems.append(f"{path} has no text")
for name in names:
    path = f"/workspace/{name}"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    tree = ast.parse(text)
    if SourceFileLoader("work", path).get_code("work") != compile(text, path, "exec", dont_inherit=True):
        problems.append(f"{name}: what Python would run was compiled from another text")
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            length = node.end_lineno - node.lineno + 1
            if length > 20:
                problems.append(f"{name}: {node.name} has {length} lines")
            if depth(node) > 3:
                problems.append(f"{name}: {node.name} is nested {depth(node)} deep")
        if isinstance(node, ast.Global):
            problems.append(f"{name}: global")
        if isinstance(node, ast.Name) and node.id in AROUND:
            problems.append(f"{name}: {node.id}")
        if isinstance(node, ast.Attribute) and node.attr in AROUND - {"compile"}:  # re.compile is another matter
            problems.append(f"{name}: {node.attr}")
    for node in tree.body:
        if not is_harmless(node) and not is_guard(node):
            problems.append(f"{name}: line {node.lineno} does not belong to the top level")
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names} | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    tops = {(module or "").partition(".")[0] for module in imported}
    problems += [f"{name} imports {module}" for module in sorted(tops - LIBRARY - own)]
    if name in ("parsing.py", "rendering.py"):
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if "sys" in imported or "print" in used or "open" in used or "input" in used:
            problems.append(f"{name} reads or prints")
    if name == "parsing.py" and imported & {"rendering", "report"} or name == "rendering.py" and imported & {"parsing", "report"}:
        problems.append(f"{name} imports its neighbour")
    if name == "report.py" and not {"parsing", "rendering"} <= imported:
        problems.append("report.py does not import parsing and rendering")
problems += [f"{name} is missing" for name in MODULES if name not in names]
print(*problems, sep="\n", file=sys.stderr)
raise SystemExit(bool(problems))
