"""tests/run.sh, with a pytest that only says how it ended."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "run.sh"
FAKE = """#!/bin/sh
echo "$*" >>calls
case "$*" in
*"--part together"*) exit {together} ;;
*) exit {alone} ;;
esac
"""


def run(root: Path, together: int, alone: int, *arguments: str) -> tuple[int, list[str]]:
    """Run the script beside a Python whose two runs end like that: its status, and what pytest was called with."""
    (root / "tests").mkdir()
    shutil.copy(SCRIPT, root / "tests")
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(FAKE.format(together=together, alone=alone))
    python.chmod(0o755)
    done = subprocess.run([root / "tests" / "run.sh", *arguments], check=False)
    return done.returncode, (root / "calls").read_text().splitlines()


@pytest.mark.parametrize(
    ("together", "alone", "status"),
    [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1), (0, 5, 0), (5, 0, 0), (1, 5, 1), (5, 1, 1), (5, 5, 5), (0, 2, 2)],
)
def test_it_fails_if_either_part_does(tmp_path: Path, together: int, alone: int, status: int) -> None:
    """A part for which no test fits is no failure, unless none fits at all; whatever comes of the first part, the second is run."""
    ended, calls = run(tmp_path, together, alone)
    assert (ended, len(calls)) == (status, 2)


def test_an_interrupt_ends_it(tmp_path: Path) -> None:
    """Who interrupts the first part does not get the second."""
    ended, calls = run(tmp_path, 2, 0)
    assert (ended, len(calls)) == (2, 1)


def test_arguments_are_passed_on(tmp_path: Path) -> None:
    """Both parts get them, last, as they are."""
    _, calls = run(tmp_path, 0, 0, "-k", "one or two")
    assert len(calls) == 2
    assert all(call.endswith(" -k one or two") for call in calls)
