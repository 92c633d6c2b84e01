"""How `codecraft-server` ends when what it prints can't be written, whichever command it is."""

import errno
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codecraft_server.checking import Summary
from codecraft_server.cli.check_display import Display
from codecraft_server.cli.ending import ended

FULL = Path("/dev/full")
NO_ROOM = "codecraft-server: the output can't be written: No space left on device\n"
RECORD = {
    "task_id": "Made/0",
    "prompt": 'def triple(n):\n    """Return three times n."""\n',
    "entry_point": "triple",
    "canonical_solution": "    return 3 * n\n",
    "test": "def check(candidate):\n    assert candidate(2) == 6\n",
}
COMMANDS = {
    "help": ["--help"],
    "version": ["--version"],
    "list": ["tasks", "list"],
    "show": ["tasks", "show", "1"],
    "import": ["tasks", "import", "humaneval", "FILE", "-o", "-"],
    "doctor": ["doctor"],
}

commands = pytest.mark.parametrize("name", COMMANDS)


def run(name: str, directory: Path, output: int | None, *, closed: bool = False) -> tuple[int, str]:
    """Status and standard error of a command whose standard output is `output`; buffered, as it is for users."""
    records = directory / "made.jsonl.gz"
    records.write_bytes(gzip.compress(json.dumps(RECORD).encode() + b"\n"))
    words = [str(records) if word == "FILE" else word for word in COMMANDS[name]]
    command = [sys.executable, "-m", "codecraft_server", *words]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CODECRAFT_", "PYTHONUNBUFFERED"))}
    shut = ["sh", "-c", 'exec "$@" >&-', "sh"] if closed else []
    done = subprocess.run([*shut, *command], stdout=output, stderr=subprocess.PIPE, env=environment, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


@commands
def test_output_that_nobody_reads_on(name: str, tmp_path: Path) -> None:
    """`codecraft-server ... | true`: silence, and the status of whoever gets a SIGPIPE."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert run(name, tmp_path, writing) == (141, "")
    finally:
        os.close(writing)


@commands
@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_output_that_there_is_no_room_for(name: str, tmp_path: Path) -> None:
    """A full disk is status 1 and one line."""
    with FULL.open("w") as full:
        told = run(name, tmp_path, full.fileno())
    assert told == (1, NO_ROOM)


def test_without_a_standard_output(tmp_path: Path) -> None:
    """Started by something that closed it, a command does its work."""
    assert run("list", tmp_path, None, closed=True) == (0, "")


def test_a_defect_is_not_taken_for_a_full_disk() -> None:
    """Any other error of the system's is none of the output's, and is not hidden."""

    def broken() -> int:
        raise OSError(errno.EPERM, "not permitted")

    with pytest.raises(PermissionError):
        ended("codecraft-server", broken)


GROUP = """
import asyncio, sys
from codecraft_server.cli.ending import ended

async def work():
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(asyncio.to_thread(lambda: [sys.stdout.write("x" * 100_000), sys.stdout.flush()]))

sys.exit(ended("codecraft-server", lambda: asyncio.run(work())))
"""


def test_tasks_that_work_together_end_likewise() -> None:
    """`tasks check | head`: what several of a group came to is one line or silence, too."""
    reading, writing = os.pipe()
    os.close(reading)
    with FULL.open("w") as full, os.fdopen(writing) as unread:
        for output, expected in (
            (unread, (141, "")),
            (full, (1, NO_ROOM)),
        ):
            done = subprocess.run([sys.executable, "-c", GROUP], stdout=output, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
            assert (done.returncode, done.stderr) == expected


class Unread(io.StringIO):
    """What nobody reads."""

    def write(self, _text: str) -> int:
        """Fail as a pipe does."""
        raise BrokenPipeError


def test_a_report_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tasks check | head`: the library that draws the report leaves it to us how the program ends."""
    monkeypatch.setattr(sys, "stdout", Unread())
    with pytest.raises(BrokenPipeError):
        Display(color=False).summary(Summary())
