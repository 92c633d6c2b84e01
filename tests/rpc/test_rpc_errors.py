"""Every reason that a client can provoke comes with its code, its details and nothing of the host."""

import asyncio
from collections.abc import Mapping
from typing import Any

import grpc
import pytest
from fake_server import QUICK, SOON_S, FakeServer, Opened, Refusal, a_task, every, fake_server, refusal
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import types_pb2 as types
from codecraft_server import errors
from codecraft_server.settings import EpisodeSettings

CODE = grpc.StatusCode


def retry_s(refused: Refusal) -> list[float]:
    """After how many seconds RetryInfo says to come back."""
    infos = [detail for detail in refused.details if isinstance(detail, error_details_pb2.RetryInfo)]
    return [info.retry_delay.ToTimedelta().total_seconds() for info in infos]


async def test_unknown_task(server: FakeServer) -> None:
    """TASK_NOT_FOUND, from GetTask, Reset and Prewarm alike."""
    for call in (
        server.environment.GetTask(pb.GetTaskRequest(task_id="99")),
        server.environment.Reset(pb.ResetRequest(request_id="r", task_id="99")),
        server.control.Prewarm(ctl.PrewarmRequest(task_id="99", sandboxes=1)),
    ):
        refused = await refusal(call)
        assert (refused.code, refused.reason, refused.metadata) == (CODE.NOT_FOUND, "TASK_NOT_FOUND", {"task_id": "99"})


def _calls(server: FakeServer, address: Mapping[str, str]) -> list[Any]:
    """Every call that names an episode."""
    stub, act = server.environment, types.Action(text="{}")
    return [
        stub.Step(pb.StepRequest(**address, action=act)),
        stub.Submit(pb.SubmitRequest(**address)),
        stub.Resume(pb.ResumeRequest(**address)),
        stub.Interrupt(pb.InterruptRequest(**address)),
        stub.WriteStdin(pb.WriteStdinRequest(**address)),
        stub.GetEpisode(pb.GetEpisodeRequest(**address)),
        stub.Close(pb.CloseRequest(**address)),
    ]


async def test_unknown_episode(server: FakeServer) -> None:
    """EPISODE_NOT_FOUND, from every call that names one."""
    for call in _calls(server, {"episode_id": "test-nobody", "episode_token": "t"}):
        refused = await refusal(call)
        assert (refused.code, refused.reason) == (CODE.NOT_FOUND, "EPISODE_NOT_FOUND")
        assert refused.metadata == {"episode_id": "test-nobody"}


@pytest.mark.parametrize("token", ["", "wrong", "é"])
async def test_wrong_episode_token(server: FakeServer, token: str) -> None:
    """WRONG_EPISODE_TOKEN, from every call that needs one; the episode does not notice."""
    episode = await server.reset()
    for call in _calls(server, episode.address | {"episode_token": token}):
        refused = await refusal(call)
        assert (refused.code, refused.reason) == (CODE.PERMISSION_DENIED, "WRONG_EPISODE_TOKEN")
        assert episode.ready.episode_token not in str(refused)
    assert (await episode.run(b"echo hi")).observation.output == b"hi\n"


async def test_ended_episode(server: FakeServer) -> None:
    """EPISODE_ENDED with the outcome, from Step and Submit of a closed episode."""
    episode = await server.reset()
    await server.environment.Close(pb.CloseRequest(**episode.address))
    for call in (server.environment.Step(episode.request(b"true")), server.environment.Submit(pb.SubmitRequest(**episode.address))):
        refused = await refusal(call)
        assert (refused.code, refused.reason) == (CODE.FAILED_PRECONDITION, "EPISODE_ENDED")
        assert "closed" in refused.metadata["outcome"].lower()


async def test_step_out_of_order(server: FakeServer) -> None:
    """STEP_OUT_OF_ORDER with the expected index; nothing was run."""
    episode = await server.reset()
    refused = await refusal(server.environment.Step(episode.request(b"true", 5)))
    assert (refused.code, refused.reason) == (CODE.FAILED_PRECONDITION, "STEP_OUT_OF_ORDER")
    assert refused.metadata == {"expected": "0", "got": "5"}


