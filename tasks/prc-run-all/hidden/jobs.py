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


def trial(title, jobs, most, fast, timeout=25):
    path = os.path.join(work, "..", "jobs.json")
    with open(path, "w") as file:
        json.dump(jobs, file)
    begin = time.monotonic()
    code, out, err = run(["/usr/bin/python3", "runall.py", path, str(most)], work, timeout=timeout)
    took = time.monotonic() - begin
    print(f"-- {title}: ended {code}", "in time" if took < fast else "too slow")
    sys.stderr.write(f"{title} {took:.1f} {err.decode(errors='replace')[-300:]}\n")
    print(out.decode(errors="replace"), end="")


def sh(name, script, **more):
    return {"name": name, "argv": ["/bin/sh", "-c", script], **more}


# Every span is several times what it takes on a machine of its own: one that is busy with other things is no fault of the learner's.
mark = os.path.join(work, "..", "mark")
trial("none", [], 2, 12)
trial("ordinary", [sh("slow", "sleep 0.6; echo slow"), sh("quick", "echo quick; echo oops >&2; printf end"), sh("three", "exit 3"), sh("quiet", ":"), {"name": "missing", "argv": ["/no/such/program"]}, sh("killed", "kill -9 $$"), {"name": "words", "argv": ["/usr/bin/printf", "%s|", "a b", "*", "$HOME"]}], 3, 15)
trial("side by side", [sh(f"s{number}", "sleep 3; echo ok") for number in range(5)], 5, 12)
trial("two at once", [sh(f"t{number}", f"echo + >> {mark}.two; sleep 1; echo - >> {mark}.two", timeout=20) for number in range(6)], 2, 20)
with open(mark + ".two") as file:
    steps = file.read().split()
print("most at once:", max(steps[:end].count("+") - steps[:end].count("-") for end in range(len(steps) + 1)))
trial("one at once", [sh(f"o{number}", f"mkdir {mark} && sleep 0.2 && rmdir {mark} && echo alone") for number in range(4)], 1, 15)
trial("too long", [sh("sleeper", "echo begun; sleep 60; echo never", timeout=3), sh("stubborn", "trap '' TERM; echo stubborn; while :; do sleep 0.1; done", timeout=3), {"name": "polite", "argv": ["/usr/bin/python3", "-u", "-c", "import signal, sys, time\nsignal.signal(15, lambda *_: (print('bye'), sys.exit(0)))\nprint('here')\ntime.sleep(60)"], "timeout": 4}, sh("fine", "echo fine", timeout=3)], 4, 18)
trial("children", [sh("parent", f"(sleep 6; touch {mark}.late) & sleep 40", timeout=0.4), sh("leaves one", f"(sleep 6; touch {mark}.left) & echo gone"), sh("holds the pipe", "sleep 40 & echo done", timeout=60)], 3, 18, timeout=65)
time.sleep(6)
print("left behind:", [name for name in (".late", ".left") if os.path.exists(mark + name)])
trial("much output", [sh("yes", "yes 0123456789 | head -c 3000000"), sh("binary", "printf 'a\\377b\\n'"), sh("after", "echo x")], 1, 18)
