"""When to try again: pure decisions, no clock and no sleep of their own. The caller brings the time (seconds of any monotonic clock)."""

import random
from dataclasses import dataclass

from codecraft_client.errors import CodecraftError, ConnectionLostError, DeadlineExceededError, StdinFullError, TooManyReadersError

TRANSIENT = (ConnectionLostError, DeadlineExceededError, TooManyReadersError, StdinFullError)
"""What goes away by itself. Everything this client repeats is idempotent by request id, step index or offset."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a lost connection is won back. Times in seconds.

    Attributes:
        window_s: How long to keep trying without any progress. Longer than the server's reattach_grace makes sense: what a command came to
            is kept, also when it was interrupted for want of a listener. 0: never try again.
        first_s: Largest wait before the first new attempt; it doubles from attempt to attempt,
        longest_s: up to this.
        attempts: Attempts without progress at the most.
    """

    window_s: float = 30.0
    first_s: float = 0.05
    longest_s: float = 2.0
    attempts: int = 50


NEVER = RetryPolicy(window_s=0.0, attempts=0)


class Backoff:
    """Exponential backoff with jitter over one call and its repeats.

    Waits are drawn from the upper half of the step, so that many clients of one lost server neither come back at once nor at no time at all
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, "equal jitter").
    """

    def __init__(self, policy: RetryPolicy, chance: random.Random | None = None) -> None:
        self._policy = policy
        self._uniform = (chance or random).uniform  # the module's own generator is another one after a fork
        self._attempts = 0
        self._since: float | None = None

    def progressed(self) -> None:
        """Something new has arrived: the count begins anew."""
        self._attempts = 0
        self._since = None

    def wait(self, error: CodecraftError, now: float) -> float:
        """Return the seconds to wait before the next attempt; raise `error` where another one makes no sense."""
        if not isinstance(error, TRANSIENT):
            raise error
        self._since = now if self._since is None else self._since
        if self._attempts >= self._policy.attempts or now - self._since >= self._policy.window_s:
            raise error
        step: float = min(self._policy.longest_s, self._policy.first_s * 2**self._attempts)
        self._attempts += 1
        return max(error.retry_after_s or 0.0, self._uniform(step / 2, step))
