"""A real `grpc.aio` server on 127.0.0.1 over fake sandboxes, and short ways to talk to it with nothing but the generated stubs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import grpc
import grpc.aio
from fakes import FakeSandboxes
from google.rpc import error_details_pb2, status_pb2

from codecraft.v1 import control_pb2_grpc, environment_pb2_grpc
from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import types_pb2 as types
from codecraft_server import grading
from codecraft_server.curriculum import Curriculum
from codecraft_server.episodes import Grader
from codecraft_server.sandbox import Limits, SandboxSpec
from codecraft_server.serving import Serving, serving
from codecraft_server.settings import EpisodeSettings, Settings
from codecraft_server.task import Check, CommandCheck, Expected, Match, Task, TaskLimits, Visibility

MIB = 1024 * 1024
SOON_S = 20.0  # by when whatever must happen has happened; far above what it takes
QUICK = EpisodeSettings(reattach_grace_s=0.2, drain_s=0.2)

SPEC = SandboxSpec(  # noqa: S604 - a field of ours
    image="codecraft/busybox:1",
    shell=b"/bin/sh",
    working_dir=b"/workspace",
    limits=Limits(cpus=1.0, memory_bytes=256 * MIB, disk_bytes=64 * MIB, pids=192),
)


def a_task(task_id: str = "1", **changes: Any) -> Task:
    """A task with one shown and one hidden check, both of which pass."""
    said = Expected(Match.EXACT, "Hello, World!\n")
    task = Task(
        task_id=task_id,
        title=f"Task {task_id}",
        category="basics",
        tags=(),
        difficulty=1,
        prerequisites=(),
        description="Say hello.",
        test="It says hello.",
        sandbox=SPEC,
        limits=TaskLimits(steps=100, episode_s=600.0, command_s=60.0, grading_s=60.0, output_bytes=64 * 1024),
        digest=f"digest{task_id}",
        checks=(
            Check("shown", "says hello", 0.5, 10.0, Visibility.RESULT, CommandCheck("echo Hello, World!", stdout=said)),
            Check("secret", "a secret", 0.5, 10.0, Visibility.HIDDEN, CommandCheck("true")),
        ),
    )
    return replace(task, **changes)


@dataclass
class Opened:
    """An episode as a client knows it."""

    server: "FakeServer"
    ready: pb.Ready
    indices: Any = field(default_factory=count)

    @property
    def address(self) -> dict[str, str]:
        """The two fields that name it in every request."""
        return {"episode_id": self.ready.episode_id, "episode_token": self.ready.episode_token}

    def request(self, command: bytes, index: int | None = None, *, stream: bool = True, **how: Any) -> pb.StepRequest:
        """The request of a step that runs a command; the next index unless one is given."""
        return pb.StepRequest(
            **self.address,
            step_index=next(self.indices) if index is None else index,
            action=types.Action(run_command=types.RunCommand(command=command, **how)),
            stream_output=stream,
        )

    async def run(self, command: bytes, **how: Any) -> pb.StepResult:
        """Run a command to its end, output in the result."""
        events = await every(self.server.environment.Step(self.request(command, stream=False, **how), timeout=SOON_S))
        result: pb.StepResult = events[-1].result
        return result


@dataclass
class FakeServer:
    """A server, what stands behind it, and stubs to it."""

    serving: Serving
    sandboxes: "Watched"
    channel: grpc.aio.Channel
    request_ids: Any = field(default_factory=count)

    @property
    def environment(self) -> Any:
        """The stub of what agents may do."""
        return environment_pb2_grpc.EnvironmentServiceStub(self.channel)

    @property
    def control(self) -> Any:
        """The stub of what trainers may do."""
        return control_pb2_grpc.ControlServiceStub(self.channel)

    async def reset(self, task_id: str | None = "1", trainer: str = "") -> Opened:
        """Open an episode."""
        start = {"no_task": pb.NoTask()} if task_id is None else {"task_id": task_id}
        request = pb.ResetRequest(request_id=f"request-{next(self.request_ids)}", trainer=trainer, **start)
        events = await every(self.environment.Reset(request, timeout=SOON_S))
        return Opened(self, events[-1].ready)


async def every(call: Any) -> list[Any]:
    """Everything that a stream yields. At least one event."""
    events = [event async for event in call]
    assert events
    return events


def output_of(events: Iterable[pb.StepResponse]) -> bytes:
    """What was streamed, each piece at the offset where the one before ended."""
    data = b""
    for event in events:
        if event.WhichOneof("event") == "output":
            assert event.output.offset == len(data)
            data += event.output.data
    return data


class Watched(FakeSandboxes):
    """Fake sandboxes that remember how many of them were still open when their owner left them."""

    left_over = -1

    @property
    def open_count(self) -> int:
        """How many are open."""
        return len(self.alive)

    async def __aexit__(self, *failure: Any) -> None:  # noqa: PYI036 - passed on as it came
        self.left_over = self.open_count
        await super().__aexit__(*failure)


@contextlib.asynccontextmanager
async def fake_server(
    tasks: Iterable[Task] = (), *, grader: Grader | None = None, sandboxes: Watched | None = None, **settings: Any
) -> AsyncIterator[FakeServer]:
    """Serve over fake sandboxes; when the episodes have closed, none of them may be open. `settings` are fields of Settings."""
    catalog = Curriculum({task.task_id: task for task in tuple(tasks) or (a_task(),)})
    world = sandboxes or Watched()
    wanted = Settings(port=0, **settings)
    judge = grader or grading.Grader(world, wanted.grading)
    async with serving(wanted, world, catalog, judge, worker="test") as running:
        options = [("grpc.max_send_message_length", 16 * MIB)]
        async with grpc.aio.insecure_channel(running.address, options=options) as channel:
            yield FakeServer(running, world, channel)
    assert world.left_over == 0


@dataclass(frozen=True)
class Refusal:
    """An error status as clients take it apart."""

    code: grpc.StatusCode
    reason: str
    metadata: dict[str, str]
    message: str
    details: list[Any]


async def refusal(call: Any) -> Refusal:
    """The status that a call, unary or stream, must end with instead of its result."""
    try:
        if hasattr(call, "__aiter__"):
            events = [event async for event in call]
            raise AssertionError(f"no error but {events[-1:]}")
        raise AssertionError(f"no error but {await call!r}")
    except grpc.aio.AioRpcError as error:
        return taken_apart(error)


def taken_apart(error: grpc.aio.AioRpcError) -> Refusal:
    """What an error status says; it must have exactly one ErrorInfo of ours."""
    raw = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    assert isinstance(raw, bytes), f"no details: {error}"
    status = status_pb2.Status.FromString(raw)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    infos, details = [], []
    for packed in status.details:
        kind = packed.TypeName().rpartition(".")[2]
        detail = getattr(error_details_pb2, kind)()
        packed.Unpack(detail)
        (infos if kind == "ErrorInfo" else details).append(detail)
    (info,) = infos
    assert info.domain == "codecraft.v1"
    return Refusal(error.code(), info.reason, dict(info.metadata), status.message, details)


async def soon(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Ask until a condition holds: for what tells nobody when it happens. Fails after SOON_S."""
    try:
        async with asyncio.timeout(SOON_S):
            while not await condition():  # noqa: ASYNC110 - it can only be asked
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"not within {SOON_S} s: {what}") from None
