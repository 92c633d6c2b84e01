"""The sandboxes that the corpus is played in: one a shell and user, opened when its first row comes."""

import asyncio
import os
from collections.abc import AsyncIterator

import docker
import pytest
import pytest_asyncio
from docker_helpers import wait_until_gone

from codecraft_server.docker import DockerSandboxes
from codecraft_server.sandbox import Limits, Sandbox, SandboxSpec
from codecraft_server.settings import MIB, SandboxSettings

pytest.register_assert_rewrite("nasty_play")

from nasty_play import House  # noqa: E402 - after its assertions have been made to explain themselves

WORKER = f"nasty{os.getpid()}"  # other runs of these tests on this engine are not looked at
SHELL_OF = {
    "ash": ("codecraft/busybox:1", b"/bin/sh"),
    "dash": ("codecraft/debian:1", b"/bin/dash"),
    "bash": ("codecraft/debian:1", b"/bin/bash"),
}
LIMITS = Limits(cpus=2.0, memory_bytes=192 * MIB, disk_bytes=32 * MIB, pids=256)
ROOT_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID")
"""All that a task could give its root agent short of what none may have."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def nasty_sandboxes(engine_client: docker.DockerClient) -> AsyncIterator[DockerSandboxes]:
    """The Docker room, for the whole module; none of its containers remains."""
    async with DockerSandboxes(SandboxSettings(), WORKER) as sandboxes:
        yield sandboxes
    await asyncio.to_thread(wait_until_gone, engine_client, WORKER)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def house(request: pytest.FixtureRequest, nasty_sandboxes: DockerSandboxes) -> AsyncIterator[House]:
    """The house of one (shell, user)."""
    shell, user = request.param
    image, path = SHELL_OF[shell]
    is_root = user == "root"
    spec = SandboxSpec(
        image=image,
        shell=path,
        working_dir=b"/workspace",
        limits=LIMITS,
        root_user=is_root,
        capabilities=ROOT_CAPABILITIES if is_root else (),
    )

    async def open_sandbox() -> Sandbox:
        return await nasty_sandboxes.open(spec, name=f"nasty-{shell}-{user}", labels={}, progress=lambda _: None)

    made = House(open_sandbox, shell, user)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def no_container_is_left() -> None:
    """What `tests/docker` asks after each test is asked here once, by `nasty_sandboxes`: a sandbox serves many rows."""
