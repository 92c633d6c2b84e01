"""The programs of docs/clients.md, run as they stand against a whole server."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text()
PROGRAMS = dict(re.findall(r"<!-- test: (\w+) -->\n```python\n(.*?)```", PAGE, re.DOTALL))


@pytest.mark.parametrize(("name", "said"), [("aio", r"\[1\.0, 1\.0, 1\.0, 1\.0\]"), ("rollout", r"(\d b'hi\\n'\n){8}")])
def test_the_programs_of_the_page_run(fake_address: str, name: str, said: str) -> None:
    """Each does what the page says, without a warning."""
    assert PROGRAMS[name].count("127.0.0.1:50051") == 1
    program = PROGRAMS[name].replace("127.0.0.1:50051", fake_address)
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(said, done.stdout), done.stdout
