"""What the generated modules wait on instead of `threading`'s: the same names, arguments and results."""

import asyncio
from asyncio import Lock

__all__ = ["Event", "Lock"]


class Event:
    """As threading.Event, for coroutines of one event loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wake all who wait, now and from now on."""
        self._event.set()

    def is_set(self) -> bool:
        """Whether it was set."""
        return self._event.is_set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait until it is set; False where that takes longer."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._event.wait()
        except TimeoutError:
            return False
