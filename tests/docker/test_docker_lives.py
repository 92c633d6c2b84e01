"""How sandboxes come and go: cold and warm, cancelled, killed, out of memory, left behind by a server that died."""

import asyncio
import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import docker
import docker.errors
import pytest
from contract.sandbox_contract import KEPT, MIB, SPEC, finish, run
from docker_helpers import WORKER, Opener, ours, remove_etc, until, wait_until_gone
from watchdogs import watchdogs_of

from codecraft_server.docker import DockerSandboxes, volume
from codecraft_server.docker.create import Mark, Tag, container_name, labels
from codecraft_server.docker.engine import create_container
from codecraft_server.docker.owner import Place
from codecraft_server.errors import ConfigurationError, NotAllowedError, SandboxLostError, SandboxStartError
from codecraft_server.sandbox import EndReason, OpenProgress, Origin, SandboxSpec, StartProgress
from codecraft_server.settings import SandboxSettings

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]


# Coming


async def test_a_cold_start_says_so(docker_sandboxes: DockerSandboxes) -> None:
    """Without a warm sandbox one is started, and progress tells."""
    news: list[OpenProgress] = []
    sandbox = await docker_sandboxes.open(SPEC, name="cold", labels={}, progress=news.append)
    assert sandbox.origin is Origin.COLD
    assert news == [StartProgress(SPEC.image)]


async def test_a_warm_one_is_claimed_and_replaced(docker_sandboxes: DockerSandboxes) -> None:
    """A prewarmed sandbox is handed out under the new name, works, and the level is reached again."""
    assert docker_sandboxes.prewarm(SPEC, 2) == 0
    await until(lambda: docker_sandboxes.ready([SPEC]) == 2)
    news: list[OpenProgress] = []
    sandbox = await docker_sandboxes.open(SPEC, name="claimed", labels={}, progress=news.append)
    assert (sandbox.name, sandbox.origin, news) == ("claimed", Origin.WARM, [])
    assert (await run(sandbox, b"echo warm")).text() == b"warm\n"
    await until(lambda: docker_sandboxes.ready([SPEC]) == 2)
    assert (await docker_sandboxes.provided()).warm == 2
    docker_sandboxes.prewarm(SPEC, 0)
    await until(lambda: docker_sandboxes.ready([SPEC]) == 0)


async def test_a_warm_one_that_died_is_not_handed_out(docker_sandboxes: DockerSandboxes, engine_client: docker.DockerClient) -> None:
    """Who claims gets a living sandbox, though the warm one was killed meanwhile."""
    docker_sandboxes.prewarm(SPEC, 1)
    await until(lambda: docker_sandboxes.ready([SPEC]) == 1)
    await asyncio.to_thread(engine_client.api.kill, container_name(WORKER, "warm-1"))
    sandbox = await docker_sandboxes.open(SPEC, name="living", labels={}, progress=lambda _: None)
    assert (await run(sandbox, b"echo alive")).text() == b"alive\n"
    docker_sandboxes.prewarm(SPEC, 0)


async def test_many_open_at_once(docker_sandboxes: DockerSandboxes) -> None:
    """More opens than may start at once all succeed, each with a sandbox of its own."""
    names = [f"n{number}" for number in range(10)]
    opened = await asyncio.gather(*(docker_sandboxes.open(SPEC, name=name, labels={}, progress=lambda _: None) for name in names))
    for sandbox in opened:
        await sandbox.write_file(b"name", sandbox.name.encode(), mode=None, offset=None)
    contents = [(await sandbox.read_file(b"name", offset=0, max_bytes=100)).data.decode() for sandbox in opened]
    assert contents == names


async def test_what_this_kind_can_do_is_told(docker_sandboxes: DockerSandboxes) -> None:
    """Guest, runtime and network are those in use."""
    provided = await docker_sandboxes.provided()
    assert provided.guest_digest == volume.guest_for("amd64").digest
    assert (provided.runtime, provided.network, provided.warm) == ("runc", True, 0)


