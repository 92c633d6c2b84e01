"""A clock that stands still until a test turns it."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count


async def settle() -> None:
    """Let everything run that can run without time passing."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)
    # There is no public way to ask whether anything is ready, and a guessed number of rounds makes flaky tests.
    while loop._ready:  # type: ignore[attr-defined]  # noqa: ASYNC110 - it is no event that is waited for
        await asyncio.sleep(0)


class _Timer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeClock:
    """A `Clock` with timers that fire in `advance` only, each at its own time."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._timers: list[tuple[float, int, _Timer]] = []
        self._order = count()

    def monotonic(self) -> float:
        return self._now

    def wall(self) -> float:
        return 1_700_000_000.0 + self._now

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> _Timer:
        timer = _Timer(callback)
        heapq.heappush(self._timers, (self._now + delay_s, next(self._order), timer))
        return timer

    @property
    def pending(self) -> int:
        """Timers that are due some time."""
        return sum(timer.callback is not None for _, _, timer in self._timers)

    async def advance(self, seconds: float) -> None:
        """Let time pass; whatever becomes due happens in order and is given the chance to finish."""
        until = self._now + seconds
        await settle()
        while self._timers and self._timers[0][0] <= until:
            due, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                self._now = max(self._now, due)
                timer.callback()
                await settle()
        self._now = until
        await settle()
