"""What a person watching over the agent's shoulder would see. Text only: what could move the cursor or colour the screen is left out."""

import codecs
import json
import re
import sys
from collections import deque
from typing import Any

from codecraft_client.actions import Action, ListFiles, ReadFile, RunCommand, Text, WriteFile, as_text
from codecraft_client.events import StepResult

LINES = 1000  # of the screen and what has scrolled off it
SEQUENCES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])"  # ECMA-48: control sequences, strings, escapes
    r"|\r(?=\n)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]"
)


class Terminal:
    """A screen that is written to; `live`: on standard output as well, at once."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._lines: deque[str] = deque([""], maxlen=LINES)

    @property
    def screen(self) -> str:
        """Everything shown, but no more than the last LINES lines."""
        return "\n".join(self._lines)

    def clear(self) -> None:
        """Begin anew."""
        self._lines = deque([""], maxlen=LINES)

    def write_bytes(self, data: bytes, *, last: bool = False) -> None:
        """Show a piece of what a program printed; characters may be split between pieces."""
        self.write(self._decoder.decode(data, final=last))

    def write(self, text: str) -> None:
        """Show what a program printed."""
        clean = SEQUENCES.sub("", text).replace("\r", "\n").replace("\x1b", "")
        first, *rest = clean.split("\n")
        self._lines[-1] += first
        self._lines.extend(rest)
        if self._live and clean:
            sys.stdout.write(clean)
            sys.stdout.flush()

    def line(self, text: str) -> None:
        """Show a line, on a line of its own."""
        self.write(("\n" if self._lines[-1] else "") + text + "\n")

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
