"""Servers for the client to talk to."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from blocking import blocking_client
from gymnasium.vector import AutoresetMode
from scripted_service import Script, serve
from worlds import docker_world, fake_world, fake_world_process

from codecraft_client import Client, RetryPolicy, Timeouts
from codecraft_client.gym import CodeCraftVectorEnv

QUICK = RetryPolicy(window_s=5, first_s=0.001, longest_s=0.05)


@pytest.fixture
def script() -> Script:
    """What the scripted server does; to be changed by the test."""
    return Script()


@pytest.fixture
def target(script: Script) -> Iterator[str]:
    """The address of a scripted server."""
    server, address = serve(script)
    yield address
    script.release.set()
    server.stop(None).wait()


@pytest.fixture(params=[Client, blocking_client], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Any:
    """Makes clients: the synchronous one, and the asynchronous one behind its names. What uses it is a contract of both."""
    return request.param


@pytest.fixture
def make_client(target: str, connect: Any) -> Iterator[Callable[..., Client]]:
    """Makes clients of the scripted server, closed at the end."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(connect(target, **{"retry": QUICK, "timeouts": Timeouts(call_s=5), **options}))


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    """A client of the scripted server that retries quickly."""
    return make_client()


@pytest.fixture(scope="session")
def fake_address() -> Iterator[str]:
    """A whole server over fake sandboxes."""
    with fake_world() as address:
        yield address


@pytest.fixture(scope="session")
def process_address() -> Iterator[str]:
    """A whole server over fake sandboxes, in another process; its tasks are those of fake_world_program."""
    with fake_world_process() as address:
        yield address


@pytest.fixture
def make_ours(process_address: str) -> Iterator[Callable[..., CodeCraftVectorEnv]]:
    """Makes vector environments of ours, of task 1 unless told otherwise, and closes them."""
    with ExitStack() as stack:

        def made(number: int, mode: AutoresetMode = AutoresetMode.NEXT_STEP, **arguments: Any) -> CodeCraftVectorEnv:
            arguments = {"target": process_address, "task": "1", "autoreset_mode": mode} | arguments
            return stack.enter_context(closing(CodeCraftVectorEnv(number, **arguments)))

        yield made


@pytest.fixture(scope="session")
def docker_address() -> Iterator[str]:
    """A server process with real containers."""
    with docker_world() as address:
        yield address


@pytest.fixture(params=["fake", pytest.param("docker", marks=pytest.mark.docker)])
def world(request: pytest.FixtureRequest) -> str:
    """The address of a whole server: over fake sandboxes, and with real containers."""
    address: str = request.getfixturevalue(f"{request.param}_address")
    return address
