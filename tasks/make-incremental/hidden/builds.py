import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: the learner's processes can't read this one
WORK = "/workspace"
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}


def copied(source=WORK):
    """A copy of the learner's directory that this process may write to."""
    room = tempfile.mkdtemp(prefix="room-", dir="/tmp")
    target = os.path.join(room, "work")
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    return target


def run(argv, cwd, timeout=10, stdin=b"", env=None):
    """Run to the end; return (exit code or "timeout", stdout, stderr). Its whole session is ended afterwards."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        child = subprocess.Popen(argv, cwd=cwd, stdin=given, stdout=out, stderr=err, env=env or ENV, start_new_session=True)
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            code = "timeout"
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except OSError:
            pass
        child.wait()
        out.seek(0)
        err.seek(0)
        return code, out.read(4_000_000), err.read(1_000_000)


work = copied()
log = os.path.join(work, "..", "log")
tool = os.path.join(work, "..", "cc-spy")
with open(tool, "w") as file:
    file.write("#!/bin/sh\necho \"$@\" >> '" + log + "'\nexec /usr/bin/gcc \"$@\"\n")
os.chmod(tool, 0o755)
for name in sorted(os.listdir(work)):
    if name.endswith((".o", ".d")) or name in ("loud", "test_words"):
        print("left over:", name)
given = set(os.listdir(work))
clock = [1_700_000_000]


def touch(*names):
    clock[0] += 100
    for name in names:
        os.utime(os.path.join(work, name), (clock[0], clock[0]))


touch(*[name for name in os.listdir(work) if os.path.isfile(os.path.join(work, name))])


def make(*words, quiet=False, env=None):
    """Run make; tell which sources were compiled and whether something was linked."""
    open(log, "w").close()
    code, out, err = run(["/usr/bin/make", f"CC={tool}", *words], work, timeout=30, env=env)
    with open(log) as file:
        calls = [line.split() for line in file]
    built = sorted({word.rpartition("/")[2] for call in calls if "-c" in call for word in call if word.endswith(".c")})
    linked = sorted({call[call.index("-o") + 1].rpartition("/")[2] for call in calls if "-c" not in call and "-o" in call})
    clock[0] += 100
    for name in os.listdir(work):  # what was built is newer than its sources
        path = os.path.join(work, name)
        if os.path.isfile(path) and os.stat(path).st_mtime > 1_750_000_000:
            os.utime(path, (clock[0], clock[0]))
    if not quiet:
        print("make", *words, "ended", code, "compiled", *built, "linked", *linked)
    return code, out, calls


make()
print(run([os.path.join(work, "loud")], work, stdin=b"one two\n\nthree\n")[:2])
make()
for name in ("upper.c", "config.h", "text.h", "main.c"):
    touch(name)
    print("touched", name)
    make()
code, out, calls = make("test")
print(b"words ok" in out)
make("test")
touch("words.c")
make("test")
make()
touch("text.h")
make("test")
make()
with open(os.path.join(work, "words.c"), "a") as file:
    file.write("#error broken\n")
touch("words.c")
print("broken", make("test", quiet=True)[0] != 0)
with open(os.path.join(WORK, "words.c")) as file:
    right = file.read()
with open(os.path.join(work, "words.c"), "w") as file:
    file.write(right.replace("return count;", "return count + 1;"))
touch("words.c")
print("fails", make("test", quiet=True)[0] != 0, make("test", quiet=True)[0] != 0)
shutil.copy(os.path.join(WORK, "words.c"), work)
touch("words.c")
print("clean", make("clean", quiet=True)[0], sorted(set(os.listdir(work)) ^ given))
make("clean")
code, out, calls = make("CFLAGS=-O0 -DLINE_MAX_=5", quiet=True)
print(code, sum("-DLINE_MAX_=5" in call for call in calls), all("-Wall" in call and "-Wextra" in call and "-std=c11" in call for call in calls if "-c" in call), run([os.path.join(work, "loud")], work, stdin=b"ab cd ef\n")[1])
for name in ("test", "clean", "all"):
    open(os.path.join(work, name), "w").close()
make("clean", quiet=True)
code, out, calls = make("all", quiet=True)
print("all", code, len(calls) >= 2, b"words ok" in make("test", quiet=True)[1])
