"""Steps that block, as docker-py's calls do: taken by a program of its own, as scripts are, which has nothing of asyncio in it.

As `python -m benchmarks.blocking TARGET` it is that program. It takes orders, a line each of a way and a number of steps, and answers each
with how long they took. Ways: `stream`, messages over a stream that stays open, by the transport of `codecraft_client.Client`; `call`, a
call for each; `client`, that client itself.
"""

import asyncio
import contextlib
import json
import sys
import time
import uuid
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable

import grpc

from benchmarks.player import BUILTIN, CALL_S, TASK
from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import environment_pb2_grpc as rpc
from codecraft.v1 import types_pb2
from codecraft_client import Client, RunCommand
from codecraft_client.exchange import Call
from codecraft_client.transport import OPTIONS, Transport


class Program:
    """The program, from the other side."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def take(self, way: str, steps: int) -> list[float]:
        """Have it take steps; seconds of each."""
        assert self._process.stdin is not None  # noqa: S101 - asked for below
        assert self._process.stdout is not None  # noqa: S101 - likewise
        self._process.stdin.write(f"{way} {steps}\n".encode())
        async with asyncio.timeout(CALL_S):
            answer = await self._process.stdout.readline()
        assert answer, "the program with blocking steps has ended"  # noqa: S101 - a benchmark measures nothing where something broke
        seconds: list[float] = json.loads(answer)
        return seconds


@contextlib.asynccontextmanager
async def program(target: str) -> AsyncIterator[Program]:
    """The program, connected to a server. It ends when left."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.blocking", target, stdin=PIPE, stdout=PIPE)
    try:
        yield Program(process)
    finally:
        assert process.stdin is not None  # noqa: S101 - asked for above
        process.stdin.close()
        await process.wait()


class Steps:
    """The ways of taking steps; each has an episode and a connection of its own."""

    def __init__(self, target: str) -> None:
        self._client = Client(target)
        self._channel = grpc.insecure_channel(target, options=OPTIONS)
        self._stub = rpc.EnvironmentServiceStub(self._channel)
        self._transport = Transport(target, "")
        self._episode = self._client.reset(TASK)
        self._ready = self._opened()
        self._next_index = 0

    def _opened(self) -> pb.Ready:
        for event in self._stub.Reset(pb.ResetRequest(request_id=str(uuid.uuid4()), task_id=TASK), timeout=CALL_S):
            if event.HasField("ready"):
                return event.ready
        raise AssertionError("a reset ended without `ready`")

    def _request(self) -> pb.StepRequest:
        action = types_pb2.Action(run_command=types_pb2.RunCommand(command=BUILTIN))
        index, self._next_index = self._next_index, self._next_index + 1
        return pb.StepRequest(episode_id=self._ready.episode_id, episode_token=self._ready.episode_token, step_index=index, action=action)

    def stream(self) -> float:
        """Take a step over the stream; its seconds."""
        request = self._request()
        began = time.perf_counter()
        response = self._transport.open(Call("Step", request, CALL_S, result_only=True)).read()
        seconds = time.perf_counter() - began
        assert isinstance(response, pb.RolloutResponse), "it was no stream"  # noqa: S101 - a benchmark measures nothing where something broke
        return seconds

    def call(self) -> float:
        """Take a step by a call of its own; seconds until its result."""
        request, seconds = self._request(), 0.0
        began = time.perf_counter()
        for event in self._stub.Step(request, timeout=CALL_S):
            if event.HasField("result"):
                seconds = time.perf_counter() - began
        assert seconds, "a step ended without its result"  # noqa: S101 - likewise
        return seconds

    def client(self) -> float:
        """Take a step by the client; its seconds."""
        began = time.perf_counter()
        self._episode.step(RunCommand(BUILTIN))
        return time.perf_counter() - began

    def close(self) -> None:
        """End both episodes and hang up."""
        self._stub.Close(pb.CloseRequest(episode_id=self._ready.episode_id, episode_token=self._ready.episode_token), timeout=CALL_S)
        self._transport.close()
        self._channel.close()
        self._episode.close()
        self._client.close()


def main() -> None:
    """Take orders until there are no more."""
    with contextlib.closing(Steps(sys.argv[1])) as steps:
        ways: dict[str, Callable[[], float]] = {"stream": steps.stream, "call": steps.call, "client": steps.client}
        for line in sys.stdin:
            way, number = line.split()
            print(json.dumps([ways[way]() for _ in range(int(number))]), flush=True)


if __name__ == "__main__":
    main()
