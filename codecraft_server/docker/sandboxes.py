"""`DockerSandboxes`: where sandboxes come from, and the owner of everything in this room.

Owns the engine, its events, the warm pool and every container made; leaving it removes them all. Must not know tasks or episodes.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Any, Self

import docker
import docker.errors

from codecraft_server.docker import sweep, volume
from codecraft_server.docker.create import Mark, Tag
from codecraft_server.docker.engine import Engine
from codecraft_server.docker.events import Deaths
from codecraft_server.docker.owner import Ownership, Place
from codecraft_server.docker.pool import WarmPool
from codecraft_server.docker.pull import Images
from codecraft_server.docker.reaper import Reaper
from codecraft_server.docker.sandbox import DockerSandbox
from codecraft_server.docker.start import Means, Starter
from codecraft_server.docker.watchdog import Watchdog
from codecraft_server.errors import ConfigurationError, EngineUnavailableError, SandboxStartError
from codecraft_server.sandbox import OpenProgress, Provided, Sandbox, SandboxSpec
from codecraft_server.settings import SandboxSettings

_log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 0.05  # at containers whose removal is under way
_BOUNDING_DRIVERS = frozenset(
    {"btrfs", "zfs"}
)  # can limit a container's own layer; overlay2 can only on xfs with project quotas, which no API tells


class DockerSandboxes:
    """Implements `sandbox.Sandboxes`. Its own state is made in `__aenter__`; nothing else may be called before."""

    def __init__(self, settings: SandboxSettings, worker: str, place: Place | None = None) -> None:
        """`worker` begins all names; `place` is where owners see each other (default: this user's runtime directory)."""
        self._settings = settings
        self._worker = worker
        self._given_place = place
        self._exit = AsyncExitStack()
        self._engine = Engine(settings.control_threads)
        self._numbers = itertools.count(1)
        self._cold = 0
        self._closing = False

    async def __aenter__(self) -> Self:
        """See `sandbox.Sandboxes.__aenter__`. ConfigurationError where the engine lacks the runtime that is asked for."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._engine.close, self._settings.close_timeout_s)
            await self._engine.connect()
            place, ownership = await asyncio.to_thread(_claim, self._given_place)
            stack.push_async_callback(asyncio.to_thread, ownership.release)
            watchdog = await asyncio.to_thread(Watchdog.start, ownership.lock)
            stack.push_async_callback(asyncio.to_thread, watchdog.end)
            mark = Mark(self._worker, ownership.owner, place.identity)
            self._owner = ownership.owner
            await self._build(mark, stack)
            self._info: dict[str, Any] = await self._engine.call(lambda client: client.info())
            _check_runtime(self._settings.runtime, self._info)
            self._starter.bounded_rootfs = self._info.get("Driver") in _BOUNDING_DRIVERS
            await self._sweep(place)
            self._pool.start()
            self._exit = stack.pop_all()
        return self

    async def _build(self, mark: Mark, stack: AsyncExitStack) -> None:
        deaths = Deaths(self._engine, mark.owner)
        self._idle = asyncio.Event()
        self._idle.set()
        self._reaper = Reaper(self._engine, deaths)
        self._images = Images(self._engine, self._settings.pull_timeout_s)
        self._starter = Starter(Means(self._engine, deaths, self._reaper, self._images), mark, self._settings)
        self._pool = WarmPool(self._make_warm, self._idle, self._settings.max_warm)
        stack.push_async_callback(deaths.close)
        stack.push_async_callback(self._images.close)
        stack.push_async_callback(self._remove_all)
        stack.push_async_callback(self._reaper.close, self._settings.close_timeout_s)
        stack.push_async_callback(self._starter.close, self._settings.close_timeout_s)
        stack.push_async_callback(self._pool.close)
        await deaths.start()

    async def _sweep(self, place: Place) -> None:
        architecture = str(self._info.get("Architecture", ""))
        guest = await self._engine.call(lambda _: volume.guest_for(architecture))
        self._guest_digest = guest.digest
        report = await sweep.sweep(self._engine, place, frozenset({guest.volume}))
        if report.containers or report.volumes:
            _log.info("removed what others left: %s", ", ".join((*report.containers, *report.volumes)))
        for failure in report.failed:
            _log.warning("left by others and not to be removed: %s", failure)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """See `sandbox.Sandboxes.__aexit__`. Takes at most a few times `close_timeout_s`, even if the engine is gone."""
        self._closing = True
        await self._exit.aclose()

    async def _remove_all(self) -> None:
        """The last look: whatever still carries our mark goes, and is seen to be gone."""
        with suppress(EngineUnavailableError, docker.errors.APIError, TimeoutError):
            async with asyncio.timeout(self._settings.close_timeout_s):
                while left := await self._engine.call(lambda client: sweep.owned_by(client, self._owner)):
                    await asyncio.gather(*(self._engine.call(_remover(container)) for container in left))
                    await asyncio.sleep(_LOOK_AGAIN_S)

    async def open(self, spec: SandboxSpec, *, name: str, labels: Mapping[str, str], progress: Callable[[OpenProgress], None]) -> Sandbox:
        """See `sandbox.Sandboxes.open`. NotAllowedError where the operator forbids what the spec asks for."""
        if self._closing:
            raise SandboxStartError("the server is shutting down")
        self._pool.want_at_least(spec, self._settings.warm_per_image)
        warm = await self._pool.claim(spec)
        if warm is not None:
            warm.claim(name)
            return warm
        self._cold += 1
        self._idle.clear()
        try:
            return await self._starter.start(spec, Tag(name, "episode", labels), progress)
        finally:
            self._cold -= 1
            if not self._cold:
                self._idle.set()

    async def _make_warm(self, spec: SandboxSpec) -> DockerSandbox:
        return await self._starter.start(spec, Tag(f"warm-{next(self._numbers)}", "warm", {}), lambda _: None)

    async def provided(self) -> Provided:
        """See `sandbox.Sandboxes.provided`."""
        return Provided(
            guest_digest=self._guest_digest,
            runtime=self._settings.runtime or str(self._info.get("DefaultRuntime", "")),
            writable_rootfs_bounded=self._starter.bounded_rootfs,
            network=self._settings.allow_network,
            warm=self._pool.count,
        )

    def prewarm(self, spec: SandboxSpec, count: int) -> int:
        """See `sandbox.Sandboxes.prewarm`."""
        return self._pool.want(spec, count)

    def ready(self, specs: Sequence[SandboxSpec]) -> int:
        """See `sandbox.Sandboxes.ready`."""
        return self._pool.ready(specs)


def _check_runtime(wanted: str, info: Mapping[str, Any]) -> None:
    """Refuse a runtime that no sandbox could start with.

    The engine does not list containerd's own names, such as io.containerd.runsc.v1.
    """
    known = sorted(info.get("Runtimes") or {})
    if wanted and known and wanted not in known and not {".", "/"} & set(wanted):
        raise ConfigurationError(
            f"the engine has no runtime {wanted!r}; choose one of {', '.join(known)} with --runtime, or install it and restart the engine"
        )


def _claim(place: Place | None) -> tuple[Place, Ownership]:
    place = place or Place.open()
    return place, place.claim()


def _remover(container: str) -> Callable[[docker.DockerClient], None]:
    return lambda client: sweep.remove(client, container)
