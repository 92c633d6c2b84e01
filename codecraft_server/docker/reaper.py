"""The end of containers: removed in the background, retried within bounds, waited for when the server leaves.

Owns every removal and the tasks that do it. Must not know why a container has to go.
"""

import asyncio
import logging
from collections.abc import Coroutine

import docker.errors

from codecraft_server.docker import sweep
from codecraft_server.docker.engine import Engine
from codecraft_server.docker.events import Deaths
from codecraft_server.errors import EngineUnavailableError

_log = logging.getLogger(__name__)

_GRACE_S = 1.0  # for the guest to go by itself, which takes the container with it for less work of the engine
_WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # between tries; together longer than the link lease, which is the last resort


class Reaper:
    """Removes containers. `close` waits for what is under way."""

    def __init__(self, engine: Engine, deaths: Deaths) -> None:
        self._engine = engine
        self._deaths = deaths
        self._tasks: set[asyncio.Task[None]] = set()

    def remove(self, container_id: str) -> None:
        """See to it that this container goes; returns at once."""
        self._own(self._remove(container_id, graceful=True))

    def abandon(self, creating: "asyncio.Future[str]") -> None:
        """See to it that a container goes that is perhaps just being made."""
        self._own(self._abandon(creating))

    def _own(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _abandon(self, creating: "asyncio.Future[str]") -> None:
        await asyncio.wait([creating])
        if not creating.cancelled() and creating.exception() is None:
            await self._remove(creating.result(), graceful=False)

    async def _remove(self, container_id: str, *, graceful: bool) -> None:
        if graceful:
            await self._deaths.died(container_id, _GRACE_S)
        for wait_s in _WAITS_S:
            try:
                await self._engine.call(lambda client: sweep.remove(client, container_id))
            except (docker.errors.APIError, EngineUnavailableError) as error:
                _log.info("container %s could not be removed yet: %s", container_id[:12], error)
                await asyncio.sleep(wait_s)
            else:
                return
        _log.warning("container %s could not be removed; `codecraft-server gc` will", container_id[:12])

    async def close(self, timeout_s: float) -> None:
        """Wait until all is removed, at most this long."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
