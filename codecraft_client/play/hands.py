"""What a person does while a command runs: press Ctrl-C, type input for it. Knows no screen."""

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from codecraft_client.errors import CodecraftError
from codecraft_client.running import Running

GRACE_S = 2.0  # from SIGTERM to SIGKILL: what a person waits for a program to tidy up
PATIENCE = 2  # presses: the first asks the command to end, the second kills it, the third is for us
PIECE = 65_536
JOIN_S = 5.0


class Interrupts:
    """Within its `with` block Ctrl-C is for the running command."""

    def __init__(self) -> None:
        self._pressed = 0
        self._running: Running | None = None
        self._before: object = None
        self._mine = threading.current_thread() is threading.main_thread()  # only there can Python be told of signals

    def __enter__(self) -> Self:
        """Begin."""
        if self._mine:
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        """As before."""
        if self._mine:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]  # what signal() returned

    def begin(self, running: Running) -> None:
        """This is what runs; if Ctrl-C was pressed meanwhile it was meant."""
        self._running = running
        if self._pressed:
            self._interrupt()

    def _press(self, _number: int, _frame: FrameType | None) -> None:
        self._pressed += 1
        if self._pressed > PATIENCE:
            raise KeyboardInterrupt
        if self._running is not None:
            self._interrupt()

    def _interrupt(self) -> None:
        """Beside the thread that was interrupted: it may be in the midst of anything."""
        running, grace_s = self._running, GRACE_S if self._pressed == 1 else 0.0
        if running is not None:
            threading.Thread(target=_interrupt, args=(running, grace_s), daemon=True).start()


def _interrupt(running: Running, grace_s: float) -> None:
    try:
        running.interrupt(grace_s)
    except CodecraftError:
        return  # whoever follows the command hears of it, too


@contextmanager
def forwarded(running: Running, descriptor: int) -> Iterator[None]:
    """Send what is typed (read from `descriptor`, line by line as a terminal gives it) to the command; its end of file, too."""
    woken, wake = os.pipe()
    thread = threading.Thread(target=_forward, args=(running, descriptor, woken), daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.close(wake)
        thread.join(JOIN_S)
        os.close(woken)


def _forward(running: Running, descriptor: int, woken: int) -> None:
    while True:
        ready, _, _ = select.select([descriptor, woken], [], [])
        if woken in ready:
            return
        data = os.read(descriptor, PIECE)
        try:
            running.write_stdin(data, end_of_file=not data)
        except CodecraftError:
            return  # it has ended, or it does not read
        if not data:
            return
