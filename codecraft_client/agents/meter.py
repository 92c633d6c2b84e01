"""What an episode has cost so far, held against its budget. Knows no model and no episode."""

import time
from collections.abc import Callable

from codecraft_client.agents.protocol import Budget, Stop


class Meter:
    """Counts steps, tokens and seconds. `steps_most` is the task's own limit."""

    def __init__(self, budget: Budget, steps_most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget = budget
        # One step is kept back: the one that uses up an episode ends it before the work could be submitted.
        most = max(0, steps_most - 1)
        self.steps_most = most if budget.steps is None else min(most, budget.steps)
        self._clock = clock
        self._began = clock()
        self.steps = 0
        self.tokens = 0

    @property
    def steps_left(self) -> int:
        """How many more there may be."""
        return max(0, self.steps_most - self.steps)

    def exhausted(self) -> Stop | None:
        """Return what is used up."""
        if not self.steps_left:
            return Stop.STEPS
        if self._budget.tokens is not None and self.tokens >= self._budget.tokens:
            return Stop.TOKENS
        if self._budget.seconds is not None and self._clock() - self._began >= self._budget.seconds:
            return Stop.TIME
        return None
