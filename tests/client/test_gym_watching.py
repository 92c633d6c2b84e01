"""Watching an agent: the screen as text, and live on standard output, where watching changes nothing of what the agent sees."""

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import gymnasium
import pytest

from codecraft_client import RunCommand
from codecraft_client.gym import ENV_ID
from codecraft_client.gym.streamed import Kept
from codecraft_client.gym.terminal import LINES, Terminal

Env = gymnasium.Env[dict[str, Any], str]


def command(line: str, **fields: object) -> str:
    return json.dumps({"action": "command", "command": line, **fields}, ensure_ascii=False)


ACTIONS = (
    command("echo 你好; echo नमस्ते; false"),
    command("seq 1 100000"),
    command("true"),
    command("echo kept; sleep 5", timeout=0.2),
    '{"action": "write_file", "path": "a.txt", "content": "text"}',
    '{"action": "read_file", "path": "a.txt"}',
    '{"action": "list_files", "path": "."}',
    "nonsense",
    '{"action": "submit"}',
)


@pytest.fixture(params=[None, "human", "ansi"])
def env(request: pytest.FixtureRequest, process_address: str) -> Iterator[Env]:
    """An environment of each render mode."""
    env: Env = gymnasium.make(ENV_ID, target=process_address, task="1", render_mode=request.param)
    yield env
    env.close()


@pytest.fixture(scope="module")
def unwatched(process_address: str) -> list[Any]:
    """What an agent sees that nobody watches."""
    env: Env = gymnasium.make(ENV_ID, target=process_address, task="1")
    seen = [env.reset(seed=1), *map(env.step, ACTIONS)]
    env.close()
    return seen


def test_watching_changes_nothing(env: Env, unwatched: list[Any]) -> None:
    """Observations, rewards and infos are the same to the byte, cut output and time-outs included."""
    for action, expected, came in zip(("", *ACTIONS), unwatched, [env.reset(seed=1), *map(env.step, ACTIONS)], strict=True):
        assert came == expected, action


def test_the_screen(process_address: str) -> None:
    """The task, a prompt with each command, what it printed, how it failed, and what was paid."""
    env: Env = gymnasium.make(ENV_ID, target=process_address, task="1", render_mode="ansi")
    env.reset(seed=1)
    for action in (command("echo नमस्ते; false"), "nonsense", '{"action": "list_files", "path": "/"}', '{"action": "submit"}'):
        env.step(action)
    lines = str(env.render()).splitlines()
    assert lines[0] == "Task 1: Task 1"
    assert lines[lines.index("$ echo नमस्ते; false") :][:4] == ["$ echo नमस्ते; false", "नमस्ते", "[exited 1]", "> nonsense"]
    assert "[reward -1]" in lines
    assert "workspace/" in lines
    assert lines[-1] == "[passed, reward 1]"
    env.reset()
    assert "नमस्ते" not in str(env.render())
    env.close()


