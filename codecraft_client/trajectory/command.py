"""`codecraft replay` and `codecraft export`: their arguments and what they do with them."""

import argparse
import math
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path

from codecraft_client.client import Client
from codecraft_client.colours import wanted
from codecraft_client.errors import TrajectoryError, UsageError
from codecraft_client.printable import printable
from codecraft_client.trajectory.asciicast import asciicast
from codecraft_client.trajectory.chat import chat
from codecraft_client.trajectory.reader import Trajectory, read
from codecraft_client.trajectory.replay import replay
from codecraft_client.trajectory.verify import verify

IDLE_LIMIT_S = 2.0


def add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what `codecraft replay` takes."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a trajectory")
    parser.add_argument("--speed", metavar="X", type=_positive, default=1.0, help="2: twice as fast; inf: at once; default: 1")
    parser.add_argument(
        "--idle-limit", metavar="S", type=_positive, default=IDLE_LIMIT_S, help=f"no pause is longer (seconds); default: {IDLE_LIMIT_S:g}"
    )
    parser.add_argument("--verify", action="store_true", help="do it all again in a fresh sandbox and tell every difference instead")


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what `codecraft export` takes."""
    parser.add_argument("file", metavar="FILE", type=Path, nargs="+", help="a trajectory; several only for chat, one line each")
    parser.add_argument("--format", choices=("chat", "asciicast"), required=True, help="chat-format JSONL with tools, or asciicast v2")
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, help="a new file; default: standard output")
    parser.add_argument("--force", action="store_true", help="replace OUT if it is there")


def run_replay(client: Client, chosen: argparse.Namespace) -> int:
    """Play a trajectory, or verify it: exit status 1 where anything differs."""
    trajectory = read(chosen.file)
    if chosen.verify:
        return _verify(client, trajectory)
    replay(trajectory, sys.stdout, speed=chosen.speed, idle_limit_s=chosen.idle_limit, colour=wanted(sys.stdout))
    return 0


def run_export(chosen: argparse.Namespace) -> int:
    """Write trajectories in another format."""
    if chosen.format == "asciicast" and len(chosen.file) > 1:
        raise UsageError("an asciicast has one trajectory")
    if chosen.output is not None and chosen.output.resolve() in {path.resolve() for path in chosen.file}:
        raise UsageError(f"{chosen.output} is what is to be exported; write to another file")
    # One at a time: a run may have thousands.
    parts = (part for path in chosen.file for part in _exported(read(path), chosen.format))
    if chosen.output is None:
        sys.stdout.writelines(parts)
        return 0
    _write(chosen.output, parts, force=chosen.force)
    return 0


def _write(path: Path, parts: Iterable[str], *, force: bool) -> None:
    """Write a file whole or not at all: what is to be replaced stays until then. What is no file, as a pipe, is written to as it is."""
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8") as stream:
                stream.writelines(parts)
        elif force and path.is_file():
            replaced = path.resolve()
            part = replaced.with_name(f".{replaced.name}.{secrets.token_hex(4)}")
            _write_new(part, parts)
            part.replace(replaced)
        else:
            _write_new(path, parts)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already; --force replaces it") from error
    except OSError as error:
        raise TrajectoryError(f"{path} can't be written: {error.strerror or error}") from error


def _write_new(path: Path, parts: Iterable[str]) -> None:
    with path.open("x", encoding="utf-8") as stream:
        try:
            stream.writelines(parts)
        except BaseException:
            path.unlink()
            raise


def _exported(trajectory: Trajectory, form: str) -> Iterable[str]:
    return (chat(trajectory),) if form == "chat" else asciicast(trajectory)


def _verify(client: Client, trajectory: Trajectory) -> int:
    told = verify(client, trajectory)
    for difference in told.differences:
        sys.stdout.write(printable(str(difference)) + "\n")
    for note in told.notes:
        sys.stdout.write(f"note: {printable(note)}\n")
    sys.stdout.write(f"{told.checked} done again, {_number(len(told.differences), 'difference')}\n")
    return 1 if told.differences else 0


def _number(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'s' if count > 1 else ''}"


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not number > 0:
        raise argparse.ArgumentTypeError(f"must be above 0, not {text!r}")
    return number
