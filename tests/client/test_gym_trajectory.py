"""Recorded episodes: whole, line by line, whatever happens meanwhile."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import pytest

from codecraft_client import CodecraftError
from codecraft_client.gym import ENV_ID, Candidates, FlatText, RecordTrajectory, TimeLeft, typed

SUBMIT = '{"action": "submit"}'


def recorded(directory: Path) -> list[list[dict[str, Any]]]:
    """Every file, line by line, in the order of their beginning."""
    files = [[json.loads(line) for line in path.read_text().splitlines()] for path in directory.glob("*.jsonl")]
    return sorted(files, key=lambda lines: float(lines[0]["recorded_at"]))


def test_an_episode(process_address: str, tmp_path: Path) -> None:
    """What a file says is enough to understand the episode without the server; the token is not in it."""
    env = RecordTrajectory(gymnasium.make(ENV_ID, target=process_address, task="1"), tmp_path / "new" / "runs")
    env.reset(seed=5, options={"task_id": "1"})
    env.step('{"action": "command", "command": "echo नमस्ते; false"}')
    env.step("nonsense")
    env.step(SUBMIT)
    token = env.unwrapped.episode.token  # type: ignore[attr-defined]
    env.close()
    (lines,) = recorded(tmp_path / "new" / "runs")
    opened, first, second, third, ended = lines
    assert (opened["type"], opened["format"], opened["seed"], opened["options"]) == ("episode", 1, 5, {"task_id": "1"})
    assert (opened["task"]["task_id"], opened["task"]["digest"]) == ("1", "digest1")
    assert opened["image_digest"].startswith("sha256:")
    assert opened["reward"]["mode"] == "outcome"
    assert opened["versions"].keys() == {"client", "server", "protocol", "guest", "gymnasium", "python"}
    assert "Say hello." in opened["observation"]["message"]
    assert first["action"] == {"text": '{"action": "command", "command": "echo नमस्ते; false"}'}
    assert (first["index"], first["reward"], first["label"], first["command_end"]["exit_code"]) == (0, 0.0, 0, 1)
    assert first["observation"]["output"] == "नमस्ते\n"
    assert first["timing"]["elapsed_s"] >= 0
    assert (second["reward"], second["reward_components"], second["label"]) == (-1.0, {"penalty/malformed": -1.0}, -1)
    assert (third["reward"], third["terminated"], third["truncated"], third["grade"]["score"]) == (1.0, True, False, 1.0)
    assert ended == {"type": "end", "outcome": "passed", "return": 0.0, "steps": 3}
    assert token not in "".join(path.read_text() for path in (tmp_path / "new" / "runs").iterdir())


def test_a_file_for_each_episode(process_address: str, tmp_path: Path) -> None:
    """Also for those that were left in the middle; several environments write to one directory."""
    envs = [RecordTrajectory(gymnasium.make(ENV_ID, target=process_address, task="1"), tmp_path) for _ in range(2)]
    for env in envs:
        env.reset()
        env.step("nonsense")
        env.reset()
        env.close()
    assert [lines[-1] for lines in recorded(tmp_path)] == [
        {"type": "end", "outcome": None, "return": -1.0, "steps": 1},
        {"type": "end", "outcome": None, "return": 0.0, "steps": 0},
    ] * 2


def test_what_is_no_text(process_address: str, tmp_path: Path) -> None:
    """Bytes that are no UTF-8, and output with a hole, are recorded to the byte beside the text that was seen."""
    env = RecordTrajectory(gymnasium.make(ENV_ID, target=process_address, task="1", action_mode="typed"), tmp_path)
    env.reset()
    env.step(typed("run_command", command="seq 1 100000"))
    env.step(typed("write_file", path="a", content="文"))
    env.step(typed("read_file", path="a"))
    env.close()
    (lines,) = recorded(tmp_path)
    assert len(lines[1]["observation"]["output_bytes"]["base64"]) > 64 * 1024
    assert lines[1]["action"]["run_command"]["command"] == "seq 1 100000"
    assert lines[2]["action"] == {"write_file": {"path": "a", "content": "文"}}
    assert lines[3]["observation"]["output"] == "文"
    assert "output_bytes" not in lines[3]["observation"]


@pytest.mark.parametrize("on_fault", ["raise", "truncate"])
def test_a_fault(process_address: str, tmp_path: Path, on_fault: str) -> None:
    """A failure of the service is recorded as what it is: no reward, and no return."""
    env = RecordTrajectory(gymnasium.make(ENV_ID, target=process_address, task="ungradable", on_fault=on_fault), tmp_path)
    env.reset()
    env.step('{"action": "command", "command": "true"}')
    if on_fault == "raise":
        with pytest.raises(CodecraftError):
            env.step(SUBMIT)
        env.close()
    else:
        env.step(SUBMIT)
    (lines,) = recorded(tmp_path)
    if on_fault == "raise":
        assert (lines[2]["type"], lines[2]["error"], lines[2]["action"]) == ("error", "EpisodeFaultError", {"text": SUBMIT})
        assert lines[3] == {"type": "end", "outcome": None, "return": None, "steps": 1}
    else:
        assert (lines[2]["reward"], lines[2]["truncated"], lines[2]["fault"]["reason"]) == (None, True, "task_has_no_checks")
        assert lines[3] == {"type": "end", "outcome": "fault", "return": None, "steps": 2}
    env.close()


def test_around_other_wrappers(process_address: str, tmp_path: Path) -> None:
    """Whatever other wrappers make of actions and observations, the file has what went to the server and came from it."""
    inner = TimeLeft(gymnasium.make(ENV_ID, target=process_address, task="1"), seconds=0.0)
    env = RecordTrajectory(FlatText(Candidates(inner, ["echo a", {"action": "submit"}])), tmp_path)
    env.reset()
    _, _, _, truncated, _ = env.step(0)
    assert truncated
    env.close()
    (lines,) = recorded(tmp_path)
    assert lines[1]["action"] == {"text": '{"action": "command", "command": "echo a"}'}
    assert lines[1]["observation"]["output"] == "a\n"
    assert lines[1]["truncated"] is True
    assert lines[2] == {"type": "end", "outcome": None, "return": 0.0, "steps": 1}


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
    (lines,) = recorded(tmp_path)
    assert [line["observation"]["output"] for line in lines[1:]] == [f"{number}\n" for number in range(10)]
