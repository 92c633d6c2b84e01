"""Recorded episodes: written as they happen, shown, carried elsewhere."""

import io
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from codecraft_client import Client, CodecraftError, Episode, RunCommand, Text
from codecraft_client.errors import InvalidFieldError, TrajectoryError
from codecraft_client.grades import CheckResult
from codecraft_client.rewards import RewardMode
from codecraft_client.trajectory import Trajectory, asciicast, chat, read, record, replay
from codecraft_client.trajectory.format import Event, Failure, Interrupt, Result, Stdin, SubmissionResult
from codecraft_client.types import Outcome, Stream

PROGRAM = """
import os, signal, sys
from codecraft_client import Client
from codecraft_client.trajectory import record
with Client(sys.argv[1]) as client, client.reset("1") as episode:
    record(episode, sys.argv[2], client.server_info())
    for number in range(5):
        episode.run(f"echo {number}").result()
    for event in episode.run("echo begun; sleep 50"):
        if hasattr(event, "data"):
            os.kill(os.getpid(), signal.SIGKILL)
"""


def recorded(address: str, path: Path) -> Trajectory:
    """An episode with a bit of everything, submitted."""
    with Client(address) as client, client.reset("1") as episode:
        record(episode, path, client.server_info(), seed=7, notes={"model": "m"})
        episode.run("echo नमस्ते; echo 文").result()
        episode.write_file("b", b"\xff\xfe")
        episode.read_file("b")
        episode.step(RunCommand("false"))
        episode.act("nonsense")
        with pytest.raises(InvalidFieldError):
            episode.run("true", timeout_s=1e6)
        running = episode.run("cat", stdin_open=True)
        running.write_stdin("typed\n", end_of_file=True)
        running.result()
        running = episode.run("echo begun; sleep 50")
        for event in running:
            if hasattr(event, "data"):
                running.interrupt()
        episode.submit()
        token = episode.token
    assert token not in path.read_text()
    return read(path)


@pytest.fixture(scope="module")
def trajectory(fake_address: str, tmp_path_factory: pytest.TempPathFactory) -> Trajectory:
    """What such an episode left."""
    return recorded(fake_address, tmp_path_factory.mktemp("run") / "run.jsonl")


def test_a_file_says_it_all(trajectory: Trajectory) -> None:
    """Versions and digests, each action, its output, what it paid and was worth, and how it ended."""
    header = trajectory.header
    assert (header.task and header.task.digest, header.seed, header.notes) == ("digest1", 7, {"model": "m"})
    assert header.reward.mode is RewardMode.OUTCOME
    assert header.image_digest.startswith("sha256:")
    assert (header.versions.protocol, header.versions.guest_digest) == (1, "0" * 64)
    assert "Say hello." in header.observation.message
    first, wrote, looked, false, nonsense, refused, cat, stopped, submission = trajectory.deeds
    assert (first.action, first.output()) == (RunCommand("echo नमस्ते; echo 文"), "नमस्ते\n文\n".encode())
    assert wrote.result is not None
    assert looked.result is not None
    assert looked.result.observation.file is not None
    assert looked.result.observation.file.data == b"\xff\xfe"
    assert false.result is not None
    assert false.result.observation.command_end is not None
    assert false.result.observation.command_end.exit_code == 1
    assert isinstance(nonsense.ending, Result)
    assert [part.name for part in nonsense.ending.result.reward.components] == ["malformed"]
    assert isinstance(refused.ending, Failure)
    assert (refused.ending.error, refused.ending.reason) == ("InvalidFieldError", "INVALID_FIELD")
    assert [(line.data, line.end_of_file) for line in cat.meanwhile if isinstance(line, Stdin)] == [(b"typed\n", True)]
    assert [line.grace_s for line in stopped.meanwhile if isinstance(line, Interrupt)] == [0.0]
    assert isinstance(submission.ending, SubmissionResult)
    assert [line.event.check_id for line in submission.meanwhile if isinstance(line, Event) and isinstance(line.event, CheckResult)] == [
        "shown"
    ]
    end = trajectory.end
    assert end is not None
    assert (end.outcome, end.episode_return, end.steps) == (Outcome.PASSED, 0.0, 7)
    times = [line.at_s for line in trajectory.lines]
    assert times == sorted(times)


def test_an_episode_that_is_left(fake_address: str, tmp_path: Path) -> None:
    """Closing an episode ends its recording; leaving the recorder ends it while the episode goes on."""
    with Client(fake_address) as client:
        with client.reset("1") as episode:
            record(episode, tmp_path / "left.jsonl", client.server_info())
        with client.reset("1") as episode:
            with record(episode, tmp_path / "part.jsonl", client.server_info()):
                episode.run("echo 1").result()
            episode.run("echo 2").result()
    left, part = read(tmp_path / "left.jsonl"), read(tmp_path / "part.jsonl")
    assert left.end is not None
    assert (left.end.outcome, left.lines[:-1]) == (Outcome.CLOSED, ())
    assert part.end is not None
    assert (part.end.outcome, len(part.deeds)) == (None, 1)


