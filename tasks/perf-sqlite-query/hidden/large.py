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


MAKE = r'''
import sqlite3
import sys


def draws(seed):
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 33


def make(path, customers, orders, seed):
    draw = draws(seed)
    base = sqlite3.connect(path)
    base.executescript("""
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, day TEXT NOT NULL, cents INTEGER NOT NULL);
    """)
    cities = ["Bonn", "Graz", "Lyon", "Oslo", "Riga"]
    base.executemany("INSERT INTO customers VALUES (?, ?, ?)", ((number, f"c{next(draw) % 100000:05}-{number}", cities[next(draw) % 5]) for number in range(1, customers + 1)))
    base.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", ((number, next(draw) % (customers + customers // 10) + 1, f"20{20 + next(draw) % 4}-{next(draw) % 12 + 1:02}-{next(draw) % 28 + 1:02}", next(draw) % 50000) for number in range(1, orders + 1)))
    base.commit()
    base.close()


if __name__ == "__main__":
    make(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))

'''

import textwrap

namespace = {"__name__": "maker"}
exec(textwrap.dedent(MAKE), namespace)
work = copied()
import hashlib

for customers, orders, seed, ties in [(8000, 120000, 9, False)]:
    base = os.path.join(tempfile.mkdtemp(dir="/tmp"), "shop.db")
    namespace["make"](base, customers, orders, seed)
    import sqlite3
    connection = sqlite3.connect(base)
    if ties:
        connection.execute("UPDATE orders SET cents = (id % 3) * 100")
    connection.commit()
    connection.close()
    os.chmod(base, 0o444)
    with open(os.path.join(work, "report.sql"), "rb") as file:
        query = file.read()
    code, out, err = run(["/bin/sh", "-c", 'ulimit -t 6; exec "$@"', "sh", "/usr/bin/sqlite3", "-safe", "-readonly", "-batch", base], work, timeout=30, stdin=query)
    sys.stderr.write(err.decode(errors="replace")[:300])
    print("ended", code, len(out.splitlines()), hashlib.sha256(out).hexdigest())
    if False:
        print(out.decode(errors="replace"), end="")
