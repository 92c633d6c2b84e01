"""The client's side: as little as possible between the clock and the wire, so that what is measured is the server."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

import grpc.aio

from codecraft.v1 import control_pb2, control_pb2_grpc, types_pb2
from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import environment_pb2_grpc as rpc

TASK = "bench"
BUILTIN = b":"
TASK_WITH_MILESTONE = "bench-milestone"
CALL_S = 300.0


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step: seconds from call to result, bytes that came as output events, and what the result said."""

    seconds: float
    streamed_bytes: int
    result: pb.StepResult


class Episode:
    """An open episode."""

    def __init__(self, stub: "rpc.EnvironmentServiceAsyncStub", ready: pb.Ready, seconds: float) -> None:
        self._stub = stub
        self._ready = ready
        self._next_index = 0
        self.opened_in_s = seconds

    @property
    def episode_id(self) -> str:
        """Its id, which its sandbox's container bears as a label."""
        return self._ready.episode_id

    @property
    def origin(self) -> types_pb2.SandboxOrigin.ValueType:
        """How its sandbox came to be."""
        return self._ready.sandbox_origin

    async def step(self, command: bytes, *, timeout_s: float | None = None, stream: bool = False) -> Stepped:
        """Run a command and time the call."""
        request = self.next_step(command, timeout_s=timeout_s, stream=stream)
        streamed = 0
        stepped: Stepped | None = None
        began = time.perf_counter()
        async for event in self._stub.Step(request, timeout=CALL_S):  # to its end: a stream that is left before is cancelled
            if event.HasField("output"):
                streamed += len(event.output.data)
            elif event.HasField("result"):
                stepped = Stepped(time.perf_counter() - began, streamed, event.result)
        if stepped is None:
            raise AssertionError("a step ended without its result")
        return stepped

    def next_step(self, command: bytes, *, timeout_s: float | None = None, stream: bool = False) -> pb.StepRequest:
        """The request of its next step."""
        action = types_pb2.Action(run_command=types_pb2.RunCommand(command=command))
        if timeout_s is not None:
            action.run_command.timeout.FromNanoseconds(int(timeout_s * 1e9))
        request = pb.StepRequest(
            episode_id=self._ready.episode_id,
            episode_token=self._ready.episode_token,
            step_index=self._next_index,
            action=action,
            stream_output=stream,
        )
        self._next_index += 1
        return request

    async def close(self) -> None:
        """End it."""
        request = pb.CloseRequest(episode_id=self._ready.episode_id, episode_token=self._ready.episode_token)
        await self._stub.Close(request, timeout=CALL_S)


class Rollout:
    """A stream for the steps of many episodes."""

    def __init__(self, call: Any) -> None:
        self._call = call

    async def step(self, request: pb.StepRequest) -> float:
        """Take one step and time it; nothing else may be under way."""
        began = time.perf_counter()
        await self.send(0, request)
        await self.receive()
        return time.perf_counter() - began

    async def send(self, number: int, request: pb.StepRequest) -> None:
        """Ask for a step."""
        await self._call.write(pb.RolloutRequest(correlation_id=number, step=request))

    async def receive(self) -> int:
        """Wait for the next result; the number of its request."""
        response = await self._call.read()
        assert response is not grpc.aio.EOF  # noqa: S101 - a benchmark measures nothing where something broke
        assert response.HasField("step"), str(response.status)  # noqa: S101 - likewise
        number: int = response.correlation_id
        return number

    async def close(self) -> None:
        """Say that this was all, and see it end."""
        await self._call.done_writing()
        assert await self._call.read() is grpc.aio.EOF  # noqa: S101 - likewise


class Player:
    """A connection to a server."""

    def __init__(self, target: str) -> None:
        self._channel = grpc.aio.insecure_channel(target)
        self._environment = rpc.EnvironmentServiceStub(self._channel)
        self._control = control_pb2_grpc.ControlServiceStub(self._channel)

    async def reset(self, task_id: str = TASK) -> Episode:
        """Open an episode and time the call."""
        began = time.perf_counter()
        async for event in self._environment.Reset(pb.ResetRequest(request_id=str(uuid.uuid4()), task_id=task_id), timeout=CALL_S):
            if event.HasField("ready"):
                return Episode(self._environment, event.ready, time.perf_counter() - began)
        raise AssertionError("a reset ended without `ready`")

    async def bare_step(self) -> float:
        """Time one Step of a server that does nothing."""
        began, seconds = time.perf_counter(), 0.0
        async for _ in self._environment.Step(pb.StepRequest(), timeout=CALL_S):
            seconds = time.perf_counter() - began
        return seconds

    def rollout(self) -> Rollout:
        """Begin a stream for steps."""
        return Rollout(self._environment.Rollout(timeout=CALL_S))

    async def prewarm(self, sandboxes: int) -> int:
        """Ask for warm sandboxes; how many stand ready now."""
        answer = await self._control.Prewarm(control_pb2.PrewarmRequest(task_id=TASK, sandboxes=sandboxes), timeout=CALL_S)
        return answer.ready

    async def close(self) -> None:
        """Hang up."""
        await self._channel.close()
