"""Doing again what was recorded: the same comes out, or every difference is told."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_server import a_task
from worlds import fake_world

from codecraft_client import Client, Episode, RunCommand
from codecraft_client.errors import InvalidFieldError
from codecraft_client.trajectory import Difference, Verification, read, record, verify
from codecraft_client.trajectory.compare import outputs
from codecraft_server.task import Check, CommandCheck, Visibility


def recorded(address: str, path: Path, *, act: Callable[[Episode], None], task_id: str = "1") -> Path:
    """An episode in which `act` acts."""
    with Client(address) as client, client.reset(task_id) as episode:
        record(episode, path, client.server_info())
        act(episode)
    return path


def verified(address: str, path: Path) -> Verification:
    """What comes of doing it again."""
    with Client(address) as client:
        return verify(client, read(path))


def everything(episode: Episode) -> None:
    """A bit of everything, all of it deterministic."""
    episode.run("echo नमस्ते; echo 文").result()
    episode.write_file("b", b"\xff\xfe")
    episode.read_file("b")
    episode.list_files()
    episode.step(RunCommand("false"))
    episode.act("nonsense")
    with pytest.raises(InvalidFieldError):
        episode.run("true", timeout_s=1e6)
    running = episode.run("cat", stdin_open=True)
    running.write_stdin("typed\n")
    running.write_stdin("", end_of_file=True)
    running.result()
    running = episode.run("echo begun; sleep 50")
    for event in running:
        if hasattr(event, "data"):
            running.interrupt()
    episode.run("cd /; sleep 50", timeout_s=0.3).result()
    episode.run("pwd").result()
    episode.submit()


def test_the_same_again(world: str, tmp_path: Path) -> None:
    """Deterministic actions, input, interrupts, time-outs and refusals included, come out the same over fakes and in real containers."""
    told = verified(world, recorded(world, tmp_path / "run.jsonl", act=everything))
    assert [str(difference) for difference in told.differences] == []
    assert (told.notes, told.checked) == ((), 12)


def test_every_difference_is_told(fake_address: str, tmp_path: Path) -> None:
    """Output, exit code, a file, a reward and a label that are otherwise now are told with their step and what they were."""
    path = recorded(fake_address, tmp_path / "run.jsonl", act=everything)
    edited = path.read_text().replace("\\u6587\\n", "other\\n", 2).replace('"exit_code":1', '"exit_code":4')
    edited = edited.replace('{"base64":"//4="},"size_bytes":2', '"ab","size_bytes":2').replace('"label":"regress"', '"label":"progress"')
    edited = edited.replace('"value":-1.0', '"value":-2.0')
    path.write_text(edited)
    told = verified(fake_address, path).differences
    assert [(each.where, each.what) for each in told] == [
        ("step 0", "output"),
        ("step 2", "observation.file.data"),
        ("step 4", "observation.command_end.exit_code"),
        ("step 5", "reward.value"),
        ("step 5", "reward.components[0].value"),
        ("step 5", "label"),
    ]
    assert told[0].lines == ("@@ -1,2 +1,2 @@", " नमस्ते", "-other", "+文")
    assert told[2].lines == ("- 4", "+ 1")
    assert str(told[5]) == "step 5: label\n    - progress\n    + regress"


def test_another_task(fake_address: str, tmp_path: Path) -> None:
    """That the task is not the one that was played is said first; then what comes of it."""
    path = recorded(fake_address, tmp_path / "run.jsonl", act=lambda episode: episode.submit() and None)
    checks = (Check("shown", "says hello", 1.0, 10.0, Visibility.RESULT, CommandCheck("false")),)
    with fake_world(tasks=[a_task(digest="other", checks=checks)]) as address:
        told = verified(address, path).differences
    assert told[0] == Difference("task", "digest", ("- digest1", "+ other"))
    assert {"grade.score", "outcome", "reward.value"} <= {each.what for each in told}
    with fake_world(tasks=[a_task("2")]) as address:
        (gone,) = verified(address, path).differences
    assert (gone.where, gone.what) == ("task", "task_id")


def test_an_episode_that_ends_earlier_now(fake_address: str, tmp_path: Path) -> None:
    """Where the fresh episode is over before the recorded one was, that is a difference, and nothing more is done."""

    def twice(episode: Episode) -> None:
        episode.run("echo 1").result()
        episode.run("echo 2").result()
        episode.run("echo 3").result()

    path = recorded(fake_address, tmp_path / "run.jsonl", act=twice)
    short = a_task(limits=replace(a_task().limits, steps=1))
    with fake_world(tasks=[short]) as address:
        told = verified(address, path)
    assert ("step 0", "truncated") in [(each.where, each.what) for each in told.differences]
    assert (told.differences[-1].where, told.differences[-1].what) == ("step 1", "the episode")


def test_a_refusal_that_is_none_now(fake_address: str, tmp_path: Path) -> None:
    """What was refused then and is done now, and the other way round, are differences."""

    def act(episode: Episode) -> None:
        with pytest.raises(InvalidFieldError):
            episode.run("true", timeout_s=1e6)
        episode.run("true", timeout_s=20).result()

    path = recorded(fake_address, tmp_path / "run.jsonl", act=act)
    path.write_text(path.read_text().replace('"timeout_s":1000000.0', '"timeout_s":1.0').replace('"timeout_s":20', '"timeout_s":2000000'))
    told = verified(fake_address, path).differences
    assert told[0] == Difference("step 0", "came to", ("- INVALID_FIELD", "+ a result"))
    assert told[-1].lines == ("- a result", "+ INVALID_FIELD")


def test_a_recording_that_was_cut_off(fake_address: str, tmp_path: Path) -> None:
    """What is whole is done again; the rest is noted."""
    path = recorded(fake_address, tmp_path / "run.jsonl", act=lambda episode: [episode.run(f"echo {n}").result() for n in (1, 2)] and None)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:6]))
    told = verified(fake_address, path)
    assert (told.differences, told.checked) == ((), 1)
    assert told.notes == ("the recording was cut off", "step 1 was cut off and is not done again")


@pytest.mark.parametrize(
    ("before", "after", "whole", "lines"),
    [
        (b"a\n", b"a\n", True, None),
        (b"a\nb\n", b"a\n", False, None),
        (b"a\n", b"a", True, ("@@ -1 +1 @@", "-a", "+a (no line end)")),
        (b"\xff\n", b"\x00\n", True, ("@@ -1 +1 @@", "-'\\xff'", "+'\\x00'")),
    ],
)
def test_output_is_compared_to_the_byte(before: bytes, after: bytes, whole: bool, lines: Any) -> None:
    """A missing line end is seen, bytes that are no text are shown escaped; of a stopped command only what both have counts."""
    told = outputs("step 0", "output", before, after, whole=whole)
    assert [each.lines for each in told] == ([] if lines is None else [lines])


def test_long_differences_are_shown_short() -> None:
    """A difference of thousands of lines is told in a few."""
    (told,) = outputs("step 0", "output", b"a\n" * 5000, b"b" * 1000 + b"\n", whole=True)
    assert len(told.lines) == 21
    assert max(map(len, told.lines)) <= 201
    assert told.lines[-1].endswith("more lines")


def codecraft(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codecraft_client.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.docker
def test_in_real_containers(docker_address: str, tmp_path: Path) -> None:
    """Text and binary output are replayed as they were; a command that says the time is the one difference, and exit status 1."""
    path = tmp_path / "run.jsonl"
    lines = ["echo नमस्ते 文; echo 日本語 >&2", r"printf '\xff\xfe\x00'; seq 1 3", "date +%N", "sleep 100 &", "exit 3", ":submit"]
    command = [sys.executable, "-m", "codecraft_client.cli", "play", "1", "--target", docker_address, "--record", str(path)]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1, done.stderr
    told = read(path)
    assert [deed.output() for deed in told.deeds[:2]] == ["नमस्ते 文\n日本語\n".encode(), b"\xff\xfe\x001\n2\n3\n"]
    shown = codecraft("replay", str(path), "--speed", "inf").stdout
    for deed in told.deeds[:3]:
        assert deed.output().replace(b"\xff\xfe\x00", "��␀".encode()).decode() in shown
    again = codecraft("replay", str(path), "--verify", "--target", docker_address)
    assert again.returncode == 1, again.stderr
    assert again.stdout.startswith("step 2: output\n")
    assert again.stdout.endswith("6 done again, 1 difference\n")
