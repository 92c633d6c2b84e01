"""What the Docker tests share: looking at the engine from outside."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable

import docker
import docker.errors
from contract.sandbox_contract import SPEC
from desks import Desks

from codecraft_server.docker import volume
from codecraft_server.docker.create import LABEL
from codecraft_server.sandbox import Sandbox, Sandboxes, SandboxSpec

WORKER = f"test{os.getpid()}"  # several runs may share an engine
GONE_WITHIN_S = 15.0


class Opener:
    """Opens sandboxes for one test, which are closed with it."""

    def __init__(self, sandboxes: Sandboxes, desks: Desks) -> None:
        self._sandboxes = sandboxes
        self._made: list[Sandbox] = []
        self.desks = desks

    async def __call__(self, spec: SandboxSpec = SPEC, name: str = "one") -> Sandbox:
        """Open a sandbox of a spec, busybox by default."""
        self._made.append(await self._sandboxes.open(spec, name=name, labels={"episode": name}, progress=lambda _: None))
        return self._made[-1]

    async def close(self) -> None:
        """Close them."""
        await asyncio.gather(*(sandbox.close() for sandbox in self._made))


def ours(client: docker.DockerClient, worker: str = WORKER) -> list[str]:
    """Names of all containers this worker's sandboxes have, in whatever state."""
    found = client.api.containers(all=True, filters={"label": [f"{LABEL}=1"]})
    names = [str((container["Names"] or [container["Id"]])[0]).lstrip("/") for container in found]
    return [name for name in names if name.startswith(f"codecraft-{worker}-")]


def wait_until_gone(client: docker.DockerClient, worker: str = WORKER, within_s: float = GONE_WITHIN_S) -> None:
    """Return when the worker has no container any more; fail when that takes too long."""
    deadline = time.monotonic() + within_s
    while left := ours(client, worker):
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.1)


def remove_etc(client: docker.DockerClient, image_id: str) -> None:
    """Remove the volume that sandboxes of an image had, if any had; none may be left."""
    with contextlib.suppress(docker.errors.NotFound):
        client.volumes.get(volume.names_volume(image_id)).remove()


async def until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    """Return when the condition holds; fail when that takes too long."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the engine has no event for what is waited for
            await asyncio.sleep(0.05)
