"""The episode lease: what an episode lives on between calls. Knows nothing of episodes.

A renewal only moves a number; one timer per lease (on the loop's own heap) looks at it when it is due and sets itself anew. An idle
episode so costs one wake-up per lease time.
"""

from collections.abc import Callable

from codecraft_server.clock import Clock, Timer


class Lease:
    """Expires `lease_s` after the last renewal, never while held."""

    __slots__ = ("_clock", "_deadline", "_holders", "_lease_s", "_on_expired", "_timer")

    def __init__(self, clock: Clock, lease_s: float, on_expired: Callable[[], None]) -> None:
        self._clock = clock
        self._lease_s = lease_s
        self._on_expired = on_expired
        self._holders = 0
        self._deadline = clock.monotonic() + lease_s
        self._timer: Timer | None = clock.call_later(lease_s, self._due)

    def renew(self) -> None:
        """Count from now."""
        self._deadline = self._clock.monotonic() + self._lease_s

    def hold(self) -> None:
        """Keep it from expiring until as many `release`s."""
        self._holders += 1

    def release(self) -> None:
        """Let go; the last one renews."""
        self._holders -= 1
        self.renew()

    def cancel(self) -> None:
        """Never expire."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def left_s(self) -> float:
        """Seconds until it expires if nobody renews it."""
        return self._lease_s if self._holders else max(0.0, self._deadline - self._clock.monotonic())

    def _due(self) -> None:
        left_s = self.left_s
        if left_s > 0:
            self._timer = self._clock.call_later(left_s, self._due)
        else:
            self._timer = None
            self._on_expired()
