"""The reserve: places to grade in, apart from those of episodes, so that full capacity can always grade. Knows no work.

Who finds none free waits in turn. The queue needs no bound of its own: whoever waits belongs to an episode or a call, which are bounded.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Reserve:
    """`places` at once."""

    def __init__(self, places: int) -> None:
        self._free = asyncio.Semaphore(places)  # first come, first served
        self.taken = 0
        self.waiting = 0

    @asynccontextmanager
    async def place(self, on_wait: Callable[[], None]) -> AsyncIterator[None]:
        """Have a place; `on_wait` is told when it has to be waited for."""
        await self._take(on_wait)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
            self._free.release()

    async def _take(self, on_wait: Callable[[], None]) -> None:
        if self._free.locked():
            on_wait()
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
