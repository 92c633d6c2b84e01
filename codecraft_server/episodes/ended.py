"""The episodes that are over and still remembered: for a time, and bounded in number and bytes. Knows nothing of calls."""

from collections import OrderedDict

from codecraft_server.clock import Clock
from codecraft_server.episodes.episode import Episode
from codecraft_server.settings import EpisodeSettings


class Ended:
    """In the order in which they ended. What is too old is dropped when the next one is added or looked for."""

    def __init__(self, clock: Clock, bounds: EpisodeSettings) -> None:
        self._clock = clock
        self._bounds = bounds
        self._episodes: OrderedDict[str, Episode] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._bytes = 0

    def add(self, episode: Episode) -> None:
        """Remember one; of its steps only the last, whose output stays for whoever lost the line in that moment."""
        episode.records.keep_last()
        self._episodes[episode.episode_id] = episode
        self._episodes.move_to_end(episode.episode_id)  # it may end once more, when it is judged again
        self.weigh(episode)
        self._clock.call_later(self._bounds.reattach_grace_s, lambda: self._let_output_go(episode))
        self._purge()

    def get(self, episode_id: str) -> Episode | None:
        """Return one that is remembered."""
        self._purge()
        return self._episodes.get(episode_id)

    def all(self) -> list[Episode]:
        """Return all that are remembered."""
        return list(self._episodes.values())

    def weigh(self, episode: Episode) -> None:
        """Count anew what it holds."""
        if episode.episode_id in self._episodes:
            size = episode.records.kept_bytes
            self._bytes += size - self._sizes.get(episode.episode_id, 0)
            self._sizes[episode.episode_id] = size

    def _let_output_go(self, episode: Episode) -> None:
        episode.records.keep_last()
        episode.records.forget_output()
        self.weigh(episode)

    def _purge(self) -> None:
        oldest_s = self._clock.monotonic() - self._bounds.result_kept_s
        while self._episodes and (
            len(self._episodes) > self._bounds.ended_kept or next(iter(self._episodes.values())).ended_at <= oldest_s
        ):
            self._drop_oldest()
        for episode in list(self._episodes.values()) if self._bytes > self._bounds.ended_bytes else ():
            self._let_output_go(episode)  # rather that than a result
            if self._bytes <= self._bounds.ended_bytes:
                return
        while self._bytes > self._bounds.ended_bytes:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        episode_id, _ = self._episodes.popitem(last=False)
        self._bytes -= self._sizes.pop(episode_id)
