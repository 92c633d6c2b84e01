"""`codecraft-server serve` as a process, on the real engine; and what it leaves there."""

import contextlib
import os
import re
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any

import grpc

from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import environment_pb2_grpc as rpc
from codecraft.v1 import types_pb2 as types
from codecraft_server.docker.create import LABEL
from codecraft_server.docker.engine import connected

START_S = 60.0
END_S = 40.0


@dataclass
class Episode:
    """An episode as a client knows it."""

    stub: rpc.EnvironmentServiceStub
    ready: pb.Ready
    indices: Any = field(default_factory=count)

    @property
    def address(self) -> dict[str, str]:
        """The two fields that name it in every request."""
        return {"episode_id": self.ready.episode_id, "episode_token": self.ready.episode_token}

    def begin(self, command: bytes) -> Any:
        """Start a command that prints something, and return its call once it has."""
        action = types.Action(run_command=types.RunCommand(command=command))
        request = pb.StepRequest(**self.address, step_index=next(self.indices), action=action, stream_output=True)
        call = self.stub.Step(request, timeout=120)
        for event in call:
            if event.WhichOneof("event") == "output":
                return call
        raise AssertionError("the command printed nothing")

    def submit(self) -> pb.SubmitResult:
        """Have the work graded."""
        *_, last = self.stub.Submit(pb.SubmitRequest(**self.address), timeout=60)
        result: pb.SubmitResult = last.result
        return result


@dataclass
class Served:
    """A server process that is listening."""

    process: subprocess.Popen[str]
    worker: str
    address: str
    ready_cpu_s: float  # what it took of a processor until it was listening
    stub: rpc.EnvironmentServiceStub
    log: IO[str]

    def reset(self, task_id: str = "1") -> Episode:
        """Open an episode."""
        request = pb.ResetRequest(request_id=secrets.token_hex(8), task_id=task_id)
        *_, last = self.stub.Reset(request, timeout=60)
        return Episode(self.stub, last.ready)

    def end(self, *signals: signal.Signals) -> int:
        """Send signals and return the exit status."""
        for one in signals:
            self.process.send_signal(one)
        return self.process.wait(END_S)

    def logged(self) -> str:
        """All of its log so far."""
        self.log.seek(0)
        return self.log.read()


@contextlib.contextmanager
def started(*options: str, log: IO[str] | int = subprocess.PIPE, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a server process, on a free port unless the options say where; one that still runs at the end is killed."""
    command = [sys.executable, "-m", "codecraft_server", "serve", *(() if "--listen" in options else ("--listen", "127.0.0.1:0")), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, **environment}) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def served(*options: str, **environment: str) -> Iterator[Served]:
    """Serve; a server that still runs at the end is killed."""
    worker = f"e2e{secrets.token_hex(3)}"
    with tempfile.TemporaryFile("w+") as log, started("--worker", worker, *options, log=log, **environment) as process:
        address = _address(process)
        ready_cpu_s = _cpu_s(process.pid)
        with grpc.insecure_channel(address) as channel:
            yield Served(process, worker, address, ready_cpu_s, rpc.EnvironmentServiceStub(channel), log)


def _cpu_s(pid: int) -> float:
    """Seconds of a processor that a process has used: utime and stime of proc(5), fields 14 and 15, counted behind its bracketed name."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], START_S)[0], "it is not listening"
    line = process.stdout.readline()
    found = re.fullmatch(r"listening on (127\.0\.0\.1:\d+)\n", line)
    assert found, f"not the line of a server that listens: {line!r}"
    return found[1]


def containers_of(worker: str) -> list[str]:
    """Names of all containers that a worker's sandboxes have, in whatever state."""
    return list(_states(worker))


def _states(worker: str) -> dict[str, str]:
    with connected() as client:
        found = client.api.containers(all=True, filters={"label": [f"{LABEL}=1"], "name": [f"codecraft-{worker}"]})
        return {container["Names"][0]: container["State"] for container in found}


def all_running(worker: str, count: int, within_s: float) -> None:
    """Wait until a worker has so many containers, all of them running, and makes no further one."""
    deadline = time.monotonic() + within_s
    while list((states := _states(worker)).values()) != ["running"] * count:
        assert time.monotonic() < deadline, f"{states} where {count} should be running"
        time.sleep(0.1)


def gone_after_s(worker: str, within_s: float) -> float:
    """Wait until a worker has no container any more; returns how long that took."""
    began = time.monotonic()
    while left := containers_of(worker):
        passed = time.monotonic() - began
        assert passed < within_s, f"left behind after {passed:.0f} s: {left}"
        time.sleep(0.2)
    return time.monotonic() - began
