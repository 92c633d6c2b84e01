exec /usr/bin/python3 -I -c '
import ctypes, glob, json, os, re, subprocess, sys, tempfile
case = json.load(sys.stdin)
box = tempfile.mkdtemp()
os.chdir(box)
for name, text in case["files"].items():
    with open(name, "w", encoding="utf-8", newline="") as file:
        file.write(text)
# What the program may do is settled by the kernel, and not by a hook that it could take off: it can start no other
# program, and it is told who opens the file of difflib.
shut = """
import ctypes, os, runpy, struct, sys
libc = ctypes.CDLL(None)
machine, execve, execveat = {"x86_64": (0xC000003E, 59, 322), "aarch64": (0xC00000B7, 221, 281)}[os.uname().machine]
steps = [(0x20, 0, 0, 4), (0x15, 0, 5, machine), (0x20, 0, 0, 0), (0x15, 3, 0, execve), (0x15, 2, 0, execveat), (0x35, 1, 0, 0x40000000), (6, 0, 0, 0x7FFF0000), (6, 0, 0, 0x50001)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, struct.pack("HP", len(steps), ctypes.addressof(code))):  # a seccomp filter
    raise SystemExit("the kernel takes no filter")
sys.path.insert(0, "/workspace")
sys.argv = ["mydiff.py", *sys.argv[1:]]
runpy.run_path("/workspace/mydiff.py", run_name="__main__")
"""
libc = ctypes.CDLL(None)
libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: the process of the learner can not look into this one
opened = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
library = os.path.dirname(os.__file__)
for path in [library + "/difflib.py", *glob.glob(library + "/__pycache__/difflib.*")]:
    if libc.inotify_add_watch(opened, path.encode(), 0x20) < 0:  # IN_OPEN
        raise SystemExit("difflib can not be watched")
done = subprocess.run(["/usr/bin/python3", "-I", "-c", shut, *case["args"]], capture_output=True, timeout=60)
out = done.stdout.decode("utf-8", "replace")
answer = {"exit": done.returncode, "complains": bool(done.stderr.strip())}
try:
    answer["difflib"] = f"opened {len(os.read(opened, 4096)) // 16} times"
except BlockingIOError:
    pass

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
