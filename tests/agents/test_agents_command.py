"""`codecraft play --agent`, as a user runs it: another process, real HTTP, real gRPC."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.milestones import exists
from helpers import wait_for
from players import careful, hasty
from scripted_openai import ScriptedOpenAI, Talk, Turn
from world import word_world

from codecraft_client import Client

ServeModel = Callable[..., ScriptedOpenAI]
COUNT = 12
HALF = 5
SOON_S = 60


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server with a dozen tasks."""
    with word_world(COUNT) as address:
        yield address


def command(address: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "codecraft_client.cli", "play", "--target", address, *arguments]


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("CODECRAFT_", "OPENAI_"))} | more


def play(address: str, *arguments: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(address, *arguments), env=environment(**variables), cwd=cwd, capture_output=True, text=True, timeout=100, check=False
    )


def began(address: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(command(address, *arguments), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kept(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def task_of(talk: Talk) -> str:
    return talk.task.partition("\n")[0].removeprefix("# Word ")


def one_submits_the_rest_wait(gate: threading.Event, reached: threading.Event, submitted: Counter[str]) -> Callable[[Talk], Turn]:
    """A model that plays carefully until `HALF` tasks have been submitted; then its replies wait for the gate."""
    lock = threading.Lock()

    def player(talk: Talk) -> Turn:
        turn = careful(talk)
        with lock:
            if len(submitted) < HALF or gate.is_set():
                if turn[0][0] == "submit":
                    submitted[task_of(talk)] += 1
                return turn
        reached.set()
        gate.wait(SOON_S)
        return turn

    return player


def test_the_whole_curriculum(address: str, serve_model: ServeModel, agent_name: str, tmp_path: Path) -> None:
    """Every task is played, a table and JSON say what came of it, and the status is 0."""
    model = serve_model(careful)
    out = tmp_path / "run"
    done = play(address, "--all", "--agent", agent_name, "--model", "m", "--base-url", model.base_url, "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["total"]["tasks"], report["total"]["passed"], report["total"]["pass_rate"]) == (COUNT, COUNT, 1.0)
    assert set(report["by_category"]) == {"odd", "even"}
    assert set(report["by_difficulty"]) == {"1", "2", "3"}
    assert [task["task_id"] for task in report["tasks"]] == [str(number) for number in range(1, COUNT + 1)]
    assert len(done.stderr.splitlines()) == COUNT
    lines = [json.loads(line) for line in (out / "transcripts" / report["tasks"][0]["transcript"]).read_text().splitlines()]
    kinds = [line["type"] for line in lines]
    assert kinds[:4] == ["task", "episode", "prompted", "prompted"]
    assert kinds[-2:] == ["stopped", "judged"]
    assert [line["name"] for line in lines if line["type"] == "called"][-1] == "submit"


def test_one_task_in_a_table(address: str, serve_model: ServeModel, tmp_path: Path) -> None:
    """A model that fails is a result like any other: status 0, and the table says so; the key comes from the environment."""
    model = serve_model(hasty, key="k")
    done = play(address, "3", "--agent", "light", cwd=tmp_path, OPENAI_MODEL="m", OPENAI_BASE_URL=model.base_url, OPENAI_API_KEY="k")
    assert done.returncode == 0, done.stderr
    assert "failed" in done.stdout
    assert "By category" in done.stdout
    assert "0%" in done.stdout
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.endswith("-light")
    assert str(run.name) in done.stdout
    assert "k" not in json.loads((run / "run.json").read_text()).values()


def test_a_category(address: str, serve_model: ServeModel, tmp_path: Path) -> None:
    """Only its tasks are played."""
    key = tmp_path / "key"
    key.write_text("k\n")
    model = serve_model(hasty, key="k")
    arguments = ["--agent", "light", "--model", "m", "--base-url", model.base_url, "--api-key-file", str(key), "--json"]
    done = play(address, "--category", "even", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [task["task_id"] for task in json.loads(done.stdout)["tasks"]] == ["2", "4", "6", "8", "10", "12"]


def test_a_run_that_is_killed_is_resumed_without_repeating_a_task(
    address: str, serve_model: ServeModel, agent_name: str, tmp_path: Path
) -> None:
    """Kill -9 half way: what was finished stays finished, what was not is played, and each task has one result in the end."""
    gate, reached, submitted = threading.Event(), threading.Event(), Counter[str]()
    model = serve_model(one_submits_the_rest_wait(gate, reached, submitted))
    out = tmp_path / "run"
    arguments = ["--all", "--agent", agent_name, "--model", "m", "--base-url", model.base_url, "--out", str(out), "--parallel", "3"]
    process = began(address, *arguments)
    try:
        assert reached.wait(SOON_S)
        wait_for(lambda: len(kept(out)) >= HALF - 1)
    finally:
        process.kill()
        process.communicate()
    finished = [result["task_id"] for result in kept(out)]
    assert HALF - 1 <= len(finished) < COUNT
    gate.set()
    before = model.calls
    done = play(address, *arguments, "--resume", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["total"]["passed"] == COUNT
    asked_again = {task_of(talk) for talk in model.talks[before + 3 :]}
    assert asked_again.isdisjoint(finished)
    assert Counter(result["task_id"] for result in kept(out)) == Counter(str(number) for number in range(1, COUNT + 1))
    assert all(submitted[task_id] == 1 for task_id in finished)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_stopped_shows_what_there_is_and_closes_all(serve_model: ServeModel, tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM: their status, the table of what was finished, no episode is left, and the run can be resumed."""
    gate, reached = threading.Event(), threading.Event()
    model = serve_model(one_submits_the_rest_wait(gate, reached, Counter()))
    out = tmp_path / "run"
    arguments = ["--all", "--agent", "light", "--model", "m", "--base-url", model.base_url, "--out", str(out), "--parallel", "2", "--json"]
    with word_world(COUNT) as address:
        process = began(address, *arguments)
        try:
            assert reached.wait(SOON_S)
            wait_for(lambda: len(kept(out)) >= HALF - 1)
            process.send_signal(number)
            printed, complained = process.communicate(timeout=SOON_S)
        finally:
            gate.set()
            process.kill()
            process.wait()
        with Client(address) as client:
            assert client.server_info().capacity.episodes == 0
        resumed = play(address, *arguments, "--resume")
    assert process.returncode == 128 + number, complained
    assert "Traceback" not in complained
    assert complained.endswith(f"codecraft: interrupted; go on with --resume --out {out}\n")
    finished = json.loads(printed)["tasks"]
    assert HALF - 1 <= len(finished) < COUNT
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stderr.startswith(f"codecraft: {len(finished)} of {COUNT} judged already, {COUNT - len(finished)} to play\n")
    report = json.loads(resumed.stdout)
    assert report["total"]["passed"] == COUNT
    assert [task for task in report["tasks"] if task in finished] == finished


def test_a_refusing_endpoint_is_one_line_and_status_1(address: str, serve_model: ServeModel, tmp_path: Path) -> None:
    """A wrong key is said once, in the endpoint's words."""
    model = serve_model(hasty, key="right")
    arguments = ["--all", "--agent", "light", "--model", "m", "--base-url", model.base_url, "--parallel", "1", "--json"]
    done = play(address, *arguments, cwd=tmp_path, OPENAI_API_KEY="wrong")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["codecraft: the model can't be asked: HTTP 401 Unauthorized: Incorrect API key provided"]
    assert json.loads(done.stdout)["total"]["tasks"] == 0


def test_tasks_that_can_not_be_judged_have_status_1(address: str, tmp_path: Path) -> None:
    """Where the model could not be had for a task, that is told, and there is no table of nothing."""
    (tmp_path / "gone.py").write_text(
        "from codecraft_client.agents import ModelError\n\n\nclass Gone:\n    def play(self, task, episode):\n"
        "        raise ModelError('gone fishing')\n\n\ndef make(options):\n    return Gone()\n"
    )
    done = play(address, "1", "--agent", "gone:make", cwd=tmp_path, COLUMNS="200")
    assert done.returncode == 1
    assert "not judged: gone fishing" in done.stderr
    assert done.stdout.startswith("results and transcripts: runs/")
    assert done.stdout.endswith("-gone-make\n")


@pytest.mark.parametrize(
    ("arguments", "paid", "discount"),
    [
        ([], 0.0, None),
        (["--reward-mode", "outcome"], 0.0, None),
        (["--reward-mode", "milestones"], 0.5, None),
        (["--reward-mode", "shaped"], 0.0, 1.0),
        (["--reward-mode", "shaped", "--discount", "0.5"], -0.5, 0.5),
    ],
)
def test_how_episodes_pay(tmp_path: Path, arguments: list[str], paid: float, discount: float | None) -> None:
    """An answer that is there and wrong pays by the mode that was asked for; the JSON, the table and run.json say which."""
    (tmp_path / "wrong.py").write_text(
        "class Wrong:\n    def play(self, task, episode):\n        episode.write_file('answer.txt', 'none')\n        return iter(())\n\n\n"
        "def make(options):\n    return Wrong()\n"
    )
    mode = arguments[1] if arguments else "outcome"
    with word_world(1, milestones=(exists("answer.txt", 1.0),), milestone_share=0.5) as address:
        done = play(address, "1", "--agent", "wrong:make", "--out", "json", "--json", *arguments, cwd=tmp_path)
        shown = play(address, "1", "--agent", "wrong:make", "--out", "table", *arguments, cwd=tmp_path, COLUMNS="200")
    report = json.loads(done.stdout)
    assert (report["reward_mode"], report["discount"]) == (mode, discount)
    assert report["tasks"][0]["episode_return"] == paid
    assert json.loads((tmp_path / "json" / "run.json").read_text())["reward_mode"] == mode
    assert f"Tasks (reward: {mode})" in shown.stdout
    assert f"{paid:.2f}" in shown.stdout


def test_a_run_is_resumed_with_the_same_reward_only(address: str, tmp_path: Path) -> None:
    """Returns by two modes can't be compared, so they are two runs."""
    (tmp_path / "idle.py").write_text(
        "class Idle:\n    def play(self, task, episode):\n        return iter(())\n\n\ndef make(options):\n    return Idle()\n"
    )
    run = ("1", "--agent", "idle:make", "--out", "run")
    assert play(address, *run, cwd=tmp_path).returncode == 0
    refused = play(address, *run, "--resume", "--reward-mode", "milestones", cwd=tmp_path)
    assert (refused.returncode, "reward_mode was 'outcome' and is 'milestones'" in refused.stderr) == (1, True)


@pytest.mark.parametrize("value", ["0", "1.5", "nan", "much"])
def test_a_discount_factor_is_one(value: str) -> None:
    """What is none is wrong usage."""
    done = play("127.0.0.1:1", "1", "--agent", "light", "--reward-mode", "shaped", "--discount", value)
    assert (done.returncode, "must be above 0 and at most 1" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["1", "--agent", "light", "--model", "m", "--record", "file"], "--record is for playing by hand"),
        (["1", "--agent", "light", "--model", "m", "--discount", "0.9"], "--discount is for --reward-mode shaped"),
        (["--agent", "light", "--model", "m"], "say what is to be played"),
        (["1", "--agent", "light"], "--model"),
        (["1", "--agent", "nobody"], "no agent 'nobody'"),
        (["1", "--agent", "light", "--model", "m", "--resume"], "--out DIR"),
        (["1", "--agent", "light", "--model", "m", "--resume", "--out", "none"], "no run in none that could be resumed"),
        (["--category", "none", "--agent", "light", "--model", "m"], "no task of the category 'none'"),
        (["1", "--agent", "light", "--model", "m", "--api-key-file", "missing"], "the API key can't be read"),
        (["no-such-task", "--agent", "light", "--model", "m"], "no-such-task"),
    ],
)
def test_what_can_not_be_played_is_one_line(address: str, tmp_path: Path, arguments: list[str], told: str) -> None:
    """Status 1 and one line that names the remedy; nothing is written."""
    done = play(address, *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["0", "-1", "many", "1000000"])
def test_how_many_at_once_is_bounded(value: str) -> None:
    """What is out of bounds is wrong usage."""
    done = play("127.0.0.1:1", "1", "--agent", "light", "--parallel", value)
    assert done.returncode == 2
    assert "must be 1 to 256" in done.stderr
