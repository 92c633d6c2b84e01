"""The whole shipped curriculum in real containers, killed half way."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from client.worlds import docker_world
from helpers import wait_for
from players import call, shipped
from scripted_openai import ScriptedOpenAI, Talk, Turn

from codecraft_client import Client

KNOWN = ("# Hello World", "# Git Clone", "# Sort")
FINISHED = 20  # when it is killed


def tourist(talk: Talk) -> Turn:
    """Solves what it knows; elsewhere it looks around and leaves."""
    if talk.task.partition("\n")[0] in KNOWN:
        return shipped(talk)
    return call("submit") if talk.results else call("run_command", command="ls -la")


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_the_whole_curriculum_is_killed_and_resumed(serve_model: Callable[..., ScriptedOpenAI], tmp_path: Path) -> None:
    """After kill -9 `--resume` plays what was not finished; each task has one result, and who only looked around gets nothing."""
    model = serve_model(tourist)
    results = tmp_path / "run" / "results.jsonl"
    with docker_world() as address:
        options = ["--agent", "light", "--model", "m", "--base-url", model.base_url, "--out", str(tmp_path / "run"), "--target", address]
        command = [sys.executable, "-m", "codecraft_client.cli", "play", "--all", *options]
        first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: len(lines(results)) >= FINISHED or first.poll() is not None, within_s=300)
        finally:
            first.kill()
            first.wait()
        before = lines(results)
        done = subprocess.run([*command, "--resume", "--json"], capture_output=True, text=True, timeout=600, check=False)
        with Client(address) as client:
            tasks = [task.task_id for task in client.tasks() if task.gradable]
    assert done.returncode == 0, done.stderr
    scores = {result["task_id"]: result["score"] for result in map(json.loads, lines(results))}
    assert FINISHED <= len(before) < len(tasks)
    assert lines(results)[: len(before)] == before
    assert len(lines(results)) == len(tasks)
    assert scores == {task: 1.0 if task in {"1", "2", "3"} else 0.0 for task in tasks}
    report = json.loads(done.stdout)
    assert report["total"]["judged"] == len(tasks)
    assert {task["task_id"] for task in report["tasks"] if task["passed"]} == {"1", "2", "3"}
