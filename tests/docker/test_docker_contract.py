"""The contract of all sandboxes, on real containers."""

import asyncio

import docker
import pytest
from contract.sandbox_contract import SandboxContract
from docker_helpers import WORKER

from codecraft_server.docker import DockerSandboxes
from codecraft_server.docker.create import container_name
from codecraft_server.sandbox import Sandbox, Sandboxes

pytestmark = pytest.mark.docker


class TestDockerSandboxes(SandboxContract):
    """See SandboxContract."""

    @pytest.fixture
    def sandboxes(self, docker_sandboxes: DockerSandboxes) -> Sandboxes:
        """The Docker implementation."""
        return docker_sandboxes

    @pytest.fixture(autouse=True)
    def _client(self, engine_client: docker.DockerClient) -> None:
        self.client = engine_client

    async def lose(self, sandbox: Sandbox) -> None:
        """Kill the container from outside."""
        await asyncio.to_thread(self.client.api.kill, container_name(WORKER, sandbox.name))
