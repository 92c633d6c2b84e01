"""Keep programs running: start them, start them again when they fail, stop them in order."""

import json
import os
import signal
import subprocess
import sys
import time

TICK_S = 0.02


class Service:
    """One program that is kept running."""

    def __init__(self, entry, log):
        self.name = entry["name"]
        self.argv = entry["argv"]
        self.restart = entry.get("restart", "on-failure")
        self.backoff = entry.get("backoff", 0.1)
        self.most = entry.get("max_restarts", 5)
        self.stop_s = entry.get("stop_timeout", 1.0)
        self.needs = entry.get("needs", [])
        self.log = log
        self.child = None
        self.state = "waiting"
        self.restarts = 0
        self.due = 0.0

    def start(self):
        try:
            self.child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, start_new_session=True)
        except OSError:
            self.log(self.name, "can't be started")
            self.ended(127)
            return
        self.state = "running"
        self.log(self.name, "started")

    def tick(self, now):
        """Look after it: collect it when it has ended, start it again when it is time."""
        if self.state == "running":
            code = self.child.poll()
            if code is not None:
                self.clean()
                self.log(self.name, f"exit {code}" if code >= 0 else f"signal {-code}")
                self.ended(code)
        elif self.state == "backoff" and now >= self.due:
            self.restarts += 1
            self.start()

    def ended(self, code):
        """Decide how it goes on."""
        if self.restart == "never" or (self.restart == "on-failure" and code == 0):
            self.state = "done"
        elif self.restarts >= self.most:
            self.state = "failed"
            self.log(self.name, "given up")
        else:
            self.state = "backoff"
            self.due = time.monotonic() + self.backoff * 2**self.restarts

    def stop(self):
        """End it and all it started."""
        if self.state != "running":
            self.state = "done" if self.state in ("waiting", "backoff") else self.state
            return
        self.send(signal.SIGTERM)
        deadline = time.monotonic() + self.stop_s
        while self.child.poll() is None and time.monotonic() < deadline:
            time.sleep(TICK_S)
        killed = self.child.poll() is None
        self.clean()
        self.child.wait()
        self.state = "done"
        self.log(self.name, "killed" if killed else "stopped")

    def clean(self):
        """Kill what is left of its process group."""
        self.send(signal.SIGKILL)

    def send(self, number):
        try:
            os.killpg(self.child.pid, number)
        except (ProcessLookupError, PermissionError):
            pass


class Supervisor:
    """All services."""

    def __init__(self, path):
        with open(path) as file:
            entries = json.load(file)["services"]
        self.services = {entry["name"]: Service(entry, self.log) for entry in entries}
        self.order = self.sorted_by_needs()
        self.stopping = False
        self.reload = False

    def log(self, name, what):
        print(f"{name}: {what}", flush=True)

    def sorted_by_needs(self):
        """Return the services so that each comes after those it needs, otherwise in the order of the file."""
        order = []
        left = list(self.services.values())
        while left:
            ready = [one for one in left if all(need in [other.name for other in order] for need in one.needs)]
            if not ready:
                raise ValueError("unknown or circular needs: " + ", ".join(one.name for one in left))
            order.append(ready[0])
            left.remove(ready[0])
        return order

    def run(self):
        """Start everything, look after it until all is done or a signal comes, stop in reverse order."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        signal.signal(signal.SIGHUP, self.restart_all)
        for service in self.order:
            if not self.stopping:
                service.start()
        while not self.stopping and any(one.state in ("running", "backoff") for one in self.order):
            if self.reload:
                self.reload = False
                self.stop_services()
                for service in self.order:
                    service.restarts = 0
                    service.start()
            now = time.monotonic()
            for service in self.order:
                service.tick(now)
            time.sleep(TICK_S)
        self.stop_services()
        return 1 if any(one.state == "failed" for one in self.order) else 0

    def stop_services(self):
        for service in reversed(self.order):
            service.stop()

    def stop(self, *_):
        self.stopping = True

    def restart_all(self, *_):
        self.reload = True


def main():
    try:
        supervisor = Supervisor(sys.argv[1])
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"bad configuration: {error}", file=sys.stderr)
        return 2
    return supervisor.run()


if __name__ == "__main__":
    sys.exit(main())