def test_without_a_task(fake_address: str, tmp_path: Path) -> None:
    """An episode may be recorded before it has a task; the step that starts one says which."""
    with Client(fake_address) as client, client.reset() as episode:
        record(episode, tmp_path / "run.jsonl", client.server_info())
        episode.act('{"action": "start", "task_id": "1"}')
    told = read(tmp_path / "run.jsonl")
    assert told.header.task is None
    assert told.deeds[0].result is not None
    assert told.deeds[0].result.started_task is not None
    assert told.deeds[0].result.started_task.digest == "digest1"


def test_a_crash(world: str, tmp_path: Path) -> None:
    """Who is killed in the middle of a command leaves all that was seen, down to the last piece of output."""
    path = tmp_path / "run.jsonl"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", PROGRAM, world, str(path)], env=environment, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    told = read(path)
    assert (told.end, told.cut) == (None, False)
    *whole, last = told.deeds
    assert [deed.output() for deed in whole] == [b"%d\n" % number for number in range(5)]
    assert (last.output(), last.ending) == (b"begun\n", None)
    path.write_bytes(path.read_bytes() + b'{"type":"event","at_s":1.0,"ev')
    assert (read(path).cut, read(path).deeds) == (True, told.deeds)


def full_disk(descriptor: int, data: bytes) -> None:
    """A disk with no space left."""
    del descriptor, data
    raise OSError(28, "No space left on device")


