"""The terminal that a process was started from, and whether it has been closed since. Knows nothing else."""

import os

_PATH = "/dev/tty"  # this process's controlling terminal, see tty(4)


class Terminal:
    """The one that this process has at the moment in which this is made, or none."""

    def __init__(self) -> None:
        self._had = _can_be_opened()

    @property
    def is_gone(self) -> bool:
        """Whether there was one and it has been closed: what a SIGHUP tells then, while from anybody else's `kill` it is a request."""
        return self._had and not _can_be_opened()


def _can_be_opened() -> bool:
    try:
        os.close(os.open(_PATH, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
