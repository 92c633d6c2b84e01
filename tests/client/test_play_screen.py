"""What a person sees, on a terminal and elsewhere."""

import io
from dataclasses import replace

import pytest

from codecraft_client import Client
from codecraft_client.play.player import HELP
from codecraft_client.play.screen import Screen
from codecraft_client.telling import result_lines
from codecraft_client.types import EndReason, Fault, FaultReason


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


def test_a_server_that_shuts_down_is_no_interruption(fake_address: str) -> None:
    """A command that ended because the server did is told of as that; its end and its shell say nothing more."""
    with Client(fake_address) as client, client.reset("1") as episode:
        result = episode.run("true", stream=False).result()
    assert result.observation.command_end is not None
    end = replace(result.observation.command_end, reason=EndReason.INTERRUPTED, exit_code=None, session_restarted=True)
    stopped = replace(result, observation=replace(result.observation, command_end=end))
    assert result_lines(stopped)[0] == "(interrupted)"
    fault = Fault(FaultReason.SHUTDOWN, "The server shut down.", can_submit_again=False)
    assert result_lines(replace(stopped, fault=fault))[0] == "The service failed: The server shut down. Nothing is paid for this."
