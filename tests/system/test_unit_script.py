"""tests/unit.sh, with a pytest that only says what it was called with and how it ended."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "unit.sh"
FAKE = """#!/bin/sh
echo "$*" >>calls
case "$*" in
*--ignore*) echo here; exit {here} ;;
*) echo beside; {beside} ;;
esac
"""


def script(root: Path, here: int, beside: str) -> Path:
    """The script beside a Python whose two runs end like that."""
    (root / "tests" / "unit").mkdir(parents=True)
    for name in ("test_grading.py", "test_images.py"):
        (root / "tests" / "unit" / name).touch()
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(FAKE.format(here=here, beside=beside))
    python.chmod(0o755)
    return Path(shutil.copy(SCRIPT, root / "tests"))


@pytest.mark.parametrize(
    ("here", "beside", "status"),
    [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1), (0, 5, 0), (5, 0, 0), (1, 5, 1), (5, 1, 1), (5, 5, 5), (4, 4, 4)],
)
def test_it_fails_if_either_part_does(tmp_path: Path, here: int, beside: int, status: int) -> None:
    """A part for which no test fits is no failure, unless none fits at all; what both have to say is told, one after the other."""
    done = subprocess.run([script(tmp_path, here, f"exit {beside}")], stdout=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stdout) == (status, "here\nbeside\n")


def test_no_test_is_left_out_or_run_twice(tmp_path: Path) -> None:
    """What one part is given, the other leaves out, and the other has all the rest. Both get the arguments, last, as they are."""
    subprocess.run([script(tmp_path, 0, "exit 0"), "-k", "one or two"], check=True, stdout=subprocess.DEVNULL)
    calls = sorted((tmp_path / "calls").read_text().splitlines(), key=len)
    start, end = "-m pytest -p no:xdist -p no:xdist.looponfail", " -k one or two"
    assert calls == [
        f"{start} --hypothesis-profile quick tests/unit/episodes tests/unit/test_grading.py{end}",
        f"{start} -p no:hypothesispytest tests/unit --ignore tests/unit/episodes --ignore-glob */test_grading*.py{end}",
    ]


def test_tests_of_properties_are_where_hypothesis_is() -> None:
    """The part that goes without Hypothesis has no test that would need its profile."""
    rules = {"episodes"}
    with_properties = [path for path in SCRIPT.with_name("unit").rglob("*.py") if "hypothesis" in path.read_text()]
    assert with_properties
    assert {path.parent.name for path in with_properties} == rules


def test_who_ends_it_ends_both(tmp_path: Path) -> None:
    """Nothing goes on in the background."""
    with subprocess.Popen([script(tmp_path, 0, "echo $$ >pid; exec sleep 60")], stdout=subprocess.PIPE) as running:
        pid = tmp_path / "pid"
        while not pid.exists() or not pid.read_text():
            time.sleep(0.01)
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) != 0
        assert not Path(f"/proc/{pid.read_text().strip()}").exists()
