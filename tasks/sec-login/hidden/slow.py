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


DRIVER = """
import hashlib, sys
from time import process_time
sys.path.insert(0, ".")
spent = 0.0


def timed(function):
    # what is spent in a function that is slow on purpose, and not what is wasted beside it

    def call(*arguments, **named):
        global spent
        begin = process_time()
        try:
            return function(*arguments, **named)
        finally:
            spent += process_time() - begin

    return call


hashlib.pbkdf2_hmac, hashlib.scrypt = timed(hashlib.pbkdf2_hmac), timed(hashlib.scrypt)
from app import App
app = App("x")
for number in range(10):
    app.register(f"user{number}", f"password{number}", "city")
print("slow on purpose" if spent > 0.02 else "too quick")
"""
work = copied()
with open(os.path.join(work, "driver_.py"), "w") as file:
    file.write(DRIVER)
print(run(["/usr/bin/python3", "-I", "driver_.py"], work)[:2])