async def test_step_conflict(server: FakeServer) -> None:
    """STEP_CONFLICT when an index comes again with another action."""
    episode = await server.reset()
    await episode.run(b"echo one")
    refused = await refusal(server.environment.Step(episode.request(b"echo two", 0)))
    assert (refused.code, refused.reason, refused.metadata) == (CODE.ALREADY_EXISTS, "STEP_CONFLICT", {"step_index": "0"})


async def _running(server: FakeServer, command: bytes, **how: Any) -> tuple[Opened, Any]:
    """An episode whose step 0 runs and has printed something, and its call."""
    episode = await server.reset()
    call = server.environment.Step(episode.request(command, **how), timeout=SOON_S)
    async for event in call:
        if event.WhichOneof("event") == "output":
            break
    return episode, call


async def test_step_in_progress(server: FakeServer) -> None:
    """STEP_IN_PROGRESS while another step runs."""
    episode, call = await _running(server, b"echo on; sleep 60")
    refused = await refusal(server.environment.Step(episode.request(b"true", 1)))
    assert (refused.code, refused.reason, refused.metadata) == (CODE.ABORTED, "STEP_IN_PROGRESS", {"running": "0"})
    call.cancel()


async def test_no_step_running(server: FakeServer) -> None:
    """NO_STEP_RUNNING from Interrupt and WriteStdin when nothing runs that they could act on."""
    episode = await server.reset()
    for call in (
        server.environment.Interrupt(pb.InterruptRequest(**episode.address, step_index=0)),
        server.environment.WriteStdin(pb.WriteStdinRequest(**episode.address, step_index=0, data=b"x")),
    ):
        refused = await refusal(call)
        assert (refused.code, refused.reason) == (CODE.FAILED_PRECONDITION, "NO_STEP_RUNNING")


async def test_step_not_found(server: FakeServer) -> None:
    """STEP_NOT_FOUND from Resume of a step that never was."""
    episode = await server.reset()
    refused = await refusal(server.environment.Resume(pb.ResumeRequest(**episode.address, step_index=3)))
    assert (refused.code, refused.reason, refused.metadata) == (CODE.NOT_FOUND, "STEP_NOT_FOUND", {"step_index": "3"})


async def test_output_not_kept() -> None:
    """OUTPUT_NOT_KEPT names the first byte from which on Resume works, and from there it does."""
    async with fake_server(episodes=EpisodeSettings(resume_window_bytes=64 * 1024)) as server:
        episode = await server.reset()
        events = await every(server.environment.Step(episode.request(b"seq 1 100000")))
        end = events[-1].result.observation.command_end.out_bytes
        refused = await refusal(server.environment.Resume(pb.ResumeRequest(**episode.address, step_index=0)))
        assert (refused.code, refused.reason) == (CODE.OUT_OF_RANGE, "OUTPUT_NOT_KEPT")
        first = int(refused.metadata["first_kept_offset"])
        resumed = await every(server.environment.Resume(pb.ResumeRequest(**episode.address, step_index=0, out_offset=first)))
        assert 0 < end - first <= 128 * 1024
        assert sum(len(event.event.output.data) for event in resumed) == end - first


async def test_request_id_conflict(server: FakeServer) -> None:
    """REQUEST_ID_CONFLICT when a request id comes again for something else."""
    await every(server.environment.Reset(pb.ResetRequest(request_id="same", task_id="1")))
    refused = await refusal(server.environment.Reset(pb.ResetRequest(request_id="same", no_task=pb.NoTask())))
    assert (refused.code, refused.reason, refused.metadata) == (CODE.ALREADY_EXISTS, "REQUEST_ID_CONFLICT", {"request_id": "same"})


async def test_no_capacity() -> None:
    """NO_CAPACITY with RetryInfo when all places are taken and nobody may wait; after a Close there is room."""
    async with fake_server(episodes=EpisodeSettings(max_episodes=1, max_queued_resets=0)) as server:
        episode = await server.reset()
        refused = await refusal(server.environment.Reset(pb.ResetRequest(request_id="second", task_id="1")))
        assert (refused.code, refused.reason, retry_s(refused)) == (CODE.RESOURCE_EXHAUSTED, "NO_CAPACITY", [1.0])
        await server.environment.Close(pb.CloseRequest(**episode.address))
        await server.reset()


