"""How a sandbox comes to be: image, guest volume, container, attach, start, HELLO, CONFIGURE; and how its loss is found out.

Owns the order of these and what is left to do when one fails or is cancelled. Must not know pools or episodes.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import docker
import docker.errors

from codecraft_server.docker import create, pull, volume
from codecraft_server.docker.create import Mark, Tag
from codecraft_server.docker.engine import Engine, create_container
from codecraft_server.docker.events import Deaths
from codecraft_server.docker.frames import FrameType
from codecraft_server.docker.hijack import HijackedStream, HijackError
from codecraft_server.docker.link import GuestRefusalError, Link
from codecraft_server.docker.reaper import Reaper
from codecraft_server.docker.sandbox import DockerSandbox
from codecraft_server.docker.volume import Filling, Guest
from codecraft_server.errors import ConfigurationError, NotAllowedError, SandboxLostError, SandboxStartError
from codecraft_server.sandbox import OpenProgress, SandboxSpec, StartProgress
from codecraft_server.settings import SandboxSettings

_log = logging.getLogger(__name__)

PROTOCOL = 1  # of the guest; docs/guest-protocol.md
_CAUSE_S = 1.0  # how long the engine's word on a death is waited for
_NAME_TRIES = 3
_CONFLICT = 409


class _VolumeMissingError(Exception):
    """A volume that was filled is empty: somebody removed it since."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a start is made with. The owner of all of it closes it, after the starter."""

    engine: Engine
    deaths: Deaths
    reaper: Reaper
    images: pull.Images


class Starter:
    """Makes sandboxes. Every container it ever made goes, when its link is lost, through the reaper.

    Attributes:
        links: All links that stand, by container id.
    """

    def __init__(self, means: Means, mark: Mark, settings: SandboxSettings) -> None:
        self._engine = means.engine
        self._deaths = means.deaths
        self._reaper = means.reaper
        self._images = means.images
        self._mark = mark
        self._settings = settings
        self._filled: set[str] = set()
        self._filling = asyncio.Lock()
        self._starts = asyncio.Semaphore(settings.concurrent_starts)
        self._inquests: set[asyncio.Task[None]] = set()
        self.bounded_rootfs = False
        self.links: dict[str, Link] = {}

    async def start(self, spec: SandboxSpec, tag: Tag, progress: Callable[[OpenProgress], None]) -> DockerSandbox:
        """Make a sandbox. Raises as `Sandboxes.open`; then, and when cancelled, its container is left to the reaper."""
        self._check(spec)
        image = await self._images.ensure(spec.image, progress)
        guest = await self._guest(image.architecture)
        async with self._starts:
            progress(StartProgress(spec.image))
            try:
                return await self._start(spec, tag, image, guest)
            except _VolumeMissingError:
                self._filled.clear()
            try:
                return await self._start(spec, tag, image, guest)
            except _VolumeMissingError:
                raise SandboxStartError(
                    "what it needs is missing from its volumes; `codecraft-server gc` and a restart of the server help"
                ) from None

    def _check(self, spec: SandboxSpec) -> None:
        if spec.network and not self._settings.allow_network:
            raise NotAllowedError("network", "the operator can allow it with --allow-network")
        if spec.root_user and not self._settings.allow_root:
            raise NotAllowedError("root", "the operator can allow it with --allow-root")
        create.check(spec)

    async def _guest(self, architecture: str) -> Guest:
        try:
            return await self._engine.call(lambda _: volume.guest_for(architecture))
        except ConfigurationError as error:
            raise SandboxStartError(error.message) from error

    async def _fill(self, filling: Filling, image_id: str) -> None:
        async with self._filling:
            if filling.volume not in self._filled:
                await self._engine.call(lambda client: volume.fill(client, filling, image_id, self._mark))
                self._filled.add(filling.volume)

    async def _start(self, spec: SandboxSpec, tag: Tag, image: pull.Image, guest: Guest) -> DockerSandbox:
        fillings = [guest.filling, *([volume.names(image.id)] if create.has_own_etc(spec) else [])]
        container_labels = create.labels(self._mark, tag, time.time())
        config = create.container_config(
            spec,
            image.id,
            {filling.target: filling.volume for filling in fillings},
            container_labels,
            runtime=self._settings.runtime,
            bounded_rootfs=self.bounded_rootfs,
        )
        creating: asyncio.Future[str] | None = None
        try:
            async with asyncio.timeout(self._settings.start_timeout_s):
                for filling in fillings:
                    await self._fill(filling, image.id)
                creating = self._engine.submit(lambda client: _create(client, config, create.container_name(self._mark.worker, tag.name)))
                container_id = await asyncio.shield(creating)
                link = await self._boot(container_id, spec, image, guest)
        except BaseException as error:
            if creating is not None:
                self._reaper.abandon(creating)
            failure = _start_error(error, self._settings.start_timeout_s)
            if failure is None:
                raise
            raise failure from error
        capabilities = tuple(name.removeprefix("CAP_") for name in spec.capabilities)
        return DockerSandbox(tag.name, image.id, link, capabilities, self._settings)

    async def _boot(self, container_id: str, spec: SandboxSpec, image: pull.Image, guest: Guest) -> Link:
        """Attach, start and configure; the container of a boot that fails is for the caller to abandon."""
        link = Link(
            lease_s=self._settings.link_lease_s,
            renew_every_s=self._settings.renew_every_s,
            patience_s=self._settings.request_timeout_s,
            on_lost=lambda: self._bury(container_id, stream),
        )
        stream: HijackedStream | None = None
        stream = await self._engine.attach(container_id, link.receive, lambda _: self._inquire(container_id, link))
        link.connect(stream)
        self.links[container_id] = link
        try:
            await self._engine.call(lambda client: _start_container(client, container_id))
            _check_hello(await asyncio.shield(link.hello), guest, has_hosts=create.has_own_etc(spec))
            configuration = create.configuration(spec, image.environment, self._settings.link_lease_s)
            await link.request(FrameType.CONFIGURE, configuration, timeout_s=self._settings.start_timeout_s)
        except BaseException:
            link.lose(SandboxLostError("the sandbox did not come up", "gone"))
            raise
        link.start_renewing()
        return link

    def _bury(self, container_id: str, stream: HijackedStream | None) -> None:
        """The link is lost, by whatever cause: its stream and its container go."""
        self.links.pop(container_id, None)
        if stream is not None:
            stream.close()
        self._reaper.remove(container_id)

    def _inquire(self, container_id: str, link: Link) -> None:
        """The stream ended: find out why, then tell all who wait."""
        if link.lost is None:
            task = asyncio.get_running_loop().create_task(self._inquest(container_id, link))
            self._inquests.add(task)
            task.add_done_callback(self._inquests.discard)

    async def _inquest(self, container_id: str, link: Link) -> None:
        cause, message = await self._deaths.cause(container_id, _CAUSE_S)
        _log.warning("sandbox in container %s lost: %s; last words of its guest: %s", container_id[:12], cause, link.last_words or "none")
        link.lose(SandboxLostError(message, cause))

    async def close(self, timeout_s: float) -> None:
        """Lose every link; the reaper does the rest."""
        for link in tuple(self.links.values()):
            link.send(FrameType.SHUTDOWN, 0)
            link.lose(SandboxLostError("the server is shutting down", "gone"))
        if self._inquests:
            await asyncio.wait(self._inquests, timeout=timeout_s)


