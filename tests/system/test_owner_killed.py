"""An owner's lock as another process sees it."""

import subprocess
import sys
from pathlib import Path

from codecraft_server.docker.owner import Alive, Place


def test_a_killed_owner_is_dead(tmp_path: Path) -> None:
    """A process that ended without a word no longer holds its lock; its file is removed when that is seen."""
    place = Place.open(tmp_path / "run")
    program = (
        "import sys, os, pathlib; from codecraft_server.docker.owner import Place; "
        "print(Place.open(pathlib.Path(sys.argv[1])).claim().owner, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(place.directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        owner = process.stdout.readline().strip()
        assert place.alive(owner, place.identity) is Alive.YES
        process.kill()
        process.wait()
    assert place.alive(owner, place.identity) is Alive.NO
    assert not list(place.directory.glob("*.lock"))
