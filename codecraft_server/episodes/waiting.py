"""How calls wait for work that is not theirs: a bell that wakes them, a feed they follow at their own pace, and the owner of tasks.

Knows nothing of episodes.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

from codecraft_server.clock import Clock
from codecraft_server.errors import CodecraftError

_log = logging.getLogger(__name__)

E = TypeVar("E")
T = TypeVar("T")


class Bell:
    """Wakes everyone who waits, without a task or a lock. Whoever is woken looks for himself."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[bool]] = set()

    def ring(self) -> None:
        """Wake all who wait at this moment."""
        if self._waiters:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(True)
            self._waiters.clear()

    async def wait(self, clock: Clock, timeout_s: float) -> bool:
        """Return True at the next ring, False after `timeout_s` without one."""
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        timer = clock.call_later(timeout_s, lambda: None if waiter.done() else waiter.set_result(False))
        try:
            return await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)


class Feed(Generic[E]):
    """The latest events of some work. A follower holds a position; one that falls behind what is kept goes on with the oldest kept."""

    __slots__ = ("_events", "_next")

    def __init__(self, kept: int) -> None:
        self._events: deque[E] = deque(maxlen=kept)
        self._next = 0

    def publish(self, event: E) -> None:
        """Add an event; the oldest goes when there are too many."""
        self._events.append(event)
        self._next += 1

    def after(self, position: int) -> tuple[int, E] | None:
        """The first kept event at or after `position` and the position after it; None when there is none yet."""
        if position >= self._next:
            return None
        first = self._next - len(self._events)
        position = max(position, first)
        return position + 1, self._events[position - first]

    @property
    def last(self) -> E | None:
        """The newest event."""
        return self._events[-1] if self._events else None


class Household:
    """The tasks of one owner. None is forgotten, and none outlives `aclose`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Start a task that belongs here. Its errors of our tree are for its waiters; any other is a defect and logged."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, CodecraftError):
            _log.error("task broke", exc_info=error, extra={"task": task.get_name()})

    async def finish(self) -> None:
        """Wait until every task has ended by itself. Cancelling this cancels none of them."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def aclose(self) -> None:
        """Cancel what still runs and wait for it."""
        await asyncio.sleep(0)  # see `cancel_soon`
        for task in self._tasks:
            task.cancel()
        await self.finish()


def cancel_soon(task: asyncio.Task[Any]) -> None:
    """Cancel a task after its first step: one that is cancelled before it never runs at all, its `finally`s included."""
    asyncio.get_running_loop().call_soon(task.cancel)
