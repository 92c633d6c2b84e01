"""Looks at the text of the modules only; nothing of it is executed."""

import ast
import os
import sys

problems = []
MODULES = ("report.py", "parsing.py", "rendering.py")
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def depth(node, level=0):
    deepest = level
    for child in ast.iter_child_nodes(node):
        elif_ = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, depth(child, level + (isinstance(child, BLOCKS) and not elif_)))
    return deepest


def is_guard(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and "__name__" in ast.dump(node.test)


names = sorted(name for name in os.listdir("/workspace") if name.endswith(".py"))
for name in names:
    with open(f"/workspace/{name}", encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            length = node.end_lineno - node.lineno + 1
            if length > 20:
                problems.append(f"{name}: {node.name} has {length} lines")
            if depth(node) > 3:
                problems.append(f"{name}: {node.name} is nested {depth(node)} deep")
        if isinstance(node, ast.Global):
            problems.append(f"{name}: global")
        if isinstance(node, ast.Name) and node.id in ("eval", "exec", "compile", "__import__"):
            problems.append(f"{name}: {node.id}")
    for node in tree.body:
        harmless = (ast.Import, ast.ImportFrom, ast.ClassDef, *FUNCTIONS)
        if isinstance(node, harmless) or is_guard(node) or isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign) and not isinstance(node.value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp):
            continue
        problems.append(f"{name}: line {node.lineno} does not belong to the top level")
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names} | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
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
