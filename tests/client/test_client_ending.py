"""How `codecraft` ends when what it prints can't be written, whichever command it is."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from codecraft_client import Client
from codecraft_client.trajectory import record

FULL = Path("/dev/full")
COMMANDS = {
    "help": ["--help"],
    "info": ["info"],
    "tasks": ["tasks"],
    "stats": ["stats"],
    "stats as JSON": ["stats", "--json"],
    "replay": ["replay", "FILE", "--speed", "inf"],
    "verify": ["replay", "FILE", "--verify"],
    "a chat": ["export", "FILE", "--format", "chat"],
    "an asciicast": ["export", "FILE", "--format", "asciicast"],
    "play": ["play", "1"],
    "demo": ["demo"],
    "an agent": ["play", "1", "--agent", "idle:make", "--out", "OUT"],
    "an agent in JSON": ["play", "1", "--agent", "idle:make", "--out", "OUT", "--json"],
}
IDLE = "class Idle:\n    def play(self, task, episode):\n        return iter(())\n\n\ndef make(options):\n    return Idle()\n"

commands = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture(scope="module")
def trajectory(fake_address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded episode."""
    path = tmp_path_factory.mktemp("run") / "run.jsonl"
    with Client(fake_address) as client, client.reset("1") as episode:
        record(episode, path, client.server_info())
        episode.run("echo 1").result()
        episode.submit()
    return path


def ended(name: str, address: str, trajectory: Path, directory: Path, output: int) -> tuple[int, list[str]]:
    """Status and standard error of a command whose standard output is `output`; buffered, as it is for users."""
    (directory / "idle.py").write_text(IDLE)
    files = {"FILE": str(trajectory), "OUT": str(directory / "out")}
    command = [sys.executable, "-m", "codecraft_client.cli", *(files.get(word, word) for word in COMMANDS[name])]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CODECRAFT_", "PYTHONUNBUFFERED"))}
    environment |= {"CODECRAFT_TARGET": address, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    how: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.PIPE, "cwd": directory, "env": environment}
    done = subprocess.run(command, **how, text=True, timeout=60, check=False)
    return done.returncode, [line for line in done.stderr.splitlines() if not line.startswith("1  passed")]  # an agent's progress


@commands
def test_output_that_nobody_reads_on(name: str, fake_address: str, trajectory: Path, tmp_path: Path) -> None:
    """`codecraft ... | true`: silence, and the status of whoever gets a SIGPIPE."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert ended(name, fake_address, trajectory, tmp_path, writing) == (141, [])
    finally:
        os.close(writing)


@commands
@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_output_that_there_is_no_room_for(name: str, fake_address: str, trajectory: Path, tmp_path: Path) -> None:
    """A full disk is status 1 and one line."""
    with FULL.open("w") as full:
        told = ended(name, fake_address, trajectory, tmp_path, full.fileno())
    assert told == (1, ["codecraft: the output can't be written: No space left on device"])
