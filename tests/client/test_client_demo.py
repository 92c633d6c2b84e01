"""`codecraft demo`, as a user runs it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fake_server import a_task
from worlds import fake_world

from codecraft_client import demo_script
from codecraft_client.demo import Verdict
from codecraft_client.types import Task

DEMO = [sys.executable, "-m", "codecraft_client.cli", "demo", "--target"]
NOWHERE = "127.0.0.1:1"
TITLES = (
    "a command before any task was started",
    "an unknown action",
    "task 1, wrong: Hello, world!",
    "task 1, right: Hello, World!",
    "task 2: git clone",
    "task 3: sort the numbers",
    "output while the command runs",
    "a time-out keeps what was printed",
)


def demo(target: str) -> subprocess.CompletedProcess[str]:
    plain = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    return subprocess.run([*DEMO, target], env=plain, capture_output=True, text=True, timeout=110, check=False)


def rows(output: str) -> dict[str, str]:
    """The rows of the table: title to the rest."""
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if line.startswith("│")]
    return {title: " ".join(rest) for title, *rest in cells}


@pytest.mark.docker
def test_the_demo_passes_with_a_server_of_its_own() -> None:
    """Where nobody answers the demo starts a server, says so, plays everything as expected, and ends the server."""
    done = demo(NOWHERE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"no server at {NOWHERE}; starting one" in done.stdout
    assert done.stdout.rstrip().endswith("the server has ended")
    table = rows(done.stdout)
    assert tuple(table) == TITLES
    assert all(row.endswith(" ok") for row in table.values())


@pytest.mark.docker
def test_the_demo_passes_against_a_running_server(docker_address: str) -> None:
    """Against a server that is there no other is started."""
    done = demo(docker_address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "starting one" not in done.stdout
    assert tuple(rows(done.stdout)) == TITLES


@pytest.mark.docker
def test_the_demo_that_is_terminated_ends_its_server() -> None:
    """SIGTERM in mid-play leaves no server behind."""
    with subprocess.Popen([*DEMO, NOWHERE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        while "no such file" not in process.stdout.readline().lower():  # well inside its first episode
            assert process.poll() is None
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(60) == 128 + signal.SIGTERM
    assert not Path(f"/proc/{children[0]}").exists()


def test_the_demo_fails_when_a_reward_is_wrong() -> None:
    """Against a server that pays 1 for the wrong answer the demo says where, and exits 1."""
    hostile = a_task("1", description="Say \x1b]0;title\x07hello.")
    with fake_world(tasks=[hostile, a_task("2"), a_task("3")]) as address:
        done = demo(address)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Say hello." in done.stdout  # nor does anything that comes from a server or a sandbox steer the terminal
    assert "\x1b" not in done.stdout
    table = rows(done.stdout)
    assert table["task 1, wrong: Hello, world!"] == "0 1 WRONG"
    assert table["task 1, right: Hello, World!"] == "1 1 ok"
    assert table["an unknown action"] == "-1 -1 ok"


def test_the_demo_needs_its_tasks() -> None:
    """A server with another curriculum is no defect of anybody's: one line says what is missing."""
    with fake_world() as address:
        done = demo(address)
    assert done.returncode == 1
    assert done.stderr.startswith("codecraft: no task '2'")


def test_a_fault_is_not_mistaken_for_a_reward() -> None:
    """What is not exactly as expected is not as expected."""
    assert Verdict("t", "0", "0").as_expected
    assert not Verdict("t", "0", "none").as_expected


def test_the_repository_is_the_one_that_the_task_names() -> None:
    """Task 2 is played with the path that its description gives."""
    task = object.__new__(Task)
    object.__setattr__(task, "description", "Clone `/srv/git/some-repo.git` into a directory.")
    scene = demo_script.clone(task)
    assert scene.lines[1].action["command"] == "git clone /srv/git/some-repo.git"
