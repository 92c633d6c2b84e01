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


import json

work = copied()
room = os.path.dirname(work)
if not os.path.exists(os.path.join(work, "supervise.py")):
    print("there is no supervise.py", flush=True)
    os._exit(0)


def sh(name, script, **more):
    return {"name": name, "argv": ["/bin/sh", "-c", script], **more}


def begin(services, raw=None):
    path = os.path.join(room, "services.json")
    with open(path, "w") as file:
        file.write(json.dumps({"services": services}) if raw is None else raw)
    out = open(os.path.join(room, "out"), "w+")
    child = subprocess.Popen(["/usr/bin/python3", "supervise.py", path], cwd=work, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, env=ENV, start_new_session=True)
    return child


def said():
    with open(os.path.join(room, "out")) as file:
        return file.read().splitlines()


def wait(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(condition())


def ended(child, seconds=20):
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        return "did not end"


def show(title, child, seconds=20):
    print("--", title, "ended", ended(child, seconds))
    print(*said(), sep="\n")


def lines(name):
    path = os.path.join(room, name)
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return file.read().split()


loop = "while :; do sleep 0.1; done"
child = begin([sh("web", loop, needs=["db", "cache"]), sh("cache", loop, needs=["db"]), sh("db", loop), sh("other", loop)])
wait(lambda: len(said()) == 4)
child.send_signal(signal.SIGTERM)
show("in order", child)
child = begin([sh("stubborn", f"trap '' TERM; echo x >> {room}/ready; {loop}", stop_timeout=0.4), sh("polite", f"trap 'sleep 0.3; echo bye >> {room}/bye; exit 0' TERM; echo x >> {room}/ready; {loop}", stop_timeout=10)])
wait(lambda: len(said()) == 2 and len(lines("ready")) == 2)  # their traps are set
start = time.monotonic()
child.send_signal(signal.SIGINT)
child.send_signal(signal.SIGINT)
show("stubborn", child)
took = time.monotonic() - start
print(0.4 < took < 8, lines("bye"))
child = begin([sh("a", f"echo $$ >> {room}/pids; sleep 100 & echo $! >> {room}/pids; wait"), sh("b", f"sleep 100 & echo $! >> {room}/pids; exit 0")])
print("one is left", wait(lambda: "b: exit 0" in said()))
wait(lambda: len(lines("pids")) == 3)
child.send_signal(signal.SIGTERM)
show("grandchildren", child)

def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False

wait(lambda: not any(alive(pid) for pid in lines("pids")), 5)
print([alive(pid) for pid in lines("pids")])
child = begin([sh("stays", loop), sh("waits", "exit 1", backoff=2, max_restarts=9)])
wait(lambda: "waits: exit 1" in said())
start = time.monotonic()
child.send_signal(signal.SIGTERM)
show("during backoff", child)
print(time.monotonic() - start < 6)
child = begin([sh("one", f"echo 1 >> {room}/ones; {loop}"), sh("two", f"echo 2 >> {room}/twos; exit 0", needs=["one"])])
wait(lambda: "two: exit 0" in said())
child.send_signal(signal.SIGHUP)
wait(lambda: len(lines("twos")) == 2 and said().count("two: exit 0") == 2)
child.send_signal(signal.SIGTERM)
show("hang up", child)
print(lines("ones"), lines("twos"))
child = begin([sh("stays", loop), sh("failing", "exit 1", max_restarts=0)])
wait(lambda: "failing: given up" in said())
time.sleep(0.3)
print("still there", child.poll() is None)
child.send_signal(signal.SIGTERM)
show("failed before", child)
