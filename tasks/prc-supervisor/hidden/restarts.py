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


def wait(condition, seconds=6):
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


child = begin([sh("a", "exit 0"), sh("b", "exit 3", restart="never"), {"name": "c", "argv": ["/no/such"], "restart": "never"}])
print("-- done at once ended", ended(child), sorted(said()))
show("gives up", begin([sh("bad", "exit 7", max_restarts=2, backoff=0.1)]))
show("not started", begin([{"name": "gone", "argv": ["/no/such"], "max_restarts": 1, "backoff": 0.1}]))
show("recovers", begin([sh("third", f"echo x >> {room}/count; test $(wc -l < {room}/count) -ge 3", backoff=0.1)]))
show("always", begin([sh("again", "exit 0", restart="always", max_restarts=3, backoff=0.05)]))
show("signal", begin([sh("shot", "kill -9 $$", max_restarts=1, backoff=0.05)]))
show("zero restarts", begin([sh("once", "exit 1", max_restarts=0)]))
child = begin([sh("beat", f"date +%s.%N >> {room}/beats; exit 1", max_restarts=4, backoff=0.2)])
show("backoff", child)
beats = [float(beat) for beat in lines("beats")]
gaps = [later - earlier for earlier, later in zip(beats, beats[1:])]
sys.stderr.write(f"gaps {gaps}\n")
print(len(gaps), all(least <= gap < least + 3 for gap, least in zip(gaps, (0.2, 0.4, 0.8, 1.6))))
show("never more than 2 seconds", begin([sh("slow", f"date +%s.%N >> {room}/slow; exit 1", max_restarts=3, backoff=1.5)]), 30)
beats = [float(beat) for beat in lines("slow")]
gaps = [later - earlier for earlier, later in zip(beats, beats[1:])]
sys.stderr.write(f"gaps {gaps}\n")
print(len(gaps), all(least <= gap < least + 3 for gap, least in zip(gaps, (1.5, 2, 2))))
print("bad", [ended(begin([], raw)) for raw in ("{", "[]", '{"services": [{"name": "a"}]}', '{"services": [{"name": "a", "argv": ["true"], "needs": ["b"]}]}', '{"services": [{"name": "a", "argv": ["true"], "needs": ["b"]}, {"name": "b", "argv": ["true"], "needs": ["a"]}]}')], said())
show("no services", begin([]))