def test_human_mode_shows_the_same_and_returns_nothing(process_address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What "ansi" returns, "human" prints."""
    screens = []
    for mode in ("ansi", "human"):
        env: Env = gymnasium.make(ENV_ID, target=process_address, task="1", render_mode=mode)
        env.reset(seed=1)
        for action in (command("echo a; false"), "nonsense", ACTIONS[-2], ACTIONS[4], ACTIONS[5], '{"action": "submit"}'):
            env.step(action)
        screens.append(env.render() or capsys.readouterr().out)
        env.close()
    assert env.render_mode == "human"
    assert screens[0] == screens[1]


class Timed(io.StringIO):
    """Knows when each thing was written."""

    def __init__(self) -> None:
        super().__init__()
        self.times: dict[str, float] = {}

    def write(self, text: str) -> int:
        """Note when it came."""
        self.times[text] = time.monotonic()
        return super().write(text)


def test_human_mode_prints_while_the_command_runs(process_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first line is seen before the second one is printed."""
    env: Env = gymnasium.make(ENV_ID, target=process_address, task="1", render_mode="human")
    env.reset(seed=1)
    out = Timed()
    monkeypatch.setattr("sys.stdout", out)
    env.step(command("echo first; sleep 0.6; echo second"))
    monkeypatch.undo()
    env.close()
    assert out.times["second\n"] - out.times["first\n"] > 0.3


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[1;31mred", "\x1b[1;31mred\x1b[0m"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b(Bplain\x1b=", "plain"),
        ("10%\r20%\r\n", "10%\n20%\n"),
        ("a\tb\x00\x07\x9b", "a\tb␀␇\\x9b"),
        ("hidden\b\b\b\b\b\bshown", "hiddenshown"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]52;c;cm0gLXJmIH4=\x1b\\text\x1b[6n", "text"),
        ("\x1b", "␛"),
        ("नमस्ते 👩🏽\u200d💻\n", "नमस्ते 👩🏽\u200d💻\n"),
    ],
    ids=repr,
)
def test_nothing_moves_the_cursor(written: str, shown: str) -> None:
    """What a program prints can't paint over what stands there, or steer the terminal: text and colours are shown, all else is not."""
    terminal = Terminal(live=False)
    terminal.write(written)
    assert terminal.screen == shown
    in_pieces = Terminal(live=False)
    for byte in written.encode():
        in_pieces.write_bytes(bytes([byte]))
    in_pieces.write_bytes(b"", last=True)
    assert in_pieces.screen == shown


def test_what_others_say_steers_no_terminal_either(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither an agent's command nor a message has colours or sequences; a colour that a program left on ends with its output."""
    terminal = Terminal(live=True)
    terminal.typed(RunCommand("echo \x1b[31m\x1b]0;title\x07"))
    terminal.write_bytes(b"\x1b[31mred", last=True)
    terminal.line("of a server \x1b[2J")
    assert capsys.readouterr().out == "$ echo \nred\nof a server \n"
    shown = Terminal(live=False)
    shown.write_bytes(b"\x1b[31mred", last=True)
    shown.line("plain")
    shown.write_bytes(b"\x1b[32mgreen\n", last=True)  # it is on a new line already
    shown.line("plain")
    assert shown.screen == "\x1b[31mred\x1b[0m\nplain\n\x1b[32mgreen\n\x1b[0mplain\n"


@pytest.mark.parametrize(("terminal", "shown"), [(True, "\x1b[31mred\x1b[0m\n"), (False, "red\n")])
def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch, terminal: bool, shown: str) -> None:
    """Live output has a program's colours where standard output is a terminal, and in no file."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: terminal)
    monkeypatch.setattr("sys.stdout", out)
    Terminal(live=True).write("\x1b[31mred\x1b[0m\n")
    assert out.getvalue() == shown


def test_characters_may_come_in_pieces() -> None:
    """A character that is split between two pieces is whole on the screen; what is no UTF-8 shows as U+FFFD."""
    terminal = Terminal(live=False)
    for byte in "你好".encode() + b"\xff":
        terminal.write_bytes(bytes([byte]))
    terminal.write_bytes(b"\xe4", last=True)
    assert terminal.screen == "你好\ufffd\ufffd"


def test_the_screen_is_bounded() -> None:
    """Old lines are forgotten."""
    terminal = Terminal(live=False)
    terminal.write("".join(f"{number}\n" for number in range(5 * LINES)))
    assert len(terminal.screen.splitlines()) < LINES + 1
    assert terminal.screen.endswith(f"{5 * LINES - 1}\n")


@pytest.mark.parametrize("piece", [1, 3, 7, 100])
def test_kept(piece: int) -> None:
    """A fifth of what is kept is the head, the rest the tail, in whatever pieces it comes; all of it where it fits."""
    data = bytes(range(100))
    for limit, expected in ((20, data[:4] + data[-16:]), (100, data), (1000, data)):
        kept = Kept(limit)
        for start in range(0, len(data), piece):
            kept.add(data[start : start + piece])
        assert kept.data == expected
        assert kept.dropped_bytes == len(data) - len(expected)
