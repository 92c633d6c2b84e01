"""A server of one's own, for who has none running, such as the demo: another process, started and ended here, reached by its address."""

import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from codecraft_client.errors import UsageError

READY_S = 1800.0  # sandbox images may have to be built first
ENDING_S = 60.0
POLL_S = 0.5
LAST_LINES = 15
LINES_HELD = 1000
LISTENING = re.compile(r"listening on (\S+)$")


@contextmanager
def own_server(tell: Callable[[str], None], options: Sequence[str] = ()) -> Iterator[str]:
    """Start a server on a free port of this machine, yield its address, and end it.

    Args:
        tell: Given each line that the server writes until it is ready.
        options: More options of `codecraft-server serve`, such as ("--curriculum", FILE).

    Raises:
        UsageError: It ended before it was ready, or was not ready in time; the message has its last lines.
    """
    command = [sys.executable, "-m", "codecraft_server", "serve", "--listen", "127.0.0.1:0", *options]
    # Its own session: Ctrl-C is for the demo, which then ends the server in its turn.
    process = subprocess.Popen(  # noqa: S603 - a module of this very distribution
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True
    )
    lines: queue.Queue[str] = queue.Queue()
    pump = threading.Thread(target=_pump, args=(process.stdout, lines), daemon=True)
    try:
        with _unwound_on_sigterm():
            pump.start()
            yield _address(process, lines, tell)
    finally:
        _end(process)
        pump.join(POLL_S)


@contextmanager
def _unwound_on_sigterm() -> Iterator[None]:
    """Have SIGTERM unwind the stack as Ctrl-C does, so that the server is ended then, too."""
    before = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _pump(source: IO[str], lines: "queue.Queue[str]") -> None:
    """Take what the server writes as long as it lives, so that it never blocks; what nobody asks for any more is dropped."""
    with source:
        for line in source:
            if lines.qsize() < LINES_HELD:
                lines.put(line.rstrip("\n"))


def _address(process: subprocess.Popen[str], lines: "queue.Queue[str]", tell: Callable[[str], None]) -> str:
    last: deque[str] = deque(maxlen=LAST_LINES)
    give_up = time.monotonic() + READY_S
    while time.monotonic() < give_up:
        try:
            line = lines.get(timeout=POLL_S)
        except queue.Empty:
            if process.poll() is not None:
                break
            continue
        if found := LISTENING.search(line):
            return found.group(1)
        last.append(line)
        tell(line)
    state = f"ended with status {process.returncode}" if process.poll() is not None else f"was not ready within {READY_S:g} s"
    raise UsageError("\n".join([f"the demo's server {state}:", *last]))


def _end(process: subprocess.Popen[str]) -> None:
    """Ask it to end, and kill it when it does not within ENDING_S, or when somebody presses Ctrl-C again."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        process.kill()  # does nothing to one that has ended
        process.wait()
