"""Start the worker beside two jobs, print what it made of them. With `signals` it is then asked for its status and told to stop."""

import os
import signal
import subprocess
import sys
import tempfile
import time

room = tempfile.mkdtemp(dir="/tmp")
os.makedirs(os.path.join(room, "spool"))
for name, lines in (("b.job", "1\n\n2\n"), ("a.job", "-5\nx\n")):
    with open(os.path.join(room, "spool", name), "w") as file:
        file.write(lines)
program = ["/usr/bin/python3", "-B", "/workspace/worker.py"]
child = subprocess.Popen(program, cwd=room, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def shown(path):
    """The text of a file as soon as it is there, for some seconds at most."""
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        try:
            with open(os.path.join(room, path)) as file:
                text = file.read()
            if text:
                return text
        except OSError:
            pass
        time.sleep(0.05)
    return None


print(shown("done/b.job"), shown("done/a.job"), flush=True)
if sys.argv[1:] == ["signals"]:
    child.send_signal(signal.SIGUSR1)
    print(shown("status.txt"), flush=True)
    child.send_signal(signal.SIGTERM)
    try:
        print("ended", child.wait(4), os.path.exists(os.path.join(room, "worker.pid")), flush=True)
    except subprocess.TimeoutExpired:
        print("goes on", flush=True)
child.kill()
os._exit(0)
