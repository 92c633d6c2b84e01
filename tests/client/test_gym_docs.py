"""What docs/gymnasium.md and the README show of Gymnasium works: each program is run as it stands there."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from snippets import every, snippet, table

from codecraft_client.gym import CodeCraftEnv
from codecraft_client.gym.observations import observation_space

PROGRAMS = [*every("docs/gymnasium.md", "python"), snippet("README.md", "gym")]


@pytest.mark.docker
@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_the_programs_of_the_pages(docker_address: str, tmp_path: Path, number: int) -> None:
    """Each runs by itself, against real containers, and does what its text and its asserts say."""
    (tmp_path / "program.py").write_text(PROGRAMS[number])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "CODECRAFT_TARGET": docker_address}
    command = [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", "program.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    if number == 0:
        assert [line.split()[0] for line in done.stdout.splitlines() if re.match(r"-?\d\.\d ", line)] == ["-1.0", "0.0", "1.0"]


def test_the_tables_of_the_page_are_those_of_the_environment() -> None:
    """Every argument and every part of an observation."""
    arguments = {row[0].strip("`") for row in table("docs/gymnasium.md", "arguments")}
    assert arguments == set(inspect.signature(CodeCraftEnv).parameters)
    assert {row[0].strip("`") for row in table("docs/gymnasium.md", "observations")} == set(observation_space().keys())


def test_the_pages_have_programs() -> None:
    """The pattern above finds them."""
    assert len(PROGRAMS) >= 6
