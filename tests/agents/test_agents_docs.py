"""The pages for agent developers say what is true: their programs run, and they name all there is."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from client.worlds import fake_world
from fake_server import a_task
from players import careful
from scripted_openai import ScriptedOpenAI
from world import a_word_task

from codecraft_client.agents import Stop
from codecraft_client.agents.settings import AgentSettings
from codecraft_client.tools import TOOLS
from codecraft_server.task import Check, Expected, FileCheck, Match, Visibility

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "agents.md").read_text()


def test_the_page_names_all_there_is() -> None:
    """Tools, reasons to stop and bounds are those of the code."""
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) >= {tool.name for tool in TOOLS} | {stop.value for stop in Stop}
    settings = AgentSettings()
    assert (settings.shown_bytes, settings.context_bytes, settings.reminders) == (8 * 1024, 200_000, 2)
    assert (settings.attempts, settings.task_attempts, settings.longest_wait_s) == (6, 3, 60)


def test_the_model_example(serve_model: Callable[..., ScriptedOpenAI], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It prints calls and results, and reward 1.0."""
    model = serve_model(careful)
    monkeypatch.setenv("OPENAI_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
    with fake_world(tasks=[a_word_task("1")]) as address:
        done = example("model_agent.py", address, tmp_path)
    assert done.returncode == 0, done.stderr
    assert '> run_command {"command": "echo word-1"}\nword-1\n[exit code 0]' in done.stdout
    assert done.stdout.splitlines()[-1] == "reward 1.0"


def test_the_text_example(serve_model: Callable[..., ScriptedOpenAI], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It shows the model what came of nonsense, of a command and of a file, and ends with a return of 0: a penalty, then the score."""
    said = iter(["ls", '{"action": "command", "command": "echo word-1"}', action("write_file"), action("read_file"), action("submit")])
    model = serve_model(lambda _: next(said), tools=0)
    monkeypatch.setenv("OPENAI_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
    with fake_world(tasks=[a_word_task("1")]) as address:
        done = example("text_agent.py", address, tmp_path)
    assert done.returncode == 0, done.stderr
    told = [message["content"] for message in model.talks[-1].messages if message["role"] == "user"]
    assert "JSON" in told[1]
    assert told[2] == "word-1\n\n[exited, exit code 0]\n[10 steps left]"
    assert "word-1!" in told[4]
    assert done.stdout.splitlines()[-1] == "Outcome.PASSED return 0.0"


def action(kind: str) -> str:
    """An action on the answer of the word task, in the text dialect."""
    content = {"content": "word-1!"} if kind == "write_file" else {}
    return json.dumps({"action": kind} | ({"path": "answer.txt"} | content if "file" in kind else {}))


def test_the_langchain_example(serve_model: Callable[..., ScriptedOpenAI], tmp_path: Path) -> None:
    """A ChatOpenAI with settings of its own plays a task to its end."""
    pytest.importorskip("langchain_openai")
    model = serve_model(careful)
    with fake_world(tasks=[a_word_task("1")]) as address:
        done = played(address, tmp_path, "1", "--agent", "langchain_agent:make", "--model", "m", "--base-url", model.base_url)
    assert done.returncode == 0, done.stderr
    assert "100%" in done.stdout
    assert model.bodies[0]["temperature"] == 0.2


def test_the_own_agent_example(tmp_path: Path) -> None:
    """It passes the task whose trick it knows, fails the other, and both are judged."""
    said = FileCheck("hello.py", content=Expected(Match.CONTAINS, "Hello, World!"))
    checks = (Check("says", "says hello", 1.0, 10.0, Visibility.RESULT, said),)
    tasks = [a_task("1", description="Print `Hello, World!`.", checks=checks), a_task("2", description="Sort.", checks=checks)]
    with fake_world(tasks=tasks) as address:
        done = played(address, tmp_path, "1", "2", "--agent", "own_agent:make")
    assert done.returncode == 0, done.stderr
    assert "50%" in done.stdout


def played(address: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`codecraft play` in the directory of the examples."""
    command = [sys.executable, "-m", "codecraft_client.cli", "play", *arguments, "--target", address, "--out", str(folder / "run")]
    return subprocess.run(command, cwd=ROOT / "examples", capture_output=True, text=True, timeout=60, check=False)


def example(name: str, address: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run an example against another server than the default one."""
    program = (ROOT / "examples" / name).read_text()
    assert program.count("127.0.0.1:50051") == 1
    (folder / name).write_text(program.replace("127.0.0.1:50051", address))
    return subprocess.run([sys.executable, name], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
