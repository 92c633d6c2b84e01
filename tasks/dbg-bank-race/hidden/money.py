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
import sys, threading, time
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

storage, bank = made(a=1000, b=1000, c=1000)
def mover(source, target):
    def job():
        for _ in range(25): bank.transfer(source, target, 3)
    return job
def giver():
    for _ in range(25): bank.deposit("b", 2)
together(mover("a", "b"), mover("a", "c"), mover("b", "c"), mover("a", "b"), giver, giver)
print(storage.read("a"), storage.read("b"), storage.read("c"), bank.done, len(bank.journal))
print([entry[0] for entry in bank.journal] == list(range(1, 151)))
print(sorted(entry[1:] for entry in bank.journal) == sorted([("a", "b", 3)] * 50 + [("a", "c", 3)] * 25 + [("b", "c", 3)] * 25 + [("outside", "b", 2)] * 50))
storage, bank = made(a=10, b=0)
results = []
together(*[lambda: results.append(bank.transfer("a", "b", 7)) for _ in range(12)])
print(sorted(results).count(True), storage.read("a"), storage.read("b"), bank.done)
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
