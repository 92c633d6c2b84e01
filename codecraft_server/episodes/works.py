"""The works that are kept to be judged again: of episodes that are being judged as long as that takes, of ended ones for a time, bounded.

Owns them: closes what it lets go. Knows nothing of what is in them.
"""

from collections import OrderedDict

from codecraft_server.clock import Clock, Timer
from codecraft_server.episodes.waiting import Household
from codecraft_server.grading import Work
from codecraft_server.settings import GradingSettings


class Works:
    """By episode. A work ages from `let_age` on, and not while it is held."""

    def __init__(self, clock: Clock, bounds: GradingSettings, household: Household) -> None:
        self._clock = clock
        self._bounds = bounds
        self._household = household
        self._works: dict[str, Work] = {}
        self._aging: OrderedDict[str, Timer] = OrderedDict()  # the one that aged longest first
        self._holders: dict[str, int] = {}

    def keep(self, episode_id: str, work: Work) -> None:
        """Take a work over, held."""
        self._works[episode_id] = work
        self._holders[episode_id] = 1

    def hold(self, episode_id: str) -> Work | None:
        """Return a work that is kept, and keep it until as many `let_age`s."""
        work = self._works.get(episode_id)
        if work is not None:
            self._holders[episode_id] += 1
            if timer := self._aging.pop(episode_id, None):
                timer.cancel()
        return work

    def let_age(self, episode_id: str) -> None:
        """It is no longer used."""
        if episode_id not in self._works:
            return
        self._holders[episode_id] -= 1
        if self._holders[episode_id]:
            return
        self._aging[episode_id] = self._clock.call_later(self._bounds.work_kept_s, lambda: self._drop(episode_id))
        while len(self._aging) > self._bounds.works_kept or self._bytes > self._bounds.work_bytes:
            self._drop(next(iter(self._aging)))

    @property
    def _bytes(self) -> int:
        return sum(self._works[episode_id].size for episode_id in self._aging)

    def _drop(self, episode_id: str) -> None:
        self._aging.pop(episode_id).cancel()
        del self._holders[episode_id]
        self._household.spawn(self._works.pop(episode_id).close(), f"{episode_id} work")

    async def aclose(self) -> None:
        """Close all; nobody uses them any more."""
        for timer in self._aging.values():
            timer.cancel()
        self._aging.clear()
        self._holders.clear()
        while self._works:
            await self._works.popitem()[1].close()
