"""How the program ends when it is told to, or what it prints can't be written: the one place for all commands. Knows none of them."""

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
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
            with _unwound_on_sigterm():
                return run()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # `... | head`: whoever read has enough
        _silence(sys.stdout)
        return UNREAD
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _silence(sys.stdout)
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{program}: {error.filename or 'the output'} can't be written: {error.strerror}\n")
        return FAILURE
    finally:
        _settle(sys.stderr)


@contextmanager
def _unwound_on_sigterm() -> Iterator[None]:
    """Have SIGTERM unwind the stack as Ctrl-C does, so that episodes are closed; a second one ends the program at once."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield  # somebody else decides
        return
    signal.signal(signal.SIGTERM, _unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _unwind(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    sys.exit(128 + number)  # as shells count it


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
