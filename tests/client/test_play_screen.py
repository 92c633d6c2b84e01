"""What a person sees, on a terminal and elsewhere."""

import io

import pytest

from codecraft_client.play.player import HELP
from codecraft_client.play.screen import Screen


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 40 columns, without colours."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")


def test_a_terminal_has_lines_broken_between_words() -> None:
    """Text to be read is no wider than the terminal, and every word of it is whole."""
    terminal = Terminal()
    Screen(terminal).prose(HELP)
    assert max(map(len, terminal.getvalue().splitlines())) <= 40
    assert terminal.getvalue().split() == " ".join(HELP).split()


def test_elsewhere_lines_are_as_they_were_written() -> None:
    """A file has no width; what a program printed is never broken by us."""
    file, terminal = io.StringIO(), Terminal()
    Screen(file).prose(HELP)
    assert file.getvalue().splitlines() == list(HELP)
    Screen(terminal).lines(["word " * 20])
    assert len(terminal.getvalue().splitlines()) == 1
