"""Looks at the text of the modules only; nothing of it is executed."""

import ast
import glob
import os
import sys
from importlib.machinery import SourceFileLoader

sys.dont_write_bytecode = True
words = set()
nodes = []


def files(pattern):
    """All files of the work with such a name."""
    return glob.glob(f"/workspace/**/{pattern}", recursive=True, include_hidden=True)


for name in files("*.py"):
    with open(name, encoding="utf-8") as file:
        text = file.read()
    nodes += ast.walk(ast.parse(text))
    if SourceFileLoader("work", name).get_code("work") != compile(text, name, "exec", dont_inherit=True):
        words.add("compiled")  # Python believes a compiled file beside it, and that was made from another text
if files("*.so") or any(os.path.basename(os.path.dirname(name)) != "__pycache__" for name in files("*.pyc")):
    words.add("compiled")
for node in nodes:
    if isinstance(node, ast.Name):
        words.add("compile()" if node.id == "compile" else node.id)
    elif isinstance(node, ast.Attribute):
        words.add(node.attr)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        modules = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
        words |= {word for module in modules for word in module.split(".")}
    elif isinstance(node, ast.keyword) and node.arg == "shell" and not (isinstance(node.value, ast.Constant) and node.value.value is False):
        words.add("shell=True")
    elif isinstance(node, ast.Constant) and node.value == "md5":
        words.add("md5")
found = words & {"pickle", "cPickle", "_pickle", "marshal", "popen", "system", "shell=True", "md5", "eval", "exec", "getoutput", "getstatusoutput", "executescript", "compiled", "compile()", "__import__", "importlib", "runpy"}
print(*sorted(found), file=sys.stderr)
raise SystemExit(bool(found) or "compare_digest" not in words)
