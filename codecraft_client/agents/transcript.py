"""Transcripts: everything that an agent and its model said and were told, one JSON object a line, written as it happens.

What commands print is not in them line by line: the model's excerpt of it is (`returned`). Knows no model.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from codecraft_client.agents.protocol import AgentEvent, Printed
from codecraft_client.errors import UsageError

NAME_MOST = 120  # characters, below what any file system takes


class Transcript:
    """A transcript that is being written; `stream` None: none is."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream

    def note(self, kind: str, **values: Any) -> None:
        """Write a line."""
        if self._stream is not None:
            line = {"at": round(time.time(), 3), "type": kind, **values}
            self._stream.write(json.dumps(line, default=_plain) + "\n")
            self._stream.flush()

    def event(self, event: AgentEvent) -> None:
        """Write what an agent tells."""
        if not isinstance(event, Printed):
            self.note(kind_of(event), **asdict(event))


def kind_of(event: object) -> str:
    """Return the word for an event: its class in snake case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()


def file_name(task_id: str, attempt: int) -> str:
    """Return the name of a transcript's file; ids may have any characters."""
    return f"{quote(task_id, safe='')[:NAME_MOST]}.{attempt}.jsonl"


@contextmanager
def transcript(path: Path | None) -> Iterator[Transcript]:
    """Write to `path`, replacing what was there; None: to nowhere."""
    if path is None:
        yield Transcript(None)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"no transcript can be written to {path}: {error.strerror}") from error
    with stream:
        yield Transcript(stream)


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return str(value)
