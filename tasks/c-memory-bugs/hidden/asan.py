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


WORK_COPY = copied()
FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-g"]


def compiled(sources, out, *flags):
    code, said, err = run(["/usr/bin/gcc", *FLAGS, *flags, "-o", out, *sources], WORK_COPY, timeout=30, env=dict(ENV, TMPDIR="/tmp"))
    sys.stderr.write(err.decode(errors="replace")[:600])
    print("compiled", code)
    return os.path.join(WORK_COPY, out)


program = compiled(["field.c"], "field_", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
env = dict(ENV, ASAN_OPTIONS="detect_leaks=1:exitcode=99")
long = "\t".join(f"cell{number}" for number in range(3000))
for column, text in (("1", "a\tb\n"), ("2,1", "a\tb\nc\td\n"), ("3", "a\tb\n\n\t\t\n"), ("1", "no line end"), ("1,1,1,1,1,1,1,1,1", "x\n"), ("3000,2", long + "\n" + long), ("0", "a\n"), ("", "a\n"), ("2,x", "a\n"), ("99999999999999999999", "a\n"), ("1", ""), ("2", "x" * 70000 + "\ty\n"), ("1", "\n" * 50)):
    code, out, err = run([program, column], WORK_COPY, stdin=text.encode(), env=env)
    print(repr(column[:12]), code, repr(out[:60]), len(out))
    sys.stderr.write(err.decode(errors="replace")[:300])
code, out, err = run([program], WORK_COPY, env=env)
print(code, out)
