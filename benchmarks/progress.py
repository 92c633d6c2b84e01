"""What a person sees while it runs: one line on standard error, rewritten on a terminal."""

import sys
from typing import TextIO


class Progress:
    """Says what is being measured. On something that is no terminal each measurement is one line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._name = ""

    def measure(self, name: str) -> None:
        """A new measurement begins."""
        self.done()
        self._name = name
        if not self._live:
            self._write(f"{name} ...\n")

    def round(self, done: int, of: int) -> None:
        """`done` of `of` rounds of it are over."""
        if self._live:
            self._write(f"\r\033[K{self._name}: {done}/{of}")

    def done(self) -> None:
        """Nothing is being measured any more."""
        if self._live and self._name:
            self._write("\r\033[K")
        self._name = ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