async def test_shutting_down() -> None:
    """SHUTTING_DOWN with RetryInfo for a Reset while the server drains; GetServerInfo still answers."""
    async with fake_server(episodes=QUICK) as server:
        await server.serving.episodes.drain(0.0)
        refused = await refusal(server.environment.Reset(pb.ResetRequest(request_id="late", task_id="1")))
        assert (refused.code, refused.reason, retry_s(refused)) == (CODE.UNAVAILABLE, "SHUTTING_DOWN", [5.0])
        assert (await server.environment.GetServerInfo(pb.GetServerInfoRequest())).worker == "test"


@pytest.mark.parametrize(
    ("error", "code", "reason", "retry"),
    [
        (errors.EngineUnavailableError("the Docker Engine does not answer"), CODE.UNAVAILABLE, "ENGINE_UNAVAILABLE", [2.0]),
        (errors.ImageUnavailableError("x/y", "not found", "Pull it."), CODE.FAILED_PRECONDITION, "IMAGE_UNAVAILABLE", []),
        (errors.SandboxStartError("it did not start"), CODE.UNAVAILABLE, "SANDBOX_START_FAILED", [1.0]),
        (errors.NotAllowedError("network", "Use --allow-network."), CODE.FAILED_PRECONDITION, "NOT_ALLOWED", []),
    ],
)
async def test_what_the_world_under_it_can_not_do(
    error: errors.CodecraftError, code: grpc.StatusCode, reason: str, retry: list[float]
) -> None:
    """Each failure of the engine, an image or a start is its own reason, with the remedy in the message; the place is free again."""
    async with fake_server(episodes=EpisodeSettings(max_episodes=1, max_queued_resets=0)) as server:
        server.sandboxes.failures = [error, error]
        for request_id in ("first", "second"):
            refused = await refusal(server.environment.Reset(pb.ResetRequest(request_id=request_id, task_id="1")))
            assert (refused.code, refused.reason, retry_s(refused), refused.message) == (code, reason, retry, error.message)


async def test_task_setup_failed() -> None:
    """TASK_SETUP_FAILED when a setup command of the task fails; its sandbox is gone."""
    async with fake_server([a_task(setup=("exit 3",))]) as server:
        refused = await refusal(server.environment.Reset(pb.ResetRequest(request_id="r", task_id="1")))
        assert (refused.code, refused.reason, refused.metadata) == (CODE.FAILED_PRECONDITION, "TASK_SETUP_FAILED", {"task_id": "1"})
        assert server.sandboxes.open_count == 0


async def test_stdin_full(server: FakeServer) -> None:
    """STDIN_FULL with RetryInfo when a command does not read what it is sent; nothing of that call was taken."""
    episode, call = await _running(server, b"echo on; sleep 60", stdin_open=True)
    offset = 0
    async with asyncio.timeout(SOON_S):
        while True:
            request = pb.WriteStdinRequest(**episode.address, step_index=0, offset=offset, data=b"x" * 65_536)
            try:
                offset = (await server.environment.WriteStdin(request)).accepted_offset
            except grpc.aio.AioRpcError:
                break
    refused = await refusal(server.environment.WriteStdin(request))
    assert (refused.code, refused.reason, retry_s(refused)) == (CODE.RESOURCE_EXHAUSTED, "STDIN_FULL", [0.1])
    call.cancel()


async def test_too_many_readers() -> None:
    """TOO_MANY_READERS when more calls attach to one step than may."""
    async with fake_server(episodes=EpisodeSettings(readers_per_step=1)) as server:
        episode, call = await _running(server, b"echo on; sleep 60")
        refused = await refusal(server.environment.Resume(pb.ResumeRequest(**episode.address, step_index=0)))
        assert (refused.code, refused.reason, retry_s(refused)) == (CODE.RESOURCE_EXHAUSTED, "TOO_MANY_READERS", [1.0])
        call.cancel()