@pytest.mark.parametrize("spec", [replace(SPEC, network=True), replace(SPEC, root_user=True)], ids=["network", "root"])
async def test_what_the_operator_forbids_is_not_started(spec: SandboxSpec) -> None:
    """A sandbox that wants what the operator did not allow is refused before anything is made."""
    async with DockerSandboxes(SandboxSettings(allow_network=False, allow_root=False), WORKER) as sandboxes:
        with pytest.raises(NotAllowedError):
            await sandboxes.open(spec, name="refused", labels={}, progress=lambda _: None)


async def test_a_missing_shell_is_a_failed_start(opened: Opener) -> None:
    """An image without the task's shell says so, and leaves nothing."""
    with pytest.raises(SandboxStartError, match="configured"):
        await opened(replace(SPEC, shell=b"/bin/zsh"))  # noqa: S604 - a path in the sandbox


async def test_a_runtime_that_the_engine_lacks_is_refused_at_once() -> None:
    """Not every Reset finds out, but the operator, who is told which there are."""
    with pytest.raises(ConfigurationError, match=r"'no-such-runtime'; choose one of .*runc"):
        async with DockerSandboxes(SandboxSettings(runtime="no-such-runtime"), WORKER):
            pytest.fail("no sandbox could ever start here")


async def test_an_unknown_runtime_is_a_failed_start(engine_client: docker.DockerClient) -> None:
    """A runtime the engine does not have fails the start without a trace."""
    async with DockerSandboxes(SandboxSettings(runtime="io.containerd.no-such.v1"), WORKER) as sandboxes:
        with pytest.raises(SandboxStartError):
            await sandboxes.open(SPEC, name="refused", labels={}, progress=lambda _: None)
        await asyncio.to_thread(wait_until_gone, engine_client)


def exists(client: docker.DockerClient) -> bool:
    return bool(ours(client))


def runs(client: docker.DockerClient) -> bool:
    try:
        return bool(client.containers.get(container_name(WORKER, "cancelled")).attrs["State"]["Running"])
    except docker.errors.NotFound:
        return False


@pytest.mark.parametrize("moment", [exists, runs], ids=["created", "running"])
async def test_a_cancelled_open_leaves_nothing(
    docker_sandboxes: DockerSandboxes, engine_client: docker.DockerClient, moment: Callable[[docker.DockerClient], bool]
) -> None:
    """An open that is cancelled as soon as its container is there, or runs, removes it."""
    opening = asyncio.create_task(docker_sandboxes.open(SPEC, name="cancelled", labels={}, progress=lambda _: None))
    while not opening.done() and not await asyncio.to_thread(moment, engine_client):
        pass
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    if not opening.cancelled():
        await opening.result().close()
    await asyncio.to_thread(wait_until_gone, engine_client)


@pytest.mark.parametrize("delay_ms", [0, 5, 20, 40, 60, 80, 100, 130, 160, 200])
async def test_open_may_be_cancelled_at_any_moment(
    docker_sandboxes: DockerSandboxes, engine_client: docker.DockerClient, delay_ms: int
) -> None:
    """Wherever in its course an open is cancelled, it ends at once and its container goes."""
    opening = asyncio.create_task(docker_sandboxes.open(SPEC, name="cancelled", labels={}, progress=lambda _: None))
    await asyncio.wait([opening], timeout=delay_ms / 1000)
    opening.cancel()
    await asyncio.wait_for(asyncio.gather(opening, return_exceptions=True), 1.0)
    if not opening.cancelled():
        await opening.result().close()
    await asyncio.to_thread(wait_until_gone, engine_client)


# Dying


