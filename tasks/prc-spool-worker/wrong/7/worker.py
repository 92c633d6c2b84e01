"""Work off the jobs in spool/, one after the other, until told to stop."""

import os
import signal
import sys
import time

POLL_S = 0.05
stopping = False
reports = 0


def stop(*_):
    global stopping
    stopping = True


def report(*_):
    global reports
    reports += 1


def work(name):
    """Do one job: sum the numbers of its file, slowly."""
    total = 0
    with open(os.path.join("spool", name)) as file:
        for line in file:
            if line.strip():
                total += int(line)
                end = time.monotonic() + 0.1
                while time.monotonic() < end:  # a signal wakes sleep up in some languages; not in Python
                    time.sleep(0.02)
    return total


def finish(name, text):
    """Write the result in one step, then remove the job."""
    target = os.path.join("done", name)
    with open(target + ".tmp", "w") as file:
        file.write(text)
    os.replace(target + ".tmp", target)
    os.remove(os.path.join("spool", name))


def say_reports(done):
    global reports
    while reports:
        reports -= 1
        with open("status.txt", "a") as file:
            file.write(f"done {done}\n")


def main():
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGUSR1, report)
    os.makedirs("done", exist_ok=True)
    with open("worker.pid", "w") as file:
        file.write(f"{os.getpid()}\n")
    done = 0
    while not stopping:
        names = sorted(name for name in os.listdir("spool") if name.endswith(".job"))
        if not names:
            time.sleep(POLL_S)
        for name in names:
            try:
                result = f"{work(name)}\n"
            except ValueError:
                result = "error\n"
            finish(name, result)
            done += 1
            say_reports(done)
            if stopping:
                break
        say_reports(done)
    os.remove("worker.pid")
    return 0


if __name__ == "__main__":
    sys.exit(main())
