import importlib.util
import os
import sys

if len(sys.argv) != 3:
    print("usage: mydiff.py OLD NEW", file=sys.stderr)
    sys.exit(2)
old, new = sys.argv[1:]
system = importlib.util.module_from_spec(importlib.util.find_spec("_posixsubprocess"))
words = [os.fsencode(word) for word in ("diff", "-d", "-u", "--label", old, "--label", new, old, new)]
told, tell = os.pipe()
child = system.fork_exec(words, [b"/usr/bin/diff"], True, (tell,), None, None, -1, -1, -1, -1, -1, -1, told, tell, True, False, -1, None, None, None, -1, None, False)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
