"""A process that outlives its server, to remove at once what the server left when it was killed.

Owns that process. Must not know sandboxes that live. Started containers end by themselves, for their guests miss the server; one that was
created and not started has no guest. The process waits for the owner's lock, which the kernel lets go of when the server ends, and is next
to nothing until then (some 9 MB); its session is its own, so that what ends a terminal's processes spares it. Where something ends it as
well, such as the end of a whole control group, the next server's sweep or `gc` does the rest.
"""

import contextlib
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import docker
import docker.errors

from codecraft_server.docker import sweep
from codecraft_server.docker.engine import connected
from codecraft_server.errors import EngineUnavailableError

_log = logging.getLogger(__name__)

_WAIT = """
import fcntl, os, sys
with open(sys.argv[1]) as lock:
    fcntl.flock(lock, fcntl.LOCK_SH)
os.execv(sys.executable, [sys.executable, "-m", "codecraft_server.docker.watchdog", sys.argv[1]])
"""
_LOOKS_ON_S = 20.0  # after the death, for the engine may still be making what it had been asked for
_LOOK_AGAIN_S = 1.0


class Watchdog:
    """That process, as its server sees it."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        """See `start`."""
        self._process = process

    @classmethod
    def start(cls, lock: Path) -> Self:
        """Watch the owner who holds this lock file. Where no process can be made the log says so. Blocks for a moment."""
        silent = subprocess.DEVNULL
        try:
            return cls(
                subprocess.Popen(  # noqa: S603 - our own words
                    [sys.executable, "-I", "-S", "-c", _WAIT, str(lock)], stdin=silent, stdout=silent, stderr=silent, start_new_session=True
                )
            )
        except OSError as error:
            _log.warning("no watchdog: what a killed server leaves may wait for the next one", extra={"reason": error.strerror})
            return cls(None)

    def end(self) -> None:
        """Call it off, before the lock is let go of. Blocks for a moment."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def main(lock: Path) -> None:
    """Remove all containers of an owner who has died, and look on for a while."""
    lock.unlink(missing_ok=True)
    until = time.monotonic() + _LOOKS_ON_S
    while time.monotonic() < until:
        with contextlib.suppress(EngineUnavailableError, docker.errors.APIError), connected() as client:
            for container in sweep.owned_by(client, lock.stem):
                sweep.remove(client, container)
        time.sleep(_LOOK_AGAIN_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
