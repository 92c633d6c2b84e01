"""Where the results of a run are kept, a line for each finished task, so that a run that was killed is resumed without repeating one.

DIR/run.json            what is played with; no secret
DIR/results.jsonl       a TaskResult a line
DIR/transcripts/        an episode a file
"""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from codecraft_client.agents.result import TaskResult
from codecraft_client.errors import UsageError
from codecraft_client.types import Task


class Store:
    """The results of one run. Enter it to own its directory; UsageError when that is another's, or another run's."""

    def __init__(self, directory: Path, run: Mapping[str, Any], *, resume: bool) -> None:
        """No I/O. `run` says what is played with: a run may be resumed with the same only."""
        self.directory = directory
        self._run = dict(run)
        self._resume = resume
        self._file: IO[bytes] | None = None
        self._kept: dict[str, TaskResult] = {}

    def __enter__(self) -> Self:
        """Lock the directory and read what is there."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._file = (self.directory / "results.jsonl").open("a+b")
        except OSError as error:
            raise UsageError(f"results can't be kept in {self.directory}: {error.strerror}") from error
        try:
            self._open(self._file)
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Unlock it."""
        if self._file is not None:
            self._file.close()

    @property
    def transcripts(self) -> Path:
        """Where transcripts go."""
        return self.directory / "transcripts"

    def finished(self, task: Task) -> TaskResult | None:
        """Return what this very task came to, if it was judged; a task that has changed since is another one."""
        kept = self._kept.get(task.task_id)
        return kept if kept is not None and kept.judged and kept.task_digest == task.digest else None

    def add(self, result: TaskResult) -> None:
        """Keep a result; it is on the disk when this returns."""
        if self._file is None:
            raise UsageError("the store is not open")
        try:
            self._file.write(json.dumps(result.as_json()).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UsageError(f"results can't be kept in {self.directory}: {error.strerror}") from error
        self._kept[result.task_id] = result

    def _open(self, file: IO[bytes]) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(f"another run is using {self.directory}") from error
        file.seek(0)
        whole, newline, torn = file.read().rpartition(b"\n")
        if not self._resume and (whole or torn):
            raise UsageError(f"{self.directory} has results already: go on with --resume, or choose another --out")
        if torn:  # the line that a killed run was writing
            file.truncate(len(whole) + len(newline))
        self._kept = {kept.task_id: kept for kept in map(_result, whole.splitlines())}
        self._check_run()

    def _check_run(self) -> None:
        path = self.directory / "run.json"
        if not path.exists():
            _write_whole(path, json.dumps(self._run, indent=2) + "\n")
            return
        before = json.loads(path.read_text())
        changed = sorted(name for name in self._run if before.get(name) != self._run[name])
        if changed and self._kept:
            said = ", ".join(f"{name} was {before.get(name)!r} and is {self._run[name]!r}" for name in changed)
            raise UsageError(f"the run in {self.directory} is another one: {said}")
        if changed:
            _write_whole(path, json.dumps(self._run, indent=2) + "\n")


def _result(line: bytes) -> TaskResult:
    try:
        return TaskResult.from_json(json.loads(line))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"results.jsonl has a line that is no result: {line[:80]!r}") from error


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a kill leaves the old one or the new one."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)
