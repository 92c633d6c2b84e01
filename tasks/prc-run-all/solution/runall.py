"""Run commands side by side, each with a time limit, and print their output in order."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time

GRACE_S = 2
KEPT = 1000


class Job:
    """One command of the list."""

    def __init__(self, entry):
        self.name = entry["name"]
        self.limit = entry.get("timeout", 10)
        self.argv = entry["argv"]
        self.output = b""
        self.outcome = None
        self.child = None
        self.deadline = None
        self.asked = False

    def start(self):
        try:
            self.child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError:
            self.outcome = "not started"
            return
        os.set_blocking(self.child.stdout.fileno(), False)
        self.deadline = time.monotonic() + self.limit

    def read(self):
        """Take what is there; keep the beginning of it."""
        while True:
            try:
                data = os.read(self.child.stdout.fileno(), 65536)
            except BlockingIOError:
                return True
            if not data:
                return False
            self.output = (self.output + data)[:KEPT]

    def signal(self, number):
        try:
            os.killpg(self.child.pid, number)
        except ProcessLookupError:
            pass

    def check(self):
        """Enforce the limit; return whether the job is over."""
        now = time.monotonic()
        if now >= self.deadline:
            if not self.asked:
                self.asked = True
                self.deadline = now + GRACE_S
                self.signal(signal.SIGTERM)
            else:
                self.signal(signal.SIGKILL)
        if not self.exited():
            return False
        self.signal(signal.SIGKILL)  # what it left running
        code = self.child.wait()
        self.read()
        self.child.stdout.close()
        self.outcome = "timeout" if self.asked else f"exit {code}" if code >= 0 else f"signal {-code}"
        return True

    def exited(self):
        """Whether it has ended; it is not collected yet, so that its group's number stays taken."""
        return os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def run(jobs, most):
    """Run all jobs, at most `most` at once, begun in order."""
    waiting = list(jobs)
    running = []
    selector = selectors.DefaultSelector()
    while waiting or running:
        while waiting and len(running) < most:
            job = waiting.pop(0)
            job.start()
            if job.child:
                running.append(job)
                selector.register(job.child.stdout, selectors.EVENT_READ, job)
        for key, _ in selector.select(0.02) if selector.get_map() else ():
            if not key.data.read():
                selector.unregister(key.fileobj)
        if not selector.get_map():
            time.sleep(0.01)
        for job in list(running):
            stream = job.child.stdout
            registered = stream.fileno() in selector.get_map()
            if job.exited() and registered:
                selector.unregister(stream)
            if job.check():
                running.remove(job)


def main():
    with open(sys.argv[1]) as file:
        jobs = [Job(entry) for entry in json.load(file)]
    run(jobs, int(sys.argv[2]))
    for job in jobs:
        print(f"== {job.name}: {job.outcome}")
        text = job.output.decode("utf-8", "replace")
        if text:
            print(text, end="" if text.endswith("\n") else "\n")
    return 0 if all(job.outcome == "exit 0" for job in jobs) else 1


if __name__ == "__main__":
    sys.exit(main())
