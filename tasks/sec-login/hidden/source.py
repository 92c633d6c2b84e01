"""Looks at the text of the module only; nothing of it is executed."""

import ast
import sys

with open("/workspace/app.py", encoding="utf-8") as file:
    tree = ast.parse(file.read())
words = set()
for node in ast.walk(tree):
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
