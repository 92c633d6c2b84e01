"""A pseudo-terminal with `codecraft` in it, and a person's eyes and fingers."""

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOON_S = 30.0  # by when whatever must appear has appeared
PIECE = 65_536
# The terminal becomes the controlling one, so that Ctrl-C is a signal.
LAUNCHER = "import os, sys; os.login_tty(int(sys.argv[1])); os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
PROMPT = "\x1b[0;1m$"  # the bold dollar; a blank may come as a movement


class Terminal:
    """What runs in it, and what it shows."""

    def __init__(self, process: "subprocess.Popen[bytes]", descriptor: int) -> None:
        self.process = process
        self.seen = ""
        self._descriptor = descriptor
        self._unseen = b""

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._descriptor, text.encode())

    def wait_for(self, text: str) -> str:
        """Read until `text` appears; returns all that was not seen before, up to its end."""
        wanted, end = text.encode(), time.monotonic() + SOON_S
        while wanted not in self._unseen:
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"{text!r} does not appear: {self._unseen.decode(errors='replace')!r}")
        at = self._unseen.index(wanted) + len(wanted)
        shown, self._unseen = self._unseen[:at].decode(), self._unseen[at:]
        self.seen += shown
        return shown

    def command(self, line: str) -> None:
        """Type a line at the next prompt."""
        self.wait_for(PROMPT)
        self.type(line + "\r")

    def status(self) -> int:
        """Read until it has ended; returns its exit status."""
        end = time.monotonic() + SOON_S
        while self._read(end - time.monotonic()):
            pass
        self.seen += self._unseen.decode(errors="replace")
        return self.process.wait(SOON_S)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], max(seconds, 0.0))
        if not ready:
            return False
        try:
            piece = os.read(self._descriptor, PIECE)
        except OSError:  # EIO: nobody has the other end open any more (pty(7))
            return False
        self._unseen += piece
        return bool(piece)


@contextmanager
def terminal(home: Path, *arguments: str, **environment: str) -> Iterator[Terminal]:
    """Run `codecraft` with these arguments in a terminal of 30 by 100; what it keeps goes under `home`."""
    outer, inner = os.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CODECRAFT_", "NO_COLOR"))}
    own = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "XDG_STATE_HOME": str(home), **environment}
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(inner), "-m", "codecraft_client.cli", *arguments], env=clean | own, pass_fds=[inner]
    )
    os.close(inner)
    try:
        yield Terminal(process, outer)
    finally:
        process.kill()
        process.wait()
        os.close(outer)
