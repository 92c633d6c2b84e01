"""The cheat battery in real sandboxes: every cheat has a control that pays for it, and the real grader pays for none."""

import json
from pathlib import Path

import pytest
from docker_helpers import WORKER

from codecraft_server.checking.cheats import CHEATS
from codecraft_server.cli import main

pytestmark = pytest.mark.docker

# Every kind of check is among theirs, and none of them takes long to grade.
TASKS = ("py-change", "dbg-shared-state", "sh-archive", "ref-shipping")


@pytest.mark.timeout(900)
def test_every_cheat_earns_its_control_and_nothing_from_the_real_grader(tmp_path: Path) -> None:
    """All controls work; each cheat fails on its probe and on one of a few shipped tasks, whose solutions and wrong answers hold."""
    report = tmp_path / "report.json"
    options = (*TASKS, "--spread", "--json", str(report), "--no-images", "--worker", WORKER)
    status = main(["tasks", "check", *options])
    said = json.loads(report.read_text())
    assert (status, said["problems"]) == (0, [])
    assert said["controls"] == f"{len(CHEATS)}/{len(CHEATS)}"
    tried = [row["columns"]["cheats"]["shown"] for row in said["tasks"].values()]
    assert sum(int(shown.partition("/")[2]) for shown in tried) == len(CHEATS)