async def test_a_killed_sandbox_is_lost_with_its_cause(opened: Opener, engine_client: docker.DockerClient) -> None:
    """A container killed from outside is lost with the cause `killed`."""
    sandbox = await opened()
    command = await sandbox.run(b"sleep 60", session="main", timeout_s=60.0, output=KEPT)
    await asyncio.to_thread(engine_client.api.kill, container_name(WORKER, sandbox.name))
    with pytest.raises(SandboxLostError) as caught:
        await finish(command)
    assert caught.value.cause == "killed"


async def test_a_child_out_of_memory_is_the_learners_doing(opened: Opener) -> None:
    """When the kernel kills a program of the agent's, the sandbox lives and the command says so."""
    sandbox = await opened(replace(SPEC, limits=replace(SPEC.limits, memory_bytes=64 * MIB, disk_bytes=16 * MIB)))
    done = await run(sandbox, b"x=a; while :; do x=$x$x; done", timeout_s=30.0)
    assert done.end.reason is EndReason.OUT_OF_MEMORY
    assert (await run(sandbox, b"echo on")).text() == b"on\n"


async def test_a_guest_out_of_memory_is_a_lost_sandbox(opened: Opener, engine_client: docker.DockerClient) -> None:
    """When nothing but the guest is left to kill, the sandbox is lost: by the kernel, or given up where that goes on looking for memory."""
    sandbox = await opened(replace(SPEC, limits=replace(SPEC.limits, memory_bytes=128 * MIB, disk_bytes=64 * MIB)))
    assert (await run(sandbox, b"head -c 31000000 /dev/zero >/workspace/full")).end.exit_code == 0
    squeezed = 38 * MIB  # what lies in the tmpfs can't be freed, so that the next megabytes must be the guest's last
    name = container_name(WORKER, sandbox.name)
    await asyncio.to_thread(lambda: engine_client.api.update_container(name, mem_limit=squeezed, memswap_limit=squeezed))

    async def write_on() -> None:
        for number in range(3):
            await sandbox.write_file(b"/tmp/more%d" % number, bytes(4 * MIB), mode=None, offset=None)

    with pytest.raises(SandboxLostError) as caught:
        await write_on()
    assert caught.value.cause in {"oom", "gone"}


# Going


async def test_leaving_removes_everything(settings: SandboxSettings, engine_client: docker.DockerClient) -> None:
    """Leaving the block removes open and warm sandboxes, busy ones too."""
    async with DockerSandboxes(settings, WORKER) as sandboxes:
        busy = await sandboxes.open(SPEC, name="busy", labels={}, progress=lambda _: None)
        command = await busy.run(b"sleep 60", session="main", timeout_s=60.0, output=KEPT)
        sandboxes.prewarm(replace(SPEC, working_dir=b"/warm"), 2)
        await until(lambda: sandboxes.ready([replace(SPEC, working_dir=b"/warm")]) == 2)
    assert await asyncio.to_thread(ours, engine_client) == []
    with pytest.raises(SandboxLostError):
        await finish(command)


