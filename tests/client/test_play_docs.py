"""What docs/playing.md and docs/trajectories.md show works as it stands, in real containers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from snippets import snippet

from codecraft_client.play.player import WORDS
from codecraft_client.trajectory.format import KINDS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.docker
def test_the_program(docker_address: str, tmp_path: Path) -> None:
    """It records, reads and verifies an episode."""
    text = snippet("docs/trajectories.md", "record")
    assert text.count("127.0.0.1:50051") == 1
    (tmp_path / "program.py").write_text(text.replace("127.0.0.1:50051", docker_address))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-3:] == ["", "submission ", "return 1.0"]


@pytest.mark.docker
def test_the_script(docker_address: str, tmp_path: Path) -> None:
    """It plays, replays, exports and verifies."""
    (tmp_path / "codecraft").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m codecraft_client.cli "$@"\n')
    (tmp_path / "codecraft").chmod(0o755)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "CODECRAFT_TARGET": docker_address,
    }
    command = ["sh", "-e", "-c", snippet("docs/playing.md", "script")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("3 done again, no difference\n")
    assert done.stdout.count("reward 1 ") == 2
    assert (tmp_path / "hello.cast").read_text().startswith('{"version": 2')


def test_the_tables_are_whole() -> None:
    """Every word of the game and every type of line is on its page."""
    playing, trajectories = (DOCS / "playing.md").read_text(), (DOCS / "trajectories.md").read_text()
    assert [word for word in WORDS if f"`{word}" not in playing] == []
    assert [kind for kind in KINDS if f"`{kind}`" not in trajectories] == []