def test_a_disk_that_fills_up(fake_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever acts gets an error of ours, or `on_failure` is told once and the episode goes on unrecorded."""
    told: list[TrajectoryError] = []

    def begin(client: Client, episode: Episode, name: str, **how: Any) -> None:
        record(episode, tmp_path / name, client.server_info(), **how)
        monkeypatch.setattr("codecraft_client.trajectory.writer._write_all", full_disk)

    with Client(fake_address) as client, client.reset("1") as episode:
        begin(client, episode, "strict.jsonl")
        with pytest.raises(TrajectoryError, match="No space left on device"):
            episode.run("echo 1")
    monkeypatch.undo()
    with Client(fake_address) as client, client.reset("1") as episode:
        begin(client, episode, "tolerant.jsonl", on_failure=told.append)
        assert episode.step(RunCommand("echo 1")).observation.output == b"1\n"
        assert episode.step(RunCommand("echo 2")).observation.output == b"2\n"
    assert [error.message.endswith("No space left on device") for error in told] == [True]
    assert read(tmp_path / "tolerant.jsonl").lines == ()


def played(trajectory: Trajectory, **how: Any) -> str:
    """What a replay shows."""
    screen = io.StringIO()
    replay(trajectory, screen, **{"speed": math.inf, **how})
    return screen.getvalue()


def test_a_replay_shows_what_was_seen(trajectory: Trajectory) -> None:
    """Commands, their output as it was, what else came of them, and the end."""
    shown = played(trajectory)
    assert "$ echo नमस्ते; echo 文\nनमस्ते\n文\n$ :write b  (2 characters)\n" in shown
    assert "$ false\n(exit code 1)\n$ nonsense\nNot JSON" in shown
    assert "reward -1 (penalty malformed -1)\n" in shown
    assert "$ true\nInvalidFieldError: " in shown
    assert "$ cat\ntyped\ntyped\n" in shown
    assert "begun\n^C\n(interrupted)\n" in shown
    assert shown.endswith("passed: says hello\nscore 1\nreward 1 (outcome +1)\nreturn 0\nThe episode is over: passed.\n")
    cut = Trajectory(trajectory.header, trajectory.lines[:3], cut=True)
    assert played(cut).endswith("(the recording was cut off here)\n")


def test_a_replay_keeps_time(trajectory: Trajectory) -> None:
    """At its own speed, or another; no pause is longer than asked."""
    last_s = max(line.at_s for line in trajectory.lines[:-1])
    waits: list[float] = []
    played(trajectory, speed=1.0, wait=waits.append)
    assert sum(waits) == pytest.approx(last_s, abs=0.01)
    waits.clear()
    played(trajectory, speed=4.0, wait=waits.append)
    assert sum(waits) == pytest.approx(last_s / 4, abs=0.01)
    waits.clear()
    played(trajectory, speed=2.0, idle_limit_s=0.001, wait=waits.append)
    assert max(waits) <= 0.0005


def test_an_asciicast(trajectory: Trajectory) -> None:
    """A header, then output in order with a marker where each step begins; all of the text is there."""
    head, *events = [json.loads(line) for line in asciicast(trajectory)]
    assert (head["version"], head["title"], head["timestamp"]) == (2, "1: Task 1", int(trajectory.header.started_at))
    assert isinstance(head["width"], int)
    assert isinstance(head["height"], int)
    assert {kind for _, kind, _ in events} == {"o", "m"}
    assert [event[0] for event in events] == sorted(event[0] for event in events)
    assert [text for _, kind, text in events if kind == "m"] == [*[f"step {number}" for number in range(6)], "step 5", "step 6", "submit"]
    text = "".join(text for _, kind, text in events if kind == "o")
    assert text.replace("\r\n", "\n") == played(trajectory)
    assert "\n" not in text.replace("\r\n", "")


def test_a_chat(trajectory: Trajectory) -> None:
    """Calls of tools and their results as chat completions have them; one label and one reward for each message of the assistant."""
    told = json.loads(chat(trajectory))
    assert told["messages"][0] == {"role": "user", "content": trajectory.header.observation.message}
    said = [message for message in told["messages"] if message["role"] == "assistant"]
    assert len(said) == len(told["labels"]) == len(told["rewards"]) == 8
    assert told["rewards"] == [0, 0, 0, 0, -1, 0, 0, 1]
    assert told["labels"][:7] == [0, 0, 0, 0, -1, 0, 0]
    tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in told["tools"]}
    results = {message["tool_call_id"]: message["content"] for message in told["messages"] if message["role"] == "tool"}
    for message in said:
        for call in message.get("tool_calls", []):
            parameters = tools[call["function"]["name"]]
            arguments = json.loads(call["function"]["arguments"])
            assert set(parameters["required"]) <= set(arguments) <= set(parameters["properties"])
            assert call["id"] in results
    assert results["call_0"] == "नमस्ते\n文"
    assert results["call_3"] == "(exit code 1)"
    assert results["call_7"].startswith("passed: says hello\nscore 1\nreward 1")
    assert said[4] == {"role": "assistant", "content": "nonsense"}
    assert told["metadata"]["outcome"] == "passed"
    assert told["metadata"]["complete"] is False  # one action was refused, and is left out


def test_a_chat_is_bounded(fake_address: str, tmp_path: Path) -> None:
    """Output that is longer than an agent may see at once is cut in the middle, streamed or not; the file has all of it."""
    with Client(fake_address) as client, client.reset("1") as episode:
        record(episode, tmp_path / "run.jsonl", client.server_info())
        episode.run("seq 1 100000").result()
        episode.step(Text('{"action": "command", "command": "echo x"}'))
    told = read(tmp_path / "run.jsonl")
    assert len(told.deeds[0].output(Stream.OUT)) == 588_895
    (content,) = [message["content"] for message in json.loads(chat(told))["messages"] if message["role"] == "tool"]
    assert len(content) < 66_000
    assert "[523359 bytes left out]" in content


def test_the_commands(fake_address: str, tmp_path: Path) -> None:
    """`codecraft replay` and `export` do the same from files; what is wrong is one line."""
    path = tmp_path / "run.jsonl"
    recorded(fake_address, path)

    def codecraft(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "codecraft_client.cli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert codecraft("replay", str(path), "--speed", "inf").stdout == played(read(path))
    out = tmp_path / "chat.jsonl"
    assert codecraft("export", str(path), str(path), "--format", "chat", "-o", str(out)).returncode == 0
    assert out.read_text() == chat(read(path)) * 2
    refused = codecraft("export", str(path), "--format", "chat", "-o", str(out))
    assert (refused.returncode, len(refused.stderr.splitlines()), "--force" in refused.stderr) == (1, 1, True)
    assert out.read_text() == chat(read(path)) * 2
    beside = sorted(tmp_path.iterdir())
    assert codecraft("export", str(path), str(tmp_path / "none"), "--format", "chat", "-o", str(out), "--force").returncode == 1
    assert (out.read_text(), sorted(tmp_path.iterdir())) == (chat(read(path)) * 2, beside)  # what could not be replaced is there still
    assert codecraft("export", str(path), "--format", "chat", "-o", str(out), "--force").returncode == 0
    assert out.read_text() == chat(read(path))
    assert codecraft("export", str(path), "--format", "chat", "-o", "/dev/stdout").stdout == chat(read(path))
    assert codecraft("export", str(path), "--format", "chat", "-o", str(path), "--force").returncode == 1
    assert codecraft("export", str(out), "--format", "chat", "-o", str(tmp_path / "none")).returncode == 1
    assert not (tmp_path / "none").exists()
    assert codecraft("export", str(path), "--format", "asciicast").stdout == "".join(asciicast(read(path)))
    for wrong, status in ((("replay", "none"), 1), (("replay", str(path), "--speed", "0"), 2), (("replay", str(out)), 1)):
        done = codecraft(*wrong)
        assert (done.returncode, done.stdout) == (status, "")
    for wrong in ((str(path), "--format", "asciicast"), ("--format", "chat", "-o", "/dev/null/x")):
        done = codecraft("export", str(path), *wrong)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_errors_are_in_the_tree() -> None:
    """A recording that fails is a CodecraftError like all others."""
    assert issubclass(TrajectoryError, CodecraftError)
