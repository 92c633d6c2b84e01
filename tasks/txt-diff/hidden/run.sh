exec /usr/bin/python3 -I -c '
import json, os, re, subprocess, sys, tempfile
case = json.load(sys.stdin)
box = tempfile.mkdtemp()
os.chdir(box)
for name, text in case["files"].items():
    with open(name, "w", encoding="utf-8", newline="") as file:
        file.write(text)
shut = """
import sys
def hook(event, args):
    if event in ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "pty.spawn", "ctypes.dlopen") or (event == "import" and args[0] == "difflib"):
        raise RuntimeError("not allowed here: " + event)
def shut(*_):
    raise RuntimeError("not allowed here")
import _posixsubprocess, runpy
_posixsubprocess.fork_exec = shut
sys.path.insert(0, "/workspace")
sys.argv = ["mydiff.py", *sys.argv[1:]]
sys.addaudithook(hook)
runpy.run_path("/workspace/mydiff.py", run_name="__main__")
"""
done = subprocess.run(["/usr/bin/python3", "-I", "-c", shut, *case["args"]], capture_output=True, timeout=60)
out = done.stdout.decode("utf-8", "replace")
answer = {"exit": done.returncode, "complains": bool(done.stderr.strip())}

def split(text):
    parts = text.split("\n")
    last = parts.pop()
    return [part + "\n" for part in parts] + ([last] if last else [])

def weigh(old, new):
    lines = split(out)
    if len(lines) < 3 or lines[0] != "--- old\n" or lines[1] != "+++ new\n":
        return "the first two lines", 0
    place, done_old, done_new, changes, last_end, results = 2, 0, 0, 0, None, []
    while place < len(lines):
        head = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n", lines[place])
        if not head:
            return "a hunk begins with " + repr(lines[place]), changes
        place += 1
        body = []
        while place < len(lines) and not lines[place].startswith("@@"):
            if lines[place].startswith("\\ "):
                if lines[place] != "\\ No newline at end of file\n" or not body:
                    return "the missing line end", changes
                body[-1] = (body[-1][0], body[-1][1][:-1])
            elif lines[place][0] in " -+":
                body.append((lines[place][0], lines[place][1:]))
            else:
                return "a line begins with " + repr(lines[place][0]), changes
            place += 1
        signs = "".join(sign for sign, _ in body)
        starts, counts = [], []
        for at, without in ((1, "+"), (3, "-")):
            count = sum(sign != without for sign in signs)
            said = head[at + 1]
            if (said is None) != (count == 1) or (said is not None and int(said) != count):
                return "the counts of a hunk", changes
            starts.append(int(head[at]) - (1 if count else 0))
            counts.append(count)
        if "+-" in signs:
            return "lines that come stand before lines that go", changes
        inner = signs.strip(" ")
        if not inner or " " * 7 in inner:
            return "a hunk should be split", changes
        before, after = len(signs) - len(signs.lstrip(" ")), len(signs) - len(signs.rstrip(" "))
        if before > 3 or after > 3 or (before < 3 and starts[0] > 0) or (after < 3 and starts[0] + counts[0] < len(old)):
            return "the context of a hunk", changes
        if last_end is not None and starts[0] <= last_end:
            return "two hunks should be one", changes
        if starts[0] < done_old or starts[0] - done_old != starts[1] - done_new:
            return "the place of a hunk", changes
        if old[starts[0]:starts[0] + counts[0]] != [line for sign, line in body if sign != "+"]:
            return "a hunk does not fit the old file", changes
        if new[starts[1]:starts[1] + counts[1]] != [line for sign, line in body if sign != "-"]:
            return "a hunk does not fit the new file", changes
        if old[done_old:starts[0]] != new[done_new:starts[1]]:
            return "a difference is left out", changes
        done_old, done_new = starts[0] + counts[0], starts[1] + counts[1]
        last_end = done_old
        changes += signs.count("+") + signs.count("-")
    if old[done_old:] != new[done_new:]:
        return "a difference is left out", changes
    return "", changes

if case.get("weigh"):
    problem, changes = weigh(split(case["files"]["old"]), split(case["files"]["new"]))
    answer |= {"problem": problem, "changes": changes}
else:
    answer["out"] = out
print(json.dumps(answer))
'
