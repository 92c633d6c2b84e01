"""What the tests of agents share: options for scripted models, a watcher and a place for transcripts."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripted_openai import ScriptedOpenAI

from codecraft_client import Task
from codecraft_client.agents import AgentEvent, AgentOptions, AgentSettings
from codecraft_client.agents.transcript import Transcript, file_name, transcript

QUICK = AgentSettings(reply_s=5, first_wait_s=0.001, longest_wait_s=0.05, task_wait_s=0.001)


def options(model: ScriptedOpenAI, **how: Any) -> AgentOptions:
    """Options for an agent of a scripted model."""
    return AgentOptions(model="scripted", base_url=model.base_url, **{"settings": QUICK, **how})


@dataclass
class Watch:
    """A watcher that remembers."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    open: set[str] = field(default_factory=set)
    most: int = 0
    events: int = 0

    def began(self, task: Task) -> None:
        """It is open."""
        with self.lock:
            self.open.add(task.task_id)
            self.most = max(self.most, len(self.open))

    def happened(self, _task: Task, _event: AgentEvent) -> None:
        """Count."""
        self.events += 1

    def over(self, task: Task) -> None:
        """It is open no more."""
        with self.lock:
            self.open.remove(task.task_id)


@dataclass
class Papers:
    """Transcripts in a directory."""

    directory: Path

    def transcript(self, task: Task, attempt: int) -> tuple[str, AbstractContextManager[Transcript]]:
        """Name and writer."""
        name = file_name(task.task_id, attempt)
        return name, transcript(self.directory / name)


def wait_for(condition: Callable[[], bool], within_s: float = 60) -> None:
    """Ask until it holds: files tell nobody when they change."""
    pause = threading.Event()
    for _ in range(int(within_s * 50)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError(f"not within {within_s} s")