def _acting(**kind: Any) -> dict[str, Any]:
    return {"action": types.Action(**kind)}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "action.kind"),
        (_acting(run_command=types.RunCommand(timeout=Duration())), "action.run_command.timeout"),
        (_acting(run_command=types.RunCommand(timeout=Duration(seconds=-1))), "action.run_command.timeout"),
        (_acting(run_command=types.RunCommand(timeout=Duration(seconds=61))), "action.run_command.timeout"),
        (_acting(run_command=types.RunCommand(session="no blanks")), "action.run_command.session"),
        (_acting(run_command=types.RunCommand(session="s" * 65)), "action.run_command.session"),
        (_acting(run_command=types.RunCommand(stdin=b"x" * (512 * 1024 + 1))), "action.run_command.stdin"),
        (_acting(write_file=types.WriteFile(path=b"p", content=b"x" * 900_001)), "action.write_file.content"),
        (_acting(write_file=types.WriteFile(path=b"p", mode=0o10000)), "action.write_file.mode"),
        (_acting(write_file=types.WriteFile(path=b"p", offset=-1)), "action.write_file.offset"),
        (_acting(read_file=types.ReadFile(path=b"p", offset=-1)), "action.read_file.offset"),
        (_acting(read_file=types.ReadFile(path=b"p", max_bytes=900_001)), "action.read_file.max_bytes"),
        (_acting(list_files=types.ListFiles(depth=17)), "action.list_files.depth"),
        (_acting(list_files=types.ListFiles(max_entries=10_001)), "action.list_files.max_entries"),
        (_acting(text="x" * 1_000_001), "action.text"),
    ],
)
async def test_invalid_fields_of_a_step(server: FakeServer, fields: dict[str, Any], field: str) -> None:
    """INVALID_FIELD names the field in ErrorInfo and BadRequest alike; the step was not taken."""
    episode = await server.reset()
    refused = await refusal(server.environment.Step(pb.StepRequest(**episode.address, step_index=0, **fields)))
    (bad,) = (detail for detail in refused.details if isinstance(detail, error_details_pb2.BadRequest))
    assert (refused.code, refused.reason, refused.metadata) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", {"field": field})
    assert [violation.field for violation in bad.field_violations] == [field]
    assert (await episode.run(b"echo hi")).observation.output == b"hi\n"


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("Reset", pb.ResetRequest(request_id="r"), "start"),
        ("Reset", pb.ResetRequest(task_id="1"), "request_id"),
        ("Reset", pb.ResetRequest(request_id="r" * 129, task_id="1"), "request_id"),
        ("ListTasks", pb.ListTasksRequest(page_size=-1), "page_size"),
        ("ListTasks", pb.ListTasksRequest(page_token="AAAA"), "page_token"),
    ],
)
async def test_invalid_fields_of_other_calls(server: FakeServer, method: str, request_: Any, field: str) -> None:
    """INVALID_FIELD names the field, whichever call it is."""
    refused = await refusal(getattr(server.environment, method)(request_))
    assert (refused.code, refused.reason, refused.metadata) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", {"field": field})


@pytest.mark.parametrize(
    ("method", "fields", "field"),
    [
        ("Interrupt", {"grace": Duration(seconds=11)}, "grace"),
        ("Interrupt", {"grace": Duration(seconds=-1)}, "grace"),
        ("WriteStdin", {"offset": -1}, "offset"),
        ("WriteStdin", {"data": b"x" * 65_537}, "data"),
        ("Resume", {"out_offset": -1}, "out_offset"),
        ("Resume", {"out_offset": 1 << 40}, "out_offset"),
    ],
)
async def test_invalid_fields_of_calls_on_a_step(server: FakeServer, method: str, fields: dict[str, Any], field: str) -> None:
    """INVALID_FIELD names the field also where a step runs."""
    episode, call = await _running(server, b"echo on; cat", stdin_open=True)
    request = getattr(pb, f"{method}Request")(**episode.address, step_index=0, **fields)
    refused = await refusal(getattr(server.environment, method)(request))
    assert (refused.code, refused.reason, refused.metadata) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", {"field": field})
    call.cancel()
