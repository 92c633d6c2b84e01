"""Recorded episodes: trajectories like any other, whole, line by line, whatever happens meanwhile."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import pytest

from codecraft_client import Client, CodecraftError, Outcome, RewardMode, RewardOptions, Text, WriteFile
from codecraft_client.cli import main
from codecraft_client.errors import TrajectoryError
from codecraft_client.gym import ENV_ID, Candidates, FlatText, RecordTrajectory, TimeLeft, typed
from codecraft_client.trajectory import Trajectory, asciicast, chat, read, verify
from codecraft_client.trajectory.format import End, Result, SubmissionResult

SUBMIT = '{"action": "submit"}'


def recorded(directory: Path) -> list[Trajectory]:
    """Every file, in the order of their beginning."""
    return sorted((read(path) for path in directory.glob("*.jsonl")), key=lambda one: one.header.started_at)


def ended(one: Trajectory) -> tuple[Outcome | None, float | None, int]:
    """How a recording ended: outcome, return and steps."""
    assert isinstance(one.end, End)
    return one.end.outcome, one.end.episode_return, one.end.steps


def results(one: Trajectory) -> list[Any]:
    """What its steps came to."""
    return [deed.ending.result for deed in one.deeds if isinstance(deed.ending, (Result, SubmissionResult))]


def test_an_episode(process_address: str, tmp_path: Path) -> None:
    """What a file says is enough to understand the episode without the server; the token is not in it."""
    env = RecordTrajectory(gymnasium.make(ENV_ID, target=process_address, task="1"), tmp_path / "new" / "runs")
    env.reset(seed=5, options={"task_id": "1", "reward": RewardOptions(mode=RewardMode.MILESTONES)})
    env.step('{"action": "command", "command": "echo नमस्ते; false"}')
    env.step("nonsense")
    env.step(SUBMIT)
    (one,) = recorded(tmp_path / "new" / "runs")
    token = env.unwrapped.episode.token  # type: ignore[attr-defined]
    env.close()
    header, (first, second, third) = one.header, results(one)
    assert (header.seed, header.notes["gymnasium"]) == (5, gymnasium.__version__)
    assert (header.notes["options"]["task_id"], header.notes["options"]["reward"]["mode"]) == ("1", "milestones")
    assert header.task is not None
    assert (header.task.task_id, header.task.digest, header.reward.mode) == ("1", "digest1", RewardMode.MILESTONES)
    assert "Say hello." in header.observation.message
    assert one.deeds[0].action == Text('{"action": "command", "command": "echo नमस्ते; false"}')
    assert (first.reward.value, first.observation.command_end.exit_code, first.observation.output) == (0.0, 1, "नमस्ते\n".encode())
    assert (second.reward.value, [part.name for part in second.reward.components]) == (-1.0, ["malformed"])
    assert (third.reward.value, third.grade.score) == (1.0, 1.0)
    assert ended(one) == (Outcome.PASSED, 0.0, 3)
    assert token not in "".join(path.read_text() for path in (tmp_path / "new" / "runs").iterdir())


@pytest.mark.parametrize("render_mode", [None, "human"])
def test_it_is_done_with_like_any_other(
    process_address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], render_mode: str | None
) -> None:
    """What a trainer recorded is verified, replayed and exported, watched or not."""
    env = RecordTrajectory(gymnasium.make(ENV_ID, target=process_address, task="1", render_mode=render_mode), tmp_path)
    env.reset(seed=0)
    env.step('{"action": "command", "command": "echo 文; false"}')
    env.step("nonsense")
    env.step(SUBMIT)
    env.close()
    (path,) = tmp_path.glob("*.jsonl")
    with Client(process_address) as client:
        told = verify(client, read(path))
    assert (told.differences, told.notes, told.checked) == ((), (), 3)
    capsys.readouterr()
    assert main(["replay", str(path), "--speed", "inf", "--target", process_address]) == 0
    assert "\n文\n" in capsys.readouterr().out
    assert main(["replay", str(path), "--verify", "--target", process_address]) == 0
    assert capsys.readouterr().out == "3 done again, no difference\n"
    for form in ("chat", "asciicast"):
        assert main(["export", str(path), "--format", form, "-o", str(tmp_path / form), "--target", process_address]) == 0
    assert (tmp_path / "asciicast").read_text() == "".join(asciicast(read(path)))
    assert (tmp_path / "chat").read_text() == chat(read(path))
    assert json.loads(chat(read(path)))["rewards"] == [0.0, -1.0, 1.0]


def test_a_file_for_each_episode(process_address: str, tmp_path: Path) -> None:
    """Also for those that were left in the middle; several environments write to one directory."""
    envs = [RecordTrajectory(gymnasium.make(ENV_ID, target=process_address, task="1"), tmp_path) for _ in range(2)]
    for env in envs:
        env.reset()
        env.step("nonsense")
        env.reset()
        env.close()
    assert [ended(one) for one in recorded(tmp_path)] == [(Outcome.CLOSED, -1.0, 1), (Outcome.CLOSED, 0.0, 0)] * 2


def test_typed_actions(process_address: str, tmp_path: Path) -> None:
    """Actions are recorded as they were sent, output as it was kept, to the byte."""
    env = RecordTrajectory(gymnasium.make(ENV_ID, target=process_address, task="1", action_mode="typed"), tmp_path)
    env.reset()
    *_, info = env.step(typed("run_command", command="seq 1 100000"))
    env.step(typed("write_file", path="a", content="文"))
    env.step(typed("read_file", path="a"))
    env.close()
    (one,) = recorded(tmp_path)
    assert one.deeds[0].output() == info["output"]
    assert one.deeds[1].action == WriteFile("a", "文")
    assert results(one)[2].observation.file.data == "文".encode()


@pytest.mark.parametrize("on_fault", ["raise", "truncate"])
def test_a_fault(process_address: str, tmp_path: Path, on_fault: str) -> None:
    """A failure of the service is recorded as what it is: no reward, and no return."""
    env = RecordTrajectory(gymnasium.make(ENV_ID, target=process_address, task="ungradable", on_fault=on_fault), tmp_path)
    env.reset()
    env.step('{"action": "command", "command": "true"}')
    if on_fault == "raise":
        with pytest.raises(CodecraftError):
            env.step(SUBMIT)
    else:
        env.step(SUBMIT)
    env.close()
    (one,) = recorded(tmp_path)
    submitted = results(one)[1]
    assert (submitted.reward.value, submitted.truncated, submitted.fault.reason.value) == (None, True, "task_has_no_checks")
    assert ended(one) == (Outcome.FAULT, None, 2)


def test_around_other_wrappers(process_address: str, tmp_path: Path) -> None:
    """Whatever other wrappers make of actions and observations, the file has what went to the server and came from it."""
    inner = TimeLeft(gymnasium.make(ENV_ID, target=process_address, task="1"), seconds=0.0)
    env = RecordTrajectory(FlatText(Candidates(inner, ["echo a", {"action": "submit"}])), tmp_path)
    env.reset()
    _, _, _, truncated, _ = env.step(0)
    assert truncated
    (one,) = recorded(tmp_path)
    env.close()
    assert one.deeds[0].action == Text('{"action": "command", "command": "echo a"}')
    assert one.deeds[0].output() == b"a\n"
    assert ended(one) == (None, 0.0, 1)


@pytest.mark.parametrize("on_fault", ["raise", "truncate"])
def test_a_disk_that_fills_up(process_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_fault: str) -> None:
    """It is told, once, as what it is, and never taken for a failure of the service; the episode goes on unrecorded."""

    def full_disk(_descriptor: int, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    env = RecordTrajectory(gymnasium.make(ENV_ID, target=process_address, task="1", on_fault=on_fault), tmp_path)
    env.reset()
    monkeypatch.setattr("codecraft_client.trajectory.writer._write_all", full_disk)
    with pytest.raises(TrajectoryError, match="No space left on device"):
        env.step("nonsense")
    assert env.step(SUBMIT)[1:4] == (1.0, True, False)
    env.close()


PROGRAM = """
import os, signal, sys
import gymnasium
from codecraft_client.gym import ENV_ID, RecordTrajectory
env = RecordTrajectory(gymnasium.make(ENV_ID, target=sys.argv[1], task="1"), sys.argv[2])
env.reset()
for number in range(10):
    env.step('{"action": "command", "command": "echo %d"}' % number)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_crash(process_address: str, tmp_path: Path) -> None:
    """A trainer that is killed leaves every step that it took."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", PROGRAM, process_address, str(tmp_path)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    (one,) = recorded(tmp_path)
    assert [deed.output() for deed in one.deeds] == [b"%d\n" % number for number in range(10)]
    assert (one.end, one.cut) == (None, False)
