"""Images that the engine does not have: pulled from a real registry with progress, or refused with the remedy."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace

import docker
import pytest
from contract.sandbox_contract import SPEC, run
from docker_helpers import ours
from registry import LAYER_BYTES, pushed_image, registry

from codecraft_server.docker import DockerSandboxes
from codecraft_server.errors import ImageUnavailableError
from codecraft_server.sandbox import OpenProgress, PullProgress, Sandbox, SandboxSpec, StartProgress

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry on loopback."""
    with registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def pulled(engine_client: docker.DockerClient, address: str) -> Iterator[SandboxSpec]:
    """A spec whose image is in the registry only. To be asked for before the sandboxes, which go first then, and with them what uses it."""
    with pushed_image(engine_client, address, SPEC.image) as reference:
        yield replace(SPEC, image=reference)


async def opened(sandboxes: DockerSandboxes, spec: SandboxSpec, news: list[OpenProgress], name: str = "one") -> Sandbox:
    return await sandboxes.open(spec, name=name, labels={}, progress=news.append)


async def test_a_pull_tells_of_every_layer(pulled: SandboxSpec, docker_sandboxes: DockerSandboxes) -> None:
    """Each layer is reported with its bytes from download to completion, then the start; and the sandbox has the image's files."""
    news: list[OpenProgress] = []
    sandbox = await opened(docker_sandboxes, pulled, news)
    pulls = [one for one in news if isinstance(one, PullProgress)]
    assert {one.image for one in pulls} == {pulled.image}
    complete = {one.layer for one in pulls if one.status in {"Pull complete", "Already exists"}}
    assert len(complete) >= 3
    with_bytes = [one for one in pulls if one.total >= LAYER_BYTES]
    assert len({one.layer for one in with_bytes}) == 2
    assert all(0 <= one.done <= one.total for one in with_bytes)
    assert news[-1] == StartProgress(pulled.image)
    assert (await sandbox.stat(b"/layer1", follow=False)).size == LAYER_BYTES
    assert (await run(sandbox, b"echo pulled")).text() == b"pulled\n"


async def test_one_pull_serves_all_who_wait(pulled: SandboxSpec, docker_sandboxes: DockerSandboxes) -> None:
    """Two opens share a pull, each with its progress; one of them being cancelled does not stop it."""
    told: list[list[OpenProgress]] = [[], [], []]
    opening = [asyncio.create_task(opened(docker_sandboxes, pulled, news, f"n{number}")) for number, news in enumerate(told)]
    async with asyncio.timeout(60):
        while not all(told):  # noqa: ASYNC110 - progress is a plain call
            await asyncio.sleep(0)
    opening[0].cancel()
    sandboxes = await asyncio.gather(*opening[1:])
    assert len(sandboxes) == 2
    assert all(StartProgress(pulled.image) in news for news in told[1:])


async def test_a_cancelled_pull_can_be_made_again(pulled: SandboxSpec, docker_sandboxes: DockerSandboxes) -> None:
    """When nobody waits for a pull any more it is given up, and a later open pulls anew."""
    news: list[OpenProgress] = []
    opening = asyncio.create_task(opened(docker_sandboxes, pulled, news, "cancelled"))
    async with asyncio.timeout(60):
        while not news:  # noqa: ASYNC110 - progress is a plain call
            await asyncio.sleep(0)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    sandbox = await opened(docker_sandboxes, pulled, [], "again")
    assert (await run(sandbox, b"echo again")).text() == b"again\n"


async def test_an_image_that_is_not_there_names_the_remedy(
    docker_sandboxes: DockerSandboxes, address: str, engine_client: docker.DockerClient
) -> None:
    """A registry that does not have the image is told as such, with the image and what to try; nothing is started."""
    with pytest.raises(ImageUnavailableError, match="docker pull") as caught:
        await opened(docker_sandboxes, replace(SPEC, image=f"{address}/no/such:1"), [])
    assert f"{address}/no/such:1" in caught.value.message
    assert await asyncio.to_thread(ours, engine_client) == []


async def test_a_registry_that_is_not_there_names_the_remedy(docker_sandboxes: DockerSandboxes) -> None:
    """Where nobody listens the message says that the registry can't be reached."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ImageUnavailableError, match="can't be reached"):
        await opened(docker_sandboxes, replace(SPEC, image=f"{nobody}/image:1"), [])


async def test_our_own_images_are_never_pulled(docker_sandboxes: DockerSandboxes) -> None:
    """A missing image of ours is to be built: nobody else's of that name is taken."""
    news: list[OpenProgress] = []
    with pytest.raises(ImageUnavailableError, match="make images"):
        await opened(docker_sandboxes, replace(SPEC, image="codecraft/unknown:1"), news)
    assert news == []


async def test_a_name_that_is_none_is_refused(docker_sandboxes: DockerSandboxes) -> None:
    """A reference that the engine can't even read is an unavailable image, not a crash."""
    with pytest.raises(ImageUnavailableError):
        await opened(docker_sandboxes, replace(SPEC, image="Not A Reference"), [])