def _create(client: docker.DockerClient, config: dict[str, Any], name: str) -> str:
    """Create the container under its name, or a longer one where a predecessor of the same name is not gone yet. Blocks."""
    for attempt in range(_NAME_TRIES):
        try:
            return create_container(client, config, name if not attempt else f"{name}-{secrets.token_hex(3)}")
        except docker.errors.APIError as error:
            if error.status_code != _CONFLICT or attempt == _NAME_TRIES - 1:
                raise
    raise AssertionError


def _start_container(client: docker.DockerClient, container_id: str) -> None:
    try:
        client.api.start(container_id)
    except docker.errors.APIError as error:
        explanation = str(error.explanation)
        if create.GUEST_PROGRAM in explanation and "no such file" in explanation:
            raise _VolumeMissingError from error
        raise


def _check_hello(hello: dict[str, Any], guest: Guest, *, has_hosts: bool) -> None:
    if hello.get("protocol") != PROTOCOL:
        raise SandboxStartError(f"the guest speaks protocol {hello.get('protocol')!r}, not {PROTOCOL}")
    if hello.get("guest") != guest.digest:
        raise SandboxStartError("the guest in the volume is not the one this server came with; `codecraft-server gc` and a restart help")
    if has_hosts and not hello.get("hosts"):
        raise _VolumeMissingError


def _start_error(error: BaseException, timeout_s: float) -> SandboxStartError | None:
    """What `open` raises for this; None for what passes as it is."""
    if isinstance(error, TimeoutError):
        return SandboxStartError(f"the sandbox did not come up within {timeout_s:g} s")
    if isinstance(error, docker.errors.APIError):
        _log.warning("the engine could not start a sandbox: %s", error.explanation or error)
        return SandboxStartError(f"the engine could not start the sandbox (status {error.status_code}); the server's log says why")
    if isinstance(error, HijackError):
        return SandboxStartError(f"the engine did not attach to the sandbox (status {error.status})")
    if isinstance(error, GuestRefusalError):
        return SandboxStartError(f"the sandbox could not be configured: {error.word}: {error.message}")
    if isinstance(error, SandboxLostError):
        return SandboxStartError(f"the sandbox died as it started: {error.message}")
    return None
