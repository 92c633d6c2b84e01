"""A server for tests that need no settings of their own."""

from collections.abc import AsyncIterator

import grpc.aio
import pytest
from fake_server import FakeServer, fake_server


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    """A real gRPC server on a port of its own, over fake sandboxes, with default settings."""
    async with fake_server() as running:
        yield running


@pytest.fixture
def channel(server: FakeServer) -> grpc.aio.Channel:
    """A channel to `server`."""
    return server.channel
