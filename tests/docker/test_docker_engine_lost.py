"""The engine goes away under live sandboxes, and comes back."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import docker
import pytest
from contract.sandbox_contract import KEPT, SPEC, finish, run
from docker_helpers import WORKER, ours
from engine_proxy import EngineProxy, engine_proxy

from codecraft_server.docker import DockerSandboxes
from codecraft_server.docker.owner import Place
from codecraft_server.errors import EngineUnavailableError, SandboxLostError
from codecraft_server.sandbox import Sandbox
from codecraft_server.settings import SandboxSettings

pytestmark = pytest.mark.docker


@pytest.fixture
async def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EngineProxy]:
    """What `DOCKER_HOST` names in this test."""
    async with engine_proxy(tmp_path) as running:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{running.path}")
        yield running


@pytest.fixture
async def behind_proxy(proxy: EngineProxy, settings: SandboxSettings) -> AsyncIterator[DockerSandboxes]:
    """Sandboxes whose engine can be taken away."""
    async with DockerSandboxes(settings, WORKER) as sandboxes:
        yield sandboxes
        await proxy.cut()
        await proxy.mend()  # so that what is left can be removed


async def opened(sandboxes: DockerSandboxes, name: str) -> Sandbox:
    return await sandboxes.open(SPEC, name=name, labels={}, progress=lambda _: None)


@pytest.mark.alone
async def test_a_lost_engine_is_told_at_once_and_its_return_is_seen(behind_proxy: DockerSandboxes, proxy: EngineProxy) -> None:
    """Everything pending raises at once with the cause `engine`, opening says so, and works again when the engine is back."""
    sandboxes = [await opened(behind_proxy, f"s{number}") for number in range(3)]
    commands = [await sandbox.run(b"sleep 60", session="main", timeout_s=60.0, output=KEPT) for sandbox in sandboxes]
    asked = [asyncio.create_task(finish(command)) for command in commands]
    cut_at = time.monotonic()
    await proxy.cut()
    for one in asked:
        with pytest.raises(SandboxLostError) as caught:
            await one
        assert caught.value.cause == "engine"
    assert time.monotonic() - cut_at < 2.0
    with pytest.raises(SandboxLostError):
        await sandboxes[0].stat(b".", follow=True)
    with pytest.raises(EngineUnavailableError, match="Docker Engine"):
        await opened(behind_proxy, "refused")
    await proxy.mend()
    again = await opened(behind_proxy, "again")
    assert (await run(again, b"echo back")).text() == b"back\n"
    await asyncio.gather(*(sandbox.close() for sandbox in sandboxes))


async def test_causes_are_known_again_after_a_break(
    behind_proxy: DockerSandboxes, proxy: EngineProxy, engine_client: docker.DockerClient
) -> None:
    """The engine's events are subscribed to again after it was gone."""
    await proxy.cut()
    await proxy.mend()
    sandbox = await opened(behind_proxy, "victim")
    command = await sandbox.run(b"sleep 60", session="main", timeout_s=60.0, output=KEPT)
    await asyncio.sleep(2.1)  # until the break no longer counts as a possible cause
    await asyncio.to_thread(engine_client.api.kill, f"codecraft-{WORKER}-victim")
    with pytest.raises(SandboxLostError) as caught:
        await finish(command)
    assert caught.value.cause == "killed"


@pytest.mark.alone
async def test_leaving_without_an_engine_takes_a_bounded_time(
    proxy: EngineProxy, engine_client: docker.DockerClient, tmp_path: Path
) -> None:
    """A server whose engine is gone can still stop, and what it left goes by itself or by the next server's sweep."""
    place = await asyncio.to_thread(Place.open, tmp_path / "run")
    quick = SandboxSettings(close_timeout_s=1.0)
    async with DockerSandboxes(quick, WORKER, place) as sandboxes:
        await opened(sandboxes, "orphan")
        await proxy.cut()
        left_at = time.monotonic()
    assert time.monotonic() - left_at < 6.0
    await proxy.mend()
    assert await asyncio.to_thread(ours, engine_client)
    async with DockerSandboxes(quick, f"{WORKER}n", place):
        assert await asyncio.to_thread(ours, engine_client) == []


async def test_no_engine_at_the_start_names_the_remedy(proxy: EngineProxy, settings: SandboxSettings) -> None:
    """Where no engine answers, entering says what to do."""
    await proxy.cut()
    with pytest.raises(EngineUnavailableError, match="DOCKER_HOST"):
        async with DockerSandboxes(settings, WORKER):
            pytest.fail("entered without an engine")
