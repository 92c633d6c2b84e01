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

import struct


def fresh(jobs):
    work = copied()
    shutil.rmtree(os.path.join(work, "spool"), ignore_errors=True)
    shutil.rmtree(os.path.join(work, "done"), ignore_errors=True)
    for name in ("status.txt", "worker.pid"):
        if os.path.exists(os.path.join(work, name)):
            os.remove(os.path.join(work, name))
    os.mkdir(os.path.join(work, "spool"))
    for name, text in jobs.items():
        add(work, name, text)
    return work


def add(work, name, text):
    with open(os.path.join(work, name), "w") as file:
        file.write(text)
    os.replace(os.path.join(work, name), os.path.join(work, "spool", name))


def start(work):
    child = subprocess.Popen(["/usr/bin/python3", "worker.py"], cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENV, start_new_session=True)
    wait(lambda: read(work, "worker.pid").strip() == str(child.pid), 5, child)
    return child


def wait(condition, seconds, child):
    """Whether the condition comes true in time; nobody waits for a worker that has ended."""
    deadline = time.monotonic() + seconds
    while not condition() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(condition())


def read(work, name):
    try:
        with open(os.path.join(work, name)) as file:
            return file.read()
    except OSError:
        return ""


def ended(child, seconds=20):
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        return "did not end"


def stop(child):
    """End a worker that is at no job."""
    begin = time.monotonic()
    child.send_signal(signal.SIGTERM)
    code = ended(child)
    stops.append(time.monotonic() - begin)
    return code


def show(work):
    for folder in ("done", "spool"):
        path = os.path.join(work, folder)
        names = sorted(name for name in os.listdir(path) if not name.endswith(".tmp")) if os.path.isdir(path) else []
        print(folder, [(name, read(work, f"{folder}/{name}")) for name in names] if os.path.isdir(path) else "is missing")


class Watch:
    """What happens in the folders, in its order, as the kernel tells it."""

    KINDS = {0x2: "written", 0x40: "moved away", 0x80: "renamed", 0x100: "made", 0x200: "removed"}

    def __init__(self, work):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.file = self.libc.inotify_init1(os.O_NONBLOCK)
        self.folders = {}
        for folder in ("done", "spool"):
            os.makedirs(os.path.join(work, folder), exist_ok=True)
            self.folders[self.libc.inotify_add_watch(self.file, os.path.join(work, folder).encode(), sum(self.KINDS))] = folder

    def told(self):
        """(folder, what, name) of all that concerns jobs under their own names."""
        data, found = b"", []
        while True:
            try:
                data += os.read(self.file, 65536)
            except BlockingIOError:
                break
        while data:
            number, mask, _, size = struct.unpack_from("iIII", data)
            name = data[16:16 + size].rstrip(b"\0").decode(errors="replace")
            data = data[16 + size:]
            if name.endswith(".job"):
                found.append((self.folders.get(number), "/".join(word for bit, word in self.KINDS.items() if mask & bit), name))
        return found


work = fresh({"b.job": "1\n2\n\n3\n", "a.job": "-5\n10\n", "c.job": "", "bad.job": "1\nx\n", "notes.txt": "7\n"})
child = start(work)
print("all done", wait(lambda: not [name for name in os.listdir(os.path.join(work, "spool")) if name.endswith(".job")], 20, child))
waits, stops = [], []  # seconds; the best of several counts, for the machine may be busy
for name in ("late.job", "later.job", "latest.job"):
    begin = time.monotonic()
    add(work, name, "4\n4\n")
    print("late", wait(lambda: read(work, f"done/{name}") != "", 20, child))
    waits.append(time.monotonic() - begin)
print("begun soon", min(waits) < 1.6)
child.send_signal(signal.SIGUSR1)
print("status", wait(lambda: read(work, "status.txt") == "done 7\n", 3, child))
print("ended", stop(child), os.path.exists(os.path.join(work, "worker.pid")))
show(work)

for number, name in ((signal.SIGTERM, "TERM"), (signal.SIGINT, "INT")):
    work = fresh({"1.job": "1\n" * 40, "2.job": "2\n" * 5})
    child = start(work)
    time.sleep(0.35)
    child.send_signal(number)
    time.sleep(0.2)
    print(name, "still at it", child.poll() is None, not os.path.exists(os.path.join(work, "done", "1.job")))
    child.send_signal(number)
    print("ended", ended(child), os.path.exists(os.path.join(work, "worker.pid")))
    show(work)

work = fresh({"1.job": "1\n" * 30})
child = start(work)
time.sleep(0.3)
child.send_signal(signal.SIGUSR1)
print("status later", wait(lambda: read(work, "status.txt") != "", 20, child), repr(read(work, "status.txt")))
begin = time.monotonic()
child.send_signal(signal.SIGTERM)
print("ended", ended(child), time.monotonic() - begin < 5)
show(work)

work = fresh({"1.job": "1\n" * 30, "2.job": "5\n"})
child = start(work)
time.sleep(0.4)
child.kill()
print("killed", ended(child))
print(sorted(os.listdir(os.path.join(work, "spool"))), "1.job" in os.listdir(os.path.join(work, "done")))
child = start(work)
print("again", wait(lambda: read(work, "done/2.job") != "", 20, child))
wait(lambda: not os.path.exists(os.path.join(work, "spool", "2.job")), 5, child)
print("ended", stop(child))
show(work)

work = fresh({"1.job": "1\n", "2.job": "y\n"})
watch = Watch(work)
child = start(work)
wait(lambda: not os.listdir(os.path.join(work, "spool")), 20, child)
stop(child)
print("stopped soon", min(stops) < 1.5)
print("in one step", *watch.told())

work = fresh({"b.job": "1\n" * 20, "d.job": "1\n"})
watch = Watch(work)
begin = time.monotonic()
child = start(work)
time.sleep(0.3)
for name in ("c.job", "a.job"):
    add(work, name, "1\n")
wait(lambda: read(work, "done/b.job") != "", 20, child)
print("took its time", time.monotonic() - begin > 1.95)
wait(lambda: not os.listdir(os.path.join(work, "spool")), 20, child)
stop(child)
print("in order", *(name for folder, what, name in watch.told() if folder == "done" and what == "renamed"))
