"""The warm pool: started, never-used sandboxes that stand ready, per spec, refilled while nobody waits for a cold start.

Owns those sandboxes until they are claimed. Must not know how one is made. One refill runs at a time, so that it never takes more
than one of the engine's few starts a second away from those who wait.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence

from codecraft_server.docker.sandbox import DockerSandbox
from codecraft_server.errors import CodecraftError, SandboxLostError
from codecraft_server.sandbox import FileProblem, SandboxSpec

_log = logging.getLogger(__name__)

_PROBE_S = 2.0  # a warm sandbox that does not answer within this is not warm
_RETRY_S = 1.0
_MAX_RETRY_S = 60.0


class WarmPool:
    """See above. `start` once, `close` at the end; all on one loop."""

    def __init__(self, make: Callable[[SandboxSpec], Awaitable[DockerSandbox]], idle: asyncio.Event, max_warm: int) -> None:
        """`idle` is set while nobody waits for a cold start; `max_warm` bounds all sandboxes that stand ready."""
        self._make = make
        self._idle = idle
        self._max_warm = max_warm
        self._levels: OrderedDict[SandboxSpec, int] = OrderedDict()  # wanted; most recently used last
        self._ready: dict[SandboxSpec, deque[DockerSandbox]] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to refill."""
        self._task = asyncio.create_task(self._refill(), name="warm-pool")

    def want(self, spec: SandboxSpec, count: int) -> int:
        """Have `count` of this spec stand ready from now on; returns how many do."""
        self._levels[spec] = max(0, min(count, self._max_warm))
        self._levels.move_to_end(spec)
        self._changed.set()
        return self.ready([spec])

    def want_at_least(self, spec: SandboxSpec, count: int) -> None:
        """The same for a spec that is in use, without lowering what was asked for."""
        if self._levels.get(spec, 0) or count:
            self.want(spec, max(count, self._levels.get(spec, 0)))

    def ready(self, specs: Sequence[SandboxSpec]) -> int:
        """How many of these stand ready."""
        return sum(sandbox.alive for spec in set(specs) for sandbox in self._ready.get(spec, ()))

    @property
    def count(self) -> int:
        """How many stand ready, of all specs."""
        return self.ready(tuple(self._ready))

    async def claim(self, spec: SandboxSpec) -> DockerSandbox | None:
        """One that answers, or None. It is the caller's from then on."""
        waiting = self._ready.get(spec)
        while waiting:
            sandbox = waiting.popleft()
            self._changed.set()
            if await _answers(sandbox):
                return sandbox
        return None

    def targets(self) -> dict[SandboxSpec, int]:
        """How many of each spec shall stand ready: what is wanted, the most recently used first, as long as it fits."""
        left = self._max_warm
        targets = {}
        for spec in reversed(self._levels):
            targets[spec] = min(self._levels[spec], left)
            left -= targets[spec]
        return targets

    async def _refill(self) -> None:
        retry_s = _RETRY_S
        while True:
            self._changed.clear()
            spec = await self._trim()
            if spec is None:
                await self._changed.wait()
                continue
            await self._idle.wait()
            try:
                sandbox = await self._make(spec)
            except CodecraftError as error:
                _log.warning("no warm sandbox of %s: %s", spec.image, error)
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, _MAX_RETRY_S)
            else:
                retry_s = _RETRY_S
                self._ready.setdefault(spec, deque()).append(sandbox)

    async def _trim(self) -> SandboxSpec | None:
        """Close what stands ready in vain; return a spec that lacks one."""
        targets = self.targets()
        lacking = None
        for spec in tuple(self._ready):
            living = deque(sandbox for sandbox in self._ready[spec] if sandbox.alive)
            while len(living) > targets.get(spec, 0):
                await living.popleft().close()
            self._ready[spec] = living
        for spec, target in targets.items():
            if lacking is None and len(self._ready.get(spec, ())) < target:
                lacking = spec
        for spec in [spec for spec, level in self._levels.items() if not level]:
            del self._levels[spec]
        return lacking

    async def close(self) -> None:
        """Stop refilling and close what stands ready."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for waiting in self._ready.values():
            while waiting:
                await waiting.popleft().close()


async def _answers(sandbox: DockerSandbox) -> bool:
    try:
        async with asyncio.timeout(_PROBE_S):
            await sandbox.stat(b"/", follow=True)
    except (SandboxLostError, FileProblem, TimeoutError):
        await sandbox.close()
        return False
    except BaseException:
        await sandbox.close()
        raise
    return True
