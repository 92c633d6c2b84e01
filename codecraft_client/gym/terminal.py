"""What a person watching over the agent's shoulder would see: text and its colours.

What could move the cursor, or steer a terminal otherwise, is left out: a program in a sandbox is a stranger.
"""

import json
import re
import sys
from collections import deque
from typing import Any

from codecraft_client.actions import Action, ListFiles, ReadFile, RunCommand, Text, WriteFile, as_text
from codecraft_client.colours import wanted
from codecraft_client.events import StepResult
from codecraft_client.printable import COLOUR, Printable, printable

LINES = 1000  # of the screen and what has scrolled off it
PLAIN = "\x1b[0m"
PLAIN_AGAIN = re.compile(r"\x1b\[[0;]*m")


class Terminal:
    """A screen that is written to; `live`: on standard output as well, at once, in colours where those are wanted."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._colour = wanted(sys.stdout) if live else True
        self._printed = Printable(colour=self._colour)
        self._returned = ""  # a carriage return, of which is not known yet what follows
        self._coloured = False
        self._lines: deque[str] = deque([""], maxlen=LINES)

    @property
    def screen(self) -> str:
        """Everything shown, but no more than the last LINES lines."""
        return "\n".join(self._lines)

    def clear(self) -> None:
        """Begin anew."""
        self._lines = deque([""], maxlen=LINES)

    def write_bytes(self, data: bytes, *, last: bool = False) -> None:
        """Show a piece of what a program printed; characters, sequences and ends of lines may be split between pieces."""
        text = self._returned + self._printed.feed(data, final=last)
        self._returned = "\r" if text.endswith("\r") and not last else ""
        self._show(text.removesuffix(self._returned))
        if last:
            self._printed = Printable(colour=self._colour)
            self._plain()

    def write(self, text: str) -> None:
        """Show all that a program printed."""
        self.write_bytes(text.encode(errors="replace"), last=True)

    def line(self, text: str) -> None:
        """Show a line, on a line of its own; nothing of it steers the terminal, whoever wrote it."""
        self._show(("\n" if COLOUR.sub("", self._lines[-1]) else "") + printable(text) + "\n")

    def _plain(self) -> None:
        """Take back a colour that a program left on."""
        if self._coloured:
            self._lines[-1] += PLAIN
            self._put(PLAIN)
            self._coloured = False

    def _show(self, text: str) -> None:
        clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\b", "")
        for colour in COLOUR.findall(clean):
            self._coloured = not PLAIN_AGAIN.fullmatch(colour)
        first, *rest = clean.split("\n")
        self._lines[-1] += first
        self._lines.extend(rest)
        self._put(clean)

    def _put(self, text: str) -> None:
        if self._live and text:
            sys.stdout.write(text)
            sys.stdout.flush()

    def typed(self, action: Action) -> None:
        """Show what the agent does."""
        self.line(_prompted(action))

    def ended(self, result: StepResult) -> None:
        """Show what came of it, but for the output."""
        if message := result.observation.message.strip():
            self.line(message)
        end = result.observation.command_end
        if end is not None and not end.succeeded:
            self.line(f"[{end.reason.value}]" if end.exit_code is None else f"[{end.reason.value} {end.exit_code}]")
        value = result.reward.value
        if value is None or value or result.done:
            outcome = f"{result.outcome.value}, " if result.outcome else ""
            self.line(f"[{outcome}{'no reward' if value is None else f'reward {value:g}'}]")


def _prompted(action: Action) -> str:
    match action:
        case RunCommand():
            return f"$ {as_text(action.command)}"
        case WriteFile():
            return f"> write {as_text(action.path)} ({len(action.content)})"
        case ReadFile():
            return f"> read {as_text(action.path)}"
        case ListFiles():
            return f"> list {as_text(action.path)}"
        case Text():
            command = _command(action.text)
            return f"> {action.text.strip()}" if command is None else f"$ {command}"


def _command(text: str) -> str | None:
    """The command of an action in the text dialect that is nothing but a command."""
    try:
        said: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(said, dict) and said.keys() == {"action", "command"} and said["action"] == "command":
        return str(said["command"])
    return None
