"""The contract of all sandboxes, on real containers."""

import asyncio
from collections.abc import AsyncIterator

import docker
import pytest
from contract.sandbox_contract import SandboxContract
from docker_helpers import WORKER

from codecraft_server.docker import DockerSandboxes
from codecraft_server.docker.create import container_name
from codecraft_server.sandbox import Sandbox, Sandboxes
from codecraft_server.settings import SandboxSettings

pytestmark = pytest.mark.docker


class TestDockerSandboxes(SandboxContract):
    """See SandboxContract."""

    @pytest.fixture
    async def sandboxes(self, settings: SandboxSettings) -> AsyncIterator[Sandboxes]:
        """The Docker implementation. On a test's own event loop, as the fakes are."""
        async with DockerSandboxes(settings, WORKER) as sandboxes:
            yield sandboxes

    @pytest.fixture(autouse=True)
    def _client(self, engine_client: docker.DockerClient) -> None:
        self.client = engine_client

    async def lose(self, sandbox: Sandbox) -> None:
        """Kill the container from outside."""
        await asyncio.to_thread(self.client.api.kill, container_name(WORKER, sandbox.name))
