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


STORAGE = """'''The storage of the bank. Reading and writing take time, as they do over a network. Do not change this file.'''

import threading
import time


class Storage:
    '''Balances by account.'''

    def __init__(self, balances):
        self._balances = dict(balances)
        self._guard = threading.Lock()

    def read(self, account):
        '''Return a balance; KeyError when there is no such account.'''
        time.sleep(0.001)
        with self._guard:
            return self._balances[account]

    def write(self, account, balance):
        '''Set a balance.'''
        time.sleep(0.001)
        with self._guard:
            self._balances[account] = balance"""
DRIVER = """
import sys, threading
from time import monotonic
sys.path.insert(0, ".")
sys.setswitchinterval(1e-5)
from storage import Storage
from bank import Bank

def together(*jobs):
    threads = [threading.Thread(target=job, daemon=True) for job in jobs]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

def made(**balances):
    storage = Storage(balances)
    return storage, Bank(storage, list(balances))

names = [f"{letter}{number}" for number in range(8) for letter in "xy"]
storage, bank = made(**{name: 100 for name in names})
def mover(number):
    def job():
        for _ in range(15): bank.transfer(f"x{number}", f"y{number}", 1)
    return job
for number in range(8): mover(number)()
other = Storage({"x": 100, "y": 100})
begin = monotonic()
for _ in range(8 * 15):  # what the transfers of one thread take at least: the bank itself might be slow on purpose there
    for account in "xy": other.write(account, other.read(account))
alone = monotonic() - begin
begin = monotonic()
together(*[mover(number) for number in range(8)])
ratio = alone / (monotonic() - begin)
print("fast enough" if ratio > 3 else "too slow")
print(bank.total(), bank.done)
print(f"ratio {ratio:.1f}", file=sys.stderr)
"""
work = copied()
with open(os.path.join(work, "storage.py"), "w") as file:
    file.write(STORAGE)
with open(os.path.join(work, "driver_.py"), "w") as file:
    file.write(DRIVER)
code, out, err = run(["/usr/bin/python3", "-I", "driver_.py"], work, timeout=12)
print(out.decode(errors="replace"), end="")
print("ended", code)
sys.stderr.write(err.decode(errors="replace")[-800:])
