"""Real engine, real sandboxes. What every test of this folder stands on, and the check that none of them leaves a container behind."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import docker
import pytest
import pytest_asyncio
from desks import WORKER as DESKS_WORKER
from desks import Desks
from docker_helpers import WORKER, Opener, wait_until_gone

from codecraft_server.docker import DockerSandboxes
from codecraft_server.docker.engine import connected
from codecraft_server.errors import EngineUnavailableError
from codecraft_server.settings import SandboxSettings

IMAGES = ("codecraft/busybox:1", "codecraft/debian:1")


@pytest.fixture(scope="session")
def engine_client() -> Iterator[docker.DockerClient]:
    """A docker-py client. Without an engine or our images the tests fail with the remedy: what they check can't be taken on trust."""
    try:
        with connected() as client:
            missing = [image for image in IMAGES if not client.images.list(name=image)]
            if missing:
                pytest.fail(f"the sandbox images {', '.join(missing)} are missing: run `make images`", pytrace=False)
            yield client
    except EngineUnavailableError as error:
        pytest.fail(f"these tests need a Docker Engine: {error}", pytrace=False)


@pytest.fixture(autouse=True)
def no_container_is_left(engine_client: docker.DockerClient) -> Iterator[None]:
    """After each test no container of this run's worker remains."""
    yield
    wait_until_gone(engine_client)


@pytest.fixture(scope="session")
def settings() -> SandboxSettings:
    """Bounds as shipped, with everything allowed that a task may ask for."""
    return replace(SandboxSettings(), allow_network=True, allow_root=True)


@pytest_asyncio.fixture(loop_scope="module")
async def docker_sandboxes(settings: SandboxSettings) -> AsyncIterator[DockerSandboxes]:
    """Entered sandboxes of the worker under test, of a test's own: for those who look at how they come and go."""
    async with DockerSandboxes(settings, WORKER) as sandboxes:
        yield sandboxes


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared_sandboxes(settings: SandboxSettings) -> AsyncIterator[DockerSandboxes]:
    """The same for all tests of a module: to enter them takes the engine as much as to open a sandbox. Such a module has one event loop."""
    async with DockerSandboxes(settings, WORKER) as sandboxes:
        yield sandboxes


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desks(settings: SandboxSettings, engine_client: docker.DockerClient) -> AsyncIterator[Desks]:
    """Agents' sandboxes that outlive a test; none of their containers outlives the module."""
    async with DockerSandboxes(settings, DESKS_WORKER) as sandboxes:
        yield Desks(sandboxes)
    await asyncio.to_thread(wait_until_gone, engine_client, DESKS_WORKER)


@pytest_asyncio.fixture(loop_scope="module")
async def opened(shared_sandboxes: DockerSandboxes, desks: Desks, engine_client: docker.DockerClient) -> AsyncIterator[Opener]:
    """Opens sandboxes of the worker under test; after the test they are closed, and gone."""
    opener = Opener(shared_sandboxes, desks)
    yield opener
    await opener.close()
    await asyncio.to_thread(wait_until_gone, engine_client)  # while the event loop runs, on which they are removed
