"""Time as the rules see it: one Protocol, and the real clock. Tests bring one that they turn by hand. Knows nothing else."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Timer(Protocol):
    """A callback that is due."""

    def cancel(self) -> None:
        """Call it off. Does nothing once it has fired."""
        ...


class Clock(Protocol):
    """Where time comes from. Seconds throughout."""

    def monotonic(self) -> float:
        """Never goes back; only differences mean anything."""
        ...

    def wall(self) -> float:
        """Unix time, for people and for the wire."""
        ...

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Have `callback` called on the running event loop, once, after `delay_s`."""
        ...


class RealClock:
    """The machine's clock and the event loop's timers (one heap for all of them)."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """See Clock."""
        return asyncio.get_running_loop().call_later(delay_s, callback)


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; after `seconds` it is cancelled, waited for, and TimeoutError raised.

    `asyncio.timeout` would do, but it knows only the loop's clock.
    """
    task = asyncio.ensure_future(work)
    expired = False

    def expire() -> None:
        nonlocal expired
        expired = True
        task.cancel()

    timer = clock.call_later(seconds, expire)
    try:
        return await task
    except asyncio.CancelledError:
        if expired:
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
