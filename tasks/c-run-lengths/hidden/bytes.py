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


import hashlib
program = compiled(["runs.c"], "runs_")
data = bytes(range(256)) * 3 + b"\0" * 1000 + b"\xff" * 77 + b"".join(bytes([number % 256]) * (number % 23) for number in range(900))
code, out, err = run([program], WORK_COPY, stdin=data)
print(code, len(out), hashlib.sha256(out).hexdigest(), len(err))
code, back, err = run([program, "-d"], WORK_COPY, stdin=out)
print(code, back == data, len(err))
code, out, err = run([program, "-d"], WORK_COPY, stdin=b"4\xffq")
print(code, out, err)
