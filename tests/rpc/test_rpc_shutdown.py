"""How a server ends: in order, in time, and with nothing left."""

import asyncio
import socket

import grpc
import pytest
from fake_server import QUICK, SOON_S, FakeServer, a_task, every, fake_server, soon
from fakes import FakeGrader, FakeSandboxes
from grpc_health.v1 import health_pb2, health_pb2_grpc

from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import types_pb2 as types
from codecraft_server.curriculum import Curriculum
from codecraft_server.errors import ConfigurationError, CurriculumError
from codecraft_server.serving import ENVIRONMENT, is_loopback, serving
from codecraft_server.settings import EpisodeSettings, RpcSettings, Settings


async def _begun(server: FakeServer, command: bytes) -> object:
    episode = await server.reset()
    call = server.environment.Step(episode.request(command), timeout=SOON_S)
    async for event in call:
        if event.WhichOneof("event") == "output":
            break
    return call


async def test_drain_lets_a_running_step_end() -> None:
    """A step that ends within drain_s is not interrupted, and its client gets the result."""
    async with fake_server(episodes=EpisodeSettings(drain_s=SOON_S)) as server:
        call = await _begun(server, b"echo on; sleep 0.3; echo off")
        draining = asyncio.create_task(server.serving.drain(asyncio.Event()))
        events = await every(call)
        await draining
    assert events[-1].result.observation.command_end.reason == types.END_REASON_EXITED


async def test_drain_interrupts_what_does_not_end() -> None:
    """A step that runs on beyond drain_s is interrupted, and its client gets the result before the connection ends."""
    async with fake_server(episodes=QUICK) as server:
        call = await _begun(server, b"echo on; sleep 60")
        draining = asyncio.create_task(server.serving.drain(asyncio.Event()))
        events = await every(call)
        await draining
    assert events[-1].result.observation.command_end.reason == types.END_REASON_INTERRUPTED


async def test_streams_that_wait_for_requests_end_in_order() -> None:
    """A rollout with nothing under way ends well and at once, one with a step under way after its answer; nobody waits for stop_grace_s."""
    settings = RpcSettings(stop_grace_s=3600.0)
    async with fake_server(episodes=EpisodeSettings(drain_s=SOON_S), rpc=settings) as server:
        idle, busy = server.environment.Rollout(), server.environment.Rollout()
        episode = await server.reset()
        request = episode.request(b"sleep 0.3; echo done")
        request.stream_output = False
        await busy.write(pb.RolloutRequest(correlation_id=7, step=request))
        await idle.write(pb.RolloutRequest(get_episode=pb.GetEpisodeRequest(episode_id="none")))
        await idle.read()
        async with asyncio.timeout(SOON_S):
            await server.serving.drain(asyncio.Event())
        answer = await busy.read()
        assert (answer.correlation_id, answer.step.observation.output) == (7, b"done\n")
        for call in (idle, busy):
            assert await call.read() is grpc.aio.EOF
            assert await call.code() is grpc.StatusCode.OK


async def test_a_second_signal_cuts_draining_short() -> None:
    """With `hurry` set the server does not wait for drain_s."""
    hurry = asyncio.Event()
    async with fake_server(episodes=EpisodeSettings(drain_s=3600.0)) as server:
        call = await _begun(server, b"echo on; sleep 60")
        draining = asyncio.create_task(server.serving.drain(hurry))
        checks = health_pb2_grpc.HealthStub(server.channel)

        async def not_serving() -> bool:
            answer = await checks.Check(health_pb2.HealthCheckRequest())
            return bool(answer.status == health_pb2.HealthCheckResponse.NOT_SERVING)

        await soon(not_serving, "draining")
        async with asyncio.timeout(SOON_S):
            hurry.set()
            await draining
        call.cancel()  # type: ignore[attr-defined]


async def test_health_is_not_serving_while_draining() -> None:
    """Whoever watches is told, for the server as a whole and for its services."""
    async with fake_server(episodes=EpisodeSettings(drain_s=SOON_S)) as server:
        checks = health_pb2_grpc.HealthStub(server.channel)
        watching = checks.Watch(health_pb2.HealthCheckRequest(service=ENVIRONMENT))
        seen = aiter(watching)
        assert (await anext(seen)).status == health_pb2.HealthCheckResponse.SERVING
        call = await _begun(server, b"echo on; sleep 0.3")
        draining = asyncio.create_task(server.serving.drain(asyncio.Event()))
        assert (await anext(seen)).status == health_pb2.HealthCheckResponse.NOT_SERVING
        await every(call)
        watching.cancel()
        await draining


async def test_leaving_with_open_episodes_leaves_no_sandbox() -> None:
    """Idle and busy episodes, also one being opened: the server ends and every sandbox is gone."""
    async with fake_server(episodes=QUICK) as server:
        for _ in range(3):
            await server.reset()
        call = await _begun(server, b"echo on; sleep 60")
        opening = server.environment.Reset(pb.ResetRequest(request_id="last", task_id="1"))
        assert server.sandboxes.open_count >= 4
    assert server.sandboxes.left_over == 0
    call.cancel()  # type: ignore[attr-defined]
    opening.cancel()


async def test_a_stopped_server_refuses_connections() -> None:
    """After the end nothing listens on the port."""
    async with fake_server() as server:
        address = server.serving.address
    async with grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
    assert error.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


async def _serve(settings: Settings, catalog: Curriculum | None = None) -> None:
    catalog = catalog or Curriculum({"1": a_task()})
    async with serving(settings, FakeSandboxes(), catalog, FakeGrader(), worker="test"):
        pytest.fail("it serves")


async def test_a_port_in_use_is_an_error_with_a_remedy() -> None:
    """Two servers never share a port; the message names it and the option."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"127.0.0.1:{port}: Address already in use.*--listen"):
            await _serve(Settings(port=port))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])  # noqa: S104 - to be refused
async def test_remote_listening_is_refused_unless_said_in_so_many_words(host: str) -> None:
    """Any address that is not loopback needs --allow-remote, and the message says so."""
    with pytest.raises(ConfigurationError, match="--allow-remote"):
        await _serve(Settings(host=host, port=0))


async def test_remote_listening_is_allowed_when_asked_for() -> None:
    """With allow_remote the server listens on every address of the machine."""
    settings = Settings(host="0.0.0.0", port=0, allow_remote=True)  # noqa: S104 - what is tested
    async with serving(settings, FakeSandboxes(), Curriculum({"1": a_task()}), FakeGrader(), worker="test") as running:
        assert running.address.startswith("0.0.0.0:")


async def test_a_task_too_large_to_be_told_is_refused_at_start() -> None:
    """The operator learns it, not the first client."""
    with pytest.raises(CurriculumError, match="shorten"):
        await _serve(Settings(port=0), Curriculum({"1": a_task(description="d" * 300_000)}))


def test_loopback_is_what_no_other_machine_reaches() -> None:
    """Addresses are judged by their block, names never but localhost."""
    assert all(map(is_loopback, ["127.0.0.1", "127.8.9.1", "::1", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", ""]))  # noqa: S104 - likewise
