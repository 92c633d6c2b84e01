"""Looks at the text of the module only; nothing of it is executed."""

import ast
import glob
import marshal
import os
import sys

with open("/workspace/shipping.py", encoding="utf-8") as file:
    text = file.read()
tree = ast.parse(text)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)
LIBRARY = {"__future__", "bisect", "collections", "dataclasses", "enum", "functools", "itertools", "math", "operator", "types", "typing"}
problems = []


def depth(node, level=0):
    """How deeply blocks are nested; elif counts as else with an if in it, unless it is written as elif."""
    deepest = level
    for field, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        for child in children:
            if not isinstance(child, ast.AST) or isinstance(child, FUNCTIONS):
                continue
            is_elif = isinstance(node, ast.If) and field == "orelse" and len(children) == 1 and isinstance(child, ast.If) and text.splitlines()[child.lineno - 1].lstrip().startswith("elif")
            deepest = max(deepest, depth(child, level if is_elif or not isinstance(child, BLOCKS) else level + 1))
    return deepest


functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS[:2])]
for function in functions:
    length = function.end_lineno - function.lineno + 1
    if length > 15:
        problems.append(f"{function.name} has {length} lines")
    if depth(function) > 2:
        problems.append(f"{function.name} is nested {depth(function)} deep")
if len(functions) < 4:
    problems.append(f"only {len(functions)} functions")
if depth(tree) > 2:
    problems.append("blocks outside of functions are nested")
raised = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value == "too heavy"]
if len(raised) != 1:
    problems.append(f"'too heavy' stands there {len(raised)} times")
names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
if names & {"eval", "exec", "compile", "open", "globals", "modules", "__import__", "__builtins__", "__loader__", "__spec__"}:
    problems.append("code in strings or files")
imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
imported |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
tops = {name.partition(".")[0] for name in imported}
problems += [f"imports {name}" for name in sorted(tops - LIBRARY)]
problems += [f"{name} hides a module of the library" for name in os.listdir("/workspace") if name.partition(".")[0] in tops]
for cache in glob.glob("/workspace/__pycache__/shipping.*.pyc"):  # Python may run it in place of the text
    with open(cache, "rb") as file:
        if marshal.loads(file.read()[16:]) != compile(text, "shipping.py", "exec", dont_inherit=True):
            problems.append("what is compiled is not the text")
print(*problems, sep="\n", file=sys.stderr)
raise SystemExit(bool(problems))