async def test_what_was_created_and_never_started_goes_too(engine_client: docker.DockerClient, tmp_path: Path) -> None:
    """A container whose server was killed before it had started it has no guest: the watchdog removes it, and the dead one's lock file."""
    worker = f"{WORKER}c"
    command = [sys.executable, str(Path(__file__).with_name("killed_while_creating.py")), worker]
    environment = {"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)}

    def make_and_kill() -> None:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            assert len(ours(engine_client, worker)) == 1
            assert len(locks()) == 1
            process.kill()

    def locks() -> list[Path]:
        return list((tmp_path / "codecraft").glob("*.lock"))

    await asyncio.to_thread(make_and_kill)
    await asyncio.to_thread(wait_until_gone, engine_client, worker)
    assert locks() == []


async def test_the_watchdog_goes_with_its_server(settings: SandboxSettings) -> None:
    """Who leaves in order leaves no process behind."""
    before = await asyncio.to_thread(watchdogs_of, os.getpid())
    async with DockerSandboxes(settings, WORKER):
        during = await asyncio.to_thread(watchdogs_of, os.getpid())
    assert len(during) == len(before) + 1
    assert await asyncio.to_thread(watchdogs_of, os.getpid()) == before


async def test_two_servers_leave_each_other_alone(settings: SandboxSettings) -> None:
    """A second server that starts and stops on the same engine touches nothing of the first."""
    async with DockerSandboxes(settings, WORKER) as first:
        sandbox = await first.open(SPEC, name="first", labels={}, progress=lambda _: None)
        async with DockerSandboxes(settings, f"{WORKER}s") as second:
            other = await second.open(SPEC, name="first", labels={}, progress=lambda _: None)
            assert (await run(other, b"echo two")).text() == b"two\n"
        assert (await run(sandbox, b"echo one")).text() == b"one\n"


def leave_behind(client: docker.DockerClient, place: Place, name: str, *, expired: bool = False, elsewhere: bool = False) -> None:
    """A container as a server leaves it that dies between create and start."""
    ownership = place.claim()
    ownership.release()
    mark = Mark(WORKER, ownership.owner, "another place" if elsewhere else place.identity)
    made = labels(mark, Tag(name, "episode", {}), now=0.0 if expired else 4e9)
    create_container(client, {"Image": SPEC.image, "Labels": made, "Cmd": ["true"]}, container_name(WORKER, name))


async def test_what_a_dead_server_left_is_swept(settings: SandboxSettings, engine_client: docker.DockerClient) -> None:
    """A server that starts removes what a dead one created, and of other machines' what has expired, but no more."""
    place = await asyncio.to_thread(Place.open)
    await asyncio.to_thread(leave_behind, engine_client, place, "dead")
    await asyncio.to_thread(leave_behind, engine_client, place, "expired", expired=True, elsewhere=True)
    await asyncio.to_thread(leave_behind, engine_client, place, "foreign", elsewhere=True)
    try:
        async with DockerSandboxes(settings, WORKER):
            assert await asyncio.to_thread(ours, engine_client) == [container_name(WORKER, "foreign")]
    finally:
        await asyncio.to_thread(engine_client.api.remove_container, container_name(WORKER, "foreign"), force=True)


# The guest's volume


@pytest.fixture
def odd_guest(monkeypatch: pytest.MonkeyPatch) -> volume.Guest:
    """A guest that no volume holds yet: the real one with a few bytes behind its end."""
    real = volume.guest_for("amd64")
    content = real.content + b"\0test"
    guest = volume.Guest(content, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(volume, "guest_for", lambda _architecture: guest)
    return guest


def collected(client: docker.DockerClient, name: str) -> list[str]:
    """Collect as another server would that keeps all volumes but this one; returns what went."""
    return volume.collect(client, frozenset({found.name for found in client.volumes.list() if found.name != name}))


def collect_only(client: docker.DockerClient, name: str) -> None:
    """Collect this volume as another server would, and see that it is gone."""
    collected(client, name)
    with pytest.raises(docker.errors.NotFound):
        client.volumes.get(name)


@pytest.mark.alone
async def test_the_guests_volume_is_filled_once_by_many(
    odd_guest: volume.Guest, settings: SandboxSettings, engine_client: docker.DockerClient
) -> None:
    """Several servers that find no volume at once all get sandboxes with a whole guest; unused, the volume is collected."""

    async def serve(worker: str) -> bytes:
        async with DockerSandboxes(settings, worker) as sandboxes:
            sandbox = await sandboxes.open(SPEC, name="v", labels={}, progress=lambda _: None)
            return (await run(sandbox, b"sha256sum /.codecraft/codecraft-guest")).text()

    shown = await asyncio.gather(*(serve(f"{WORKER}v{number}") for number in range(4)))
    assert {line.split()[0].decode() for line in shown} == {odd_guest.digest}
    await asyncio.to_thread(collect_only, engine_client, odd_guest.volume)


@pytest.mark.alone
async def test_a_collected_volume_is_filled_again(
    odd_guest: volume.Guest, settings: SandboxSettings, engine_client: docker.DockerClient
) -> None:
    """When another server collected the volume between two starts, the next start fills it again."""
    async with DockerSandboxes(settings, WORKER) as sandboxes:
        first = await sandboxes.open(SPEC, name="first", labels={}, progress=lambda _: None)
        await first.close()
        await asyncio.to_thread(wait_until_gone, engine_client)
        await asyncio.to_thread(collect_only, engine_client, odd_guest.volume)
        second = await sandboxes.open(SPEC, name="second", labels={}, progress=lambda _: None)
        assert (await run(second, b"echo filled")).text() == b"filled\n"
    await asyncio.to_thread(collect_only, engine_client, odd_guest.volume)


# The volumes with /etc


@pytest.fixture
def own_image(engine_client: docker.DockerClient) -> Iterator[str]:
    """The id of an image that nobody else has. To be asked for before the sandboxes, which go first then."""
    container = engine_client.containers.create(SPEC.image)
    image = container.commit("codecraft-test-etc", WORKER, message=WORKER)
    container.remove()
    yield str(image.id)
    with contextlib.suppress(docker.errors.ImageNotFound):
        engine_client.images.remove(image.id, force=True)
    remove_etc(engine_client, str(image.id))


async def hosts_in(sandboxes: DockerSandboxes, image: str, name: str) -> bytes:
    """Of a sandbox with this image, /etc/hosts and the first line of /etc/passwd; the sandbox is closed afterwards."""
    sandbox = await sandboxes.open(replace(SPEC, image=image), name=name, labels={}, progress=lambda _: None)
    try:
        return (await run(sandbox, b"cat /etc/hosts; head -n 1 /etc/passwd")).text()
    finally:
        await sandbox.close()


HOSTS = b"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 sandbox\nroot:x:0:0:root:/root:/bin/sh\n"


async def test_a_volume_that_was_removed_is_filled_again(
    own_image: str, docker_sandboxes: DockerSandboxes, engine_client: docker.DockerClient
) -> None:
    """When somebody removes a volume that a server has filled, as `docker volume prune` does, the next sandbox has all of its /etc."""
    assert await hosts_in(docker_sandboxes, own_image, "first") == HOSTS
    await asyncio.to_thread(wait_until_gone, engine_client)
    await asyncio.to_thread(lambda: engine_client.volumes.get(volume.names_volume(own_image)).remove())
    assert await hosts_in(docker_sandboxes, own_image, "second") == HOSTS


@pytest.mark.parametrize("left", [b"", b"127.0.0.1 loc"], ids=["no hosts", "half of hosts"])
async def test_a_volume_that_was_left_half_filled_is_made_anew(
    left: bytes, own_image: str, docker_sandboxes: DockerSandboxes, engine_client: docker.DockerClient
) -> None:
    """What a server left that died while it filled a volume is not taken for whole: it may lack files of the image."""

    def leave() -> None:
        half = replace(volume.names(own_image), files=(("shadow", b"", 0o644), ("hosts", left, 0o644)), beside=False)
        volume.fill(engine_client, half, own_image, Mark(WORKER, "dead", "place"))

    await asyncio.to_thread(leave)
    assert await hosts_in(docker_sandboxes, own_image, "whole") == HOSTS


async def test_a_volume_goes_after_its_image(own_image: str, docker_sandboxes: DockerSandboxes, engine_client: docker.DockerClient) -> None:
    """As long as the engine has the image its volume stays, and then goes with the next sweep."""
    await hosts_in(docker_sandboxes, own_image, "one")
    await asyncio.to_thread(wait_until_gone, engine_client)

    name = volume.names_volume(own_image)
    assert await asyncio.to_thread(collected, engine_client, name) == []
    await asyncio.to_thread(engine_client.images.remove, own_image, force=True)
    assert await asyncio.to_thread(collected, engine_client, name) == [name]
