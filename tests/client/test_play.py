"""`codecraft play`, by a person at a terminal and by a script."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cutting_proxy import CuttingProxy
from fake_server import a_task
from terminals import PROMPT, terminal
from worlds import fake_world

from codecraft_client.trajectory import read
from codecraft_client.trajectory.format import Interrupt, Stdin
from codecraft_client.types import EndReason, Outcome
from codecraft_server.task import Check, CommandCheck, Visibility


def played(target: str, *lines: str, arguments: tuple[str, ...] = ("1",), **environment: str) -> subprocess.CompletedProcess[str]:
    """What comes of lines on standard input."""
    command = [sys.executable, "-m", "codecraft_client.cli", "play", *arguments, "--target", target]
    typed = "".join(f"{line}\n" for line in lines)
    environment = os.environ | environment
    return subprocess.run(command, input=typed, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_script(fake_address: str) -> None:
    """Lines from a pipe are played without prompts or colours; the exit status says that the work passed."""
    done = played(fake_address, ":task", "echo नमस्ते", "cd /", "pwd", "false", ":submit")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Task 1: Task 1\nSay hello.\nJudged by: It says hello.\n100 steps, 600 s in all, 60 s a command") == 2
    told = done.stdout.split(":help tells what can be done\n")[1].split("\n")
    assert told[4:8] == ["नमस्ते", "/", "(exit code 1)", "asking 2 checks"]
    assert told[8:] == ["passed  says hello", "score 1", "reward 1 (outcome +1)", "return 1", "The episode is over: passed.", ""]
    assert "\x1b" not in done.stdout


def test_files(fake_address: str) -> None:
    """They are written from lines up to a single dot, read and listed; what is missing is said."""
    done = played(fake_address, ":write a b.txt", "one", ":two", "..", ".", ":read a b.txt", ":list", ":read none", ":write", ":read")
    said = done.stdout.split("can be done\n")[1]
    assert said.startswith("File a b.txt written.\nFile a b.txt read.\none\n:two\n..\n.: 1 entry.\na b.txt\n")
    assert "\nno such file or directory\n" in said
    assert "say which file: :write PATH\nsay which file: :read PATH\n" in said


def test_a_file_in_an_editor(fake_address: str, tmp_path: Path) -> None:
    """The editor gets a copy with the name's ending; what it leaves is written, unless nothing changed or it failed."""
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\ncase "$1" in *.py) ;; *) exit 3;; esac\necho new > "$1"\n')
    editor.chmod(0o755)
    done = played(fake_address, ":edit a.py", ":read a.py", ":edit a.py", ":edit a.txt", EDITOR=f"'{editor}'", VISUAL="")
    said = done.stdout.split("can be done\n")[1]
    assert said.startswith("File a.py written.\nFile a.py read.\nnew\nNothing has changed.\n")
    assert "ended with status 3; nothing is written" in said
    assert "set EDITOR to your editor" in played(fake_address, ":edit a.py", EDITOR="", VISUAL="").stdout


def test_input_for_a_command(fake_address: str) -> None:
    """Commands read nothing, but for those that are asked to."""
    done = played(fake_address, "cat", ":stdin cat", "one", "two", ".", ":stdin", "echo on \\", "and on")
    said = done.stdout.split("can be done\n")[1]
    assert said.startswith("one\ntwo\nsay what is to be run: :stdin COMMAND\non \\ and on\n")


def test_what_is_not_understood(fake_address: str) -> None:
    """An unknown word is told and costs nothing; a colon that is the shell's is the shell's."""
    done = played(fake_address, ":dance", ": > file", "", "   ", ":help", ":quit", "echo never")
    said = done.stdout.split("can be done\n")[1]
    assert said.startswith("there is no :dance; :help lists what there is.")
    assert "sh: :: not found" in said
    assert ":write PATH" in said
    assert "never" not in said
    assert done.returncode == 0


def test_a_lost_connection_is_told_at_once(fake_address: str, tmp_path: Path) -> None:
    """While it is tried to win it back, the person knows what is waited for."""
    with CuttingProxy(fake_address, cuts=0, between=(1, 2)) as proxy, terminal(tmp_path, "play", "1", "--target", proxy.address) as person:
        person.wait_for(PROMPT)
        proxy.stop()
        person.type("echo on\r")
        person.wait_for("connection lost; trying for 30 s")
        person.process.kill()


def test_leaving_without_a_submission(fake_address: str) -> None:
    """Where input ends before :submit, that is said; the status is 0 all the same."""
    done = played(fake_address)
    assert done.returncode == 0
    assert done.stdout.endswith("Nothing was submitted (:submit has the work judged).\n")


