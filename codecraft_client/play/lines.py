"""Where lines come from: a terminal, with editing, history and completion, or whatever else standard input is.

The only room that knows prompt_toolkit.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.shortcuts import CompleteStyle


class Lines(Protocol):
    """Lines that somebody types. Both methods raise EOFError at the end, KeyboardInterrupt when the line is given up."""

    interactive: bool

    def command(self, where: str, left: str) -> str:
        """Ask for a command; `where` and `left` stand before it."""
        ...

    def text(self) -> str:
        """Ask for a line of a text."""
        ...


class TerminalLines:
    """A terminal."""

    interactive = True

    def __init__(self, words: Sequence[str]) -> None:
        """`words`: completed with the Tab key at the beginning of a line."""
        completer = WordCompleter(list(words), sentence=True)
        self._commands: PromptSession[str] = PromptSession(
            history=_history(),
            completer=completer,
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            reserve_space_for_menu=0,
            auto_suggest=AutoSuggestFromHistory(),
            enable_open_in_editor=True,
        )
        self._texts: PromptSession[str] = PromptSession(history=InMemoryHistory())

    def command(self, where: str, left: str) -> str:
        """Ask, with history and completion."""
        return self._commands.prompt(FormattedText([("ansicyan", where), ("", " "), ("ansibrightblack", left), ("bold", "$ ")]))

    def text(self) -> str:
        """Ask, with neither."""
        return self._texts.prompt(FormattedText([("ansibrightblack", "| ")]))


class PipedLines:
    """A pipe or a file: no prompt, no echo."""

    interactive = False

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def command(self, where: str, left: str) -> str:
        """Take the next line."""
        del where, left
        return self.text()

    def text(self) -> str:
        """Take the next line."""
        line = self._source.readline()
        if not line:
            raise EOFError
        return line.decode(errors="replace").rstrip("\n")


def _history() -> History:
    """What was typed in earlier games; only for this one where there is no place to keep it."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "codecraft"
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = state / "history"
        os.close(os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(file))
