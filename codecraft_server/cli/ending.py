"""How the program ends when what it prints can't be written: the one place for all its commands. Knows none of them."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable
from typing import TextIO

FAILURE = 1
UNREAD = 141  # as a shell shows SIGPIPE

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def ended(program: str, run: Callable[[], int]) -> int:
    """Return what `run` does; UNREAD, silently, when nobody reads its output; FAILURE, in one line, when there is no room for it."""
    # None: so they are when the process was started without them.
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    try:
        try:
            return run()
        finally:
            sys.stdout.flush()
    except (OSError, ExceptionGroup) as error:
        failure = _to_write(error)
        if failure is None:
            raise
        _silence(sys.stdout)
        if isinstance(failure, BrokenPipeError):  # `... | head`: whoever read has enough
            return UNREAD
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{program}: {failure.filename or 'the output'} can't be written: {failure.strerror}\n")
        return FAILURE
    finally:
        _settle(sys.stderr)


def _to_write(error: Exception) -> OSError | None:
    """Return the failure to write that an error is, or that all tasks of a group ended with; None when it is something else."""
    if isinstance(error, ExceptionGroup):
        found = [_to_write(each) for each in error.exceptions]
        return found[0] if all(found) else None
    return error if isinstance(error, OSError) and (isinstance(error, BrokenPipeError) or error.errno in _NO_ROOM) else None


def _settle(stream: TextIO) -> None:
    try:
        stream.flush()
    except OSError:
        _silence(stream)


def _silence(stream: TextIO) -> None:
    """Have what is still buffered go nowhere: it would be tried again at exit, and spoil the status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - kept until the process ends
