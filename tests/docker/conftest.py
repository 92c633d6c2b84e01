"""Real engine, real sandboxes. What every test of this folder stands on, and the check that none of them leaves a container behind."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import docker
import pytest
from contract.sandbox_contract import SPEC
from docker_helpers import WORKER, Opener, wait_until_gone

from codecraft_server.docker import DockerSandboxes
from codecraft_server.docker.engine import connected
from codecraft_server.errors import EngineUnavailableError
from codecraft_server.sandbox import Sandbox, SandboxSpec
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


@pytest.fixture
def settings() -> SandboxSettings:
    """Bounds as shipped, with everything allowed that a task may ask for."""
    return replace(SandboxSettings(), allow_network=True, allow_root=True)


@pytest.fixture
async def docker_sandboxes(settings: SandboxSettings) -> AsyncIterator[DockerSandboxes]:
    """Entered sandboxes of the worker under test."""
    async with DockerSandboxes(settings, WORKER) as sandboxes:
        yield sandboxes


@pytest.fixture
def opened(docker_sandboxes: DockerSandboxes) -> Opener:
    """Opens a sandbox of a spec, busybox by default; `docker_sandboxes` removes it."""

    async def open_one(spec: SandboxSpec = SPEC, name: str = "one") -> Sandbox:
        return await docker_sandboxes.open(spec, name=name, labels={"episode": name}, progress=lambda _: None)

    return open_one
