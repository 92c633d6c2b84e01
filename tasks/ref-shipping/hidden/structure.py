"""Looks at the text of the module only; nothing of it is executed."""

import ast
import sys

with open("/workspace/shipping.py", encoding="utf-8") as file:
    text = file.read()
tree = ast.parse(text)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)
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
names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
if names & {"eval", "exec", "compile", "__import__"}:
    problems.append("code in strings")
print(*problems, sep="\n", file=sys.stderr)
raise SystemExit(bool(problems))