def test_failing_and_running_out() -> None:
    """Work that does not pass, and an episode that ends by itself, are exit status 1."""
    checks = (Check("no", "never", 1.0, 10.0, Visibility.RESULT, CommandCheck("false")),)
    short = a_task("2", limits=replace(a_task().limits, steps=1))
    with fake_world(tasks=[a_task(checks=checks), short]) as address:
        failed = played(address, ":submit")
        assert (failed.returncode, failed.stdout.splitlines()[-5:-3]) == (1, ["failed  never", "score 0"])
        out = played(address, "echo last", "echo never", arguments=("2",))
        assert out.returncode == 1
        assert out.stdout.endswith("last\nreward 0\nThe episode is over: out of steps.\n")
        assert "never" not in out.stdout
        assert played(address, ":quit", arguments=()).stdout.startswith("Task 1:")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("none",), "none"), (("1", "2"), "a person plays one task at a time"), (("1", "--record", "/dev/null/x"), "can't be written")],
)
def test_wrong_beginnings(fake_address: str, arguments: tuple[str, ...], said: str) -> None:
    """What can't be begun is one line on stderr and status 1."""
    done = played(fake_address, arguments=arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_person(fake_address: str, tmp_path: Path) -> None:
    """Prompt with directory and steps left, colours, history over games, completion, and the end by :submit."""
    with terminal(tmp_path, "play", "1", "--target", fake_address) as person:
        assert "\x1b[1mTask 1: Task 1\x1b[0m" in person.wait_for("[100]")
        person.command("cd /")
        person.wait_for("[99]")
        person.command("echo $((1")
        assert "\x1b[0;36m/\x1b[0m" in person.wait_for("[98]")
        person.wait_for("$")
        person.type("\x04")  # Ctrl-D
        assert person.status() == 0
    with terminal(tmp_path, "play", "1", "--target", fake_address) as person:
        person.command("\x1b[A\x1b[A")  # twice up: the line before the last of the last game
        person.wait_for("[99]")
        assert "cd /" in person.seen
        person.type(":su\t\r")
        person.wait_for("\x1b[32mThe episode is over: passed.\x1b[0m")
        assert person.status() == 0
    assert (tmp_path / "codecraft" / "history").stat().st_mode & 0o077 == 0


def test_no_color(fake_address: str, tmp_path: Path) -> None:
    """With NO_COLOR nothing is coloured."""
    with terminal(tmp_path, "play", "1", "--target", fake_address, NO_COLOR="1") as person:
        person.wait_for("can be done")
        person.type("false\r:submit\r")
        person.wait_for("The episode is over: passed.")
        assert person.status() == 0
    assert "\x1b[32m" not in person.seen
    assert ";36m" not in person.seen


def test_ctrl_c(fake_address: str, tmp_path: Path) -> None:
    """At the prompt it tells how to leave; while a command runs it interrupts it, and the game goes on."""
    record = tmp_path / "run.jsonl"
    with terminal(tmp_path, "play", "1", "--target", fake_address, "--record", str(record)) as person:
        person.wait_for("\x1b[0;1m$")
        person.type("\x03")
        person.wait_for("To leave: Ctrl-D, or :quit")
        person.command("echo begun; sleep 50")
        person.wait_for("begun\r\n")
        person.type("\x03")
        person.wait_for("(interrupted)")
        person.wait_for("variables that are not exported and functions are gone")
        person.command("echo on")
        person.wait_for("[98]")
        person.wait_for("\x1b[0;1m$")
        person.type("\x04")
        assert person.status() == 0
    stopped, after = read(record).deeds
    assert [line.grace_s for line in stopped.meanwhile if isinstance(line, Interrupt)] == [2.0]
    assert stopped.result is not None
    assert stopped.result.observation.command_end is not None
    assert stopped.result.observation.command_end.reason is EndReason.INTERRUPTED
    assert (stopped.output(), after.output()) == (b"begun\n", b"on\n")


def test_typing_into_a_command(fake_address: str, tmp_path: Path) -> None:
    """With :stdin what is typed goes to the command line by line, until Ctrl-D."""
    record = tmp_path / "run.jsonl"
    with terminal(tmp_path, "play", "1", "--target", fake_address, "--record", str(record)) as person:
        person.command(":stdin cat")
        person.wait_for("is its input")
        person.type("नमस्ते\n")
        person.wait_for("नमस्ते\r\nनमस्ते\r\n")
        person.type("\x04")
        person.command(":write f")
        person.wait_for("A line `.` ends it")
        person.wait_for("m|")
        person.type("x\r\x03")
        person.wait_for("Nothing is written.")
        person.command(":quit")
        assert person.status() == 0
    (deed,) = read(record).deeds
    assert [(line.data, line.end_of_file) for line in deed.meanwhile if isinstance(line, Stdin)] == [
        ("नमस्ते\n".encode(), False),
        (b"", True),
    ]


@pytest.mark.parametrize("busy", [False, True], ids=["at the prompt", "in a command"])
def test_being_terminated(fake_address: str, tmp_path: Path, busy: bool) -> None:
    """SIGTERM closes the episode and ends its recording, whatever is going on; status 143."""
    path = tmp_path / "run.jsonl"
    with terminal(tmp_path, "play", "1", "--target", fake_address, "--record", str(path)) as person:
        if busy:
            person.command("echo begun; sleep 50")
            person.wait_for("begun\r\n")
        else:
            person.wait_for(PROMPT)
        person.process.send_signal(signal.SIGTERM)
        assert person.status() == 143
    assert "Traceback" not in person.seen
    told = read(path).end
    assert told is not None
    assert told.outcome is Outcome.CLOSED
