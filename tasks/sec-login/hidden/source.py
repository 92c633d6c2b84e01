"""Looks at the text of the modules only; nothing of it is executed."""

import ast
import glob
import sys

words = set()
nodes = []
for name in glob.glob("/workspace/**/*.py", recursive=True, include_hidden=True):
    with open(name, encoding="utf-8") as file:
        nodes += ast.walk(ast.parse(file.read()))
for node in nodes:
    if isinstance(node, ast.Name):
        words.add(node.id)
    elif isinstance(node, ast.Attribute):
        words.add(node.attr)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        words |= {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
    elif isinstance(node, ast.keyword) and node.arg == "shell" and not (isinstance(node.value, ast.Constant) and node.value.value is False):
        words.add("shell=True")
    elif isinstance(node, ast.Constant) and node.value == "md5":
        words.add("md5")
found = words & {"pickle", "cPickle", "_pickle", "marshal", "popen", "system", "shell=True", "md5", "eval", "exec", "getoutput", "getstatusoutput", "executescript"}
print(*sorted(found), file=sys.stderr)
raise SystemExit(bool(found) or "compare_digest" not in words)
