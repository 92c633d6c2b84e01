"""Servers that are killed together with their watchdogs: then sandboxes can count on nobody but themselves."""

import os
import signal
from pathlib import Path


def kill_with_watchdog(server: int) -> None:
    """Kill the watchdog of this server process, which must have one, and then the server."""
    (watchdog,) = watchdogs_of(server)
    for pid in (watchdog, server):
        os.kill(pid, signal.SIGKILL)


def watchdogs_of(server: int) -> list[int]:
    """The process ids of a server's watchdogs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(") ")[2].split()
            if int(fields[1]) == server and b".lock" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
    return found
