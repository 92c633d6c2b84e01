"""The format of trajectories: whatever an episode can tell is written and read again, by this version and, as far as it goes, by others."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from each import each
from samples import changed, filled

from codecraft_client.actions import Action, ReadFile, RunCommand, WriteFile
from codecraft_client.errors import TrajectoryError
from codecraft_client.events import Output, Phase, StepEvent, SubmitEvent
from codecraft_client.trajectory import format as lines
from codecraft_client.trajectory.format import ActionTaken, End, Event, Header, Result, Stdin, decode, encode
from codecraft_client.trajectory.reader import read
from codecraft_client.trajectory.writer import Writer
from codecraft_client.types import EndReason, Outcome, Stream

KINDS = [Header, *get_args(lines.Line)]


def header(**changes: Any) -> Header:
    """A header of this format."""
    made: Header = replace(filled(Header), format=lines.FORMAT, **changes)
    return made


def sample(kind: type) -> Any:
    """A line of a kind, full."""
    return header() if kind is Header else filled(kind)


@each("kind", KINDS)
def test_every_line_comes_back(kind: type) -> None:
    """A line with every field set is read as it was written."""
    line = sample(kind)
    assert decode(encode(line)) == line


@each("kind", KINDS)
def test_no_field_is_left_out(kind: type) -> None:
    """Two lines that differ anywhere are written differently."""
    line = sample(kind)
    written = encode(line)
    same = [where for where, other in changed(line) if encode(other) == written]
    assert same == []


@each("action", get_args(Action))
def test_every_kind_of_action(action: type) -> None:
    """Each kind of action comes back."""
    line = ActionTaken(0.5, 3, filled(action), stream=True)
    assert decode(encode(line)) == line


@each("event", sorted({*get_args(StepEvent), *get_args(SubmitEvent)}, key=str))
def test_every_kind_of_event(event: type) -> None:
    """Each kind of event comes back."""
    line = Event(0.5, filled(event))
    assert decode(encode(line)) == line


@each("data", [b"", b"plain", "नमस्ते 文 \u2028 \x85".encode(), b"\xff\xfe\x00", bytes(range(256))])
def test_bytes_are_text_where_they_are(data: bytes) -> None:
    """UTF-8 stands as text, anything else in base64; a line is one line for every reader."""
    written = encode(Event(0.0, Output(Stream.OUT, 0, data)))
    assert len(written.decode().splitlines()) == 1
    told = json.loads(written)["event"]["output"]["data"]
    assert told == data.decode() if _is_text(data) else set(told) == {"base64"}
    assert decode(written) == Event(0.0, Output(Stream.OUT, 0, data))


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_actions_keep_text_and_bytes_apart() -> None:
    """A command given as text is text again, and what is no text stays bytes."""
    for action in (RunCommand("echo é"), WriteFile("caf\udce9", b"\xff"), ReadFile(b"\xe9")):
        assert decode(encode(ActionTaken(0.0, 0, action, stream=False))) == ActionTaken(0.0, 0, action, stream=False)


def test_what_a_later_version_adds() -> None:
    """Lines of an unknown type and unknown fields are passed over; an unknown word is taken for the unknown."""
    assert decode(b'{"type":"dance","at_s":1}') is None
    plain = json.loads(encode(filled(Result)))
    plain["result"] |= {"mood": "good", "outcome": "transcended"}
    plain["result"]["observation"]["command_end"]["reason"] = "bored"
    line = decode(json.dumps(plain).encode())
    assert isinstance(line, Result)
    assert line.result.outcome is Outcome.UNKNOWN
    assert line.result.observation.command_end is not None
    assert line.result.observation.command_end.reason is EndReason.UNKNOWN


def test_what_an_earlier_version_lacks() -> None:
    """What may be absent or empty may be missing; what may not is an error that names it."""
    plain = json.loads(encode(filled(Result)))
    del plain["result"]["grade"]
    del plain["result"]["reward"]["components"]
    line = decode(json.dumps(plain).encode())
    assert isinstance(line, Result)
    assert (line.result.grade, line.result.reward.components) == (None, ())
    del plain["result"]["reward"]
    with pytest.raises(TrajectoryError, match="step_result has no reward"):
        decode(json.dumps(plain).encode())


@each(
    "data",
    [
        b"",
        b"[]",
        b"1",
        b"{}",
        b"\xff",
        b'{"type":"event"}',
        b'{"type":"event","at_s":"soon","event":{}}',
        b'{"type":"end","at_s":true}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_line(data: bytes) -> None:
    """Anything else is one error of ours."""
    with pytest.raises(TrajectoryError, match="no line of a trajectory"):
        decode(data)


def written(path: Path, *more: bytes) -> Path:
    """A file with a header and an end, and more behind it."""
    path.write_bytes(encode(header()) + encode(End(1.0, None, 0.0, 0)) + b"".join(more))
    return path


@pytest.mark.parametrize("cut", [1, 20, 40])
def test_a_cut_last_line(tmp_path: Path, cut: int) -> None:
    """A last line that is not whole is left out, and that is said."""
    assert read(written(tmp_path / "whole")).cut is False
    torn = read(written(tmp_path / "torn", encode(Stdin(2.0, "é".encode(), end_of_file=False))[:cut]))
    assert (torn.cut, len(torn.lines)) == (True, 1)


def test_what_is_no_trajectory(tmp_path: Path) -> None:
    """The error names the file and, inside of it, the line."""
    with pytest.raises(TrajectoryError, match=r"none can't be read: No such file"):
        read(tmp_path / "none")
    with pytest.raises(TrajectoryError, match=r"bad, line 3: it is no line of a trajectory"):
        read(written(tmp_path / "bad", b"{}\n"))
    for data in (b"", encode(header())[:-5], encode(End(1.0, None, 0.0, 0))):
        (tmp_path / "other").write_bytes(data)
        with pytest.raises(TrajectoryError, match="its first line is no whole header"):
            read(tmp_path / "other")


def test_another_format(tmp_path: Path) -> None:
    """A file in a format of the future is refused with the remedy."""
    plain = json.loads(encode(header())) | {"format": 2}
    (tmp_path / "new").write_bytes(json.dumps(plain).encode() + b"\n")
    with pytest.raises(TrajectoryError, match="format 2, this version of codecraft reads 1; install"):
        read(tmp_path / "new")


def test_the_writer(tmp_path: Path) -> None:
    """It makes the directory, overwrites nothing, and each line is in the file as soon as it is written."""
    path = tmp_path / "new" / "run.jsonl"
    writer = Writer(path, header())
    assert len(path.read_bytes().splitlines()) == 1
    writer.write(Event(0.5, filled(Phase)))
    assert len(path.read_bytes().splitlines()) == 2
    writer.close()
    writer.close()
    writer.write(Event(0.5, filled(Phase)))
    assert len(path.read_bytes().splitlines()) == 2
    with pytest.raises(TrajectoryError, match="is there already"):
        Writer(path, header())
    with pytest.raises(TrajectoryError, match="can't be written: "):
        Writer(path / "below", header())


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is ours and says what the system says; nothing is written after it, so that no hole is hidden in the middle."""
    disk = Path("/dev/full")
    if not disk.exists():
        pytest.skip("this system has no /dev/full")
    path = tmp_path / "run.jsonl"
    writer = Writer(path, header())
    monkeypatch.setattr(writer, "_descriptor", os.open(disk, os.O_WRONLY))
    for _ in range(2):
        with pytest.raises(TrajectoryError, match="can't be written: No space left on device"):
            writer.write(Event(0.5, filled(Phase)))
    writer.abandon()
    assert read(path).lines == ()
