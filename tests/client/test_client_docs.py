"""The programs of docs/clients.md and docs/operators.md, run as they stand against a whole server."""

import re
import subprocess
import sys

import pytest
from snippets import snippet

PROGRAMS = [
    (snippet("docs/clients.md", "aio"), r"\[1\.0, 1\.0, 1\.0, 1\.0\]"),
    (snippet("docs/clients.md", "rollout"), r"(\d b'hi\\n'\n){8}"),
    (snippet("docs/operators.md", "look"), r"serving True\nCapacity\(episodes=\d+, (.*\n)+faults \d+\n"),
]


@pytest.mark.parametrize(("program", "said"), PROGRAMS, ids=["aio", "rollout", "look"])
def test_the_programs_of_the_page_run(fake_address: str, program: str, said: str) -> None:
    """Each does what the page says, without a warning."""
    assert "127.0.0.1:50051" in program
    program = program.replace("127.0.0.1:50051", fake_address)
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(said, done.stdout), done.stdout
