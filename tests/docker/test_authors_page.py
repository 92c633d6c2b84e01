"""docs/authors.md from its first line to its last, done as it says in an empty folder."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from docker_helpers import WORKER
from snippets import files, snippet

from codecraft_server.cli import main

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the files that the page shows."""
    for name, text in files("docs/authors.md", "mine/").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODECRAFT_WORKER", WORKER)
    return tmp_path / "mine"


def mend(mine: Path) -> None:
    """Put the page's other line of cases in the place of the first."""
    task = mine / "tasks" / "total" / "task.json"
    before, case, after = re.split(r'(^ *"cases": .*\n)', task.read_text(), flags=re.MULTILINE)
    assert case != snippet("docs/authors.md", "mended")
    task.write_text(before + snippet("docs/authors.md", "mended") + after)


def say(transcript: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Do what a transcript says: the exit status, what came and what the page shows, times and shares of a budget left out."""
    command, _, shown = transcript.partition("\n")
    prompt, program, *arguments = shlex.split(command)
    assert (prompt, program) == ("$", "codecraft-server")
    status = main(arguments)
    return status, _timeless(capsys.readouterr().out), _timeless(shown)


def _timeless(text: str) -> str:
    lines = (re.sub(r" +$", "", line) for line in text.strip().splitlines())
    return re.sub(r"\d+%  +|\b\d+ s$", "N ", "\n".join(lines), flags=re.MULTILINE)


def test_the_task_is_listed(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the page has written so far is a curriculum."""
    assert mine.is_dir()
    status, came, shown = say(snippet("docs/authors.md", "listed"), capsys)
    assert (status, came) == (0, shown)


def test_first_it_is_red_then_green(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong answer passes, the page's case is put in, and none passes any more."""
    status, came, shown = say(snippet("docs/authors.md", "red"), capsys)
    assert (status, came) == (1, shown)
    mend(mine)
    status, came, shown = say(snippet("docs/authors.md", "green"), capsys)
    assert (status, came) == (0, shown)


def test_it_is_played(mine: Path, tmp_path: Path) -> None:
    """A server with the curriculum pays the page's work in full, and tells the milestone."""
    mend(mine)
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    (tmp_path / "codecraft").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m codecraft_client.cli "$@"\n')
    (tmp_path / "codecraft").chmod(0o755)
    program, *arguments, listen = snippet("docs/authors.md", "served").split()
    assert (program, snippet("docs/authors.md", "target").strip()) == ("codecraft-server", f"export CODECRAFT_TARGET={listen}")
    serve = [sys.executable, "-m", "codecraft_server", *arguments, "127.0.0.1:0"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=os.environ | paths) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().removeprefix("listening on ").strip()
            environment = os.environ | paths | {"CODECRAFT_TARGET": address}
            script = ["sh", "-e", "-c", snippet("docs/authors.md", "played")]
            done = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=100, check=False)
        finally:
            server.terminate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "30.45" in done.stdout
    assert "The sum of today is known" in done.stdout
    assert "reward 1 " in done.stdout
