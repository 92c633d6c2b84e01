"""Keeps the leases of open episodes while models think, and knows which episodes are open. Knows no agent."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from codecraft_client.episode import Episode
from codecraft_client.errors import CodecraftError

RENEWALS = 3  # per lease: one may be lost

log = logging.getLogger("codecraft_client")


class Keeper:
    """Renews leases from a thread of its own, between entering and leaving it."""

    def __init__(self, lease_s: float) -> None:
        self._period_s = lease_s / RENEWALS
        self._open: dict[str, Episode] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew_all, name="codecraft-leases", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop. Episodes are left as they are."""
        self._over.set()
        self._thread.join(self._period_s)

    @contextmanager
    def keeping(self, episode: Episode) -> Iterator[None]:
        """Keep an episode's lease meanwhile."""
        with self._lock:
            self._open[episode.episode_id] = episode
        try:
            yield
        finally:
            with self._lock:
                self._open.pop(episode.episode_id, None)

    def close_all(self) -> None:
        """Close what is open; who is in a step of it gets a DetachedError."""
        for episode in self._episodes():
            try:
                episode.close()
            except CodecraftError as error:
                log.debug("episode %s was left to its lease: %s", episode.episode_id, error)

    def _episodes(self) -> list[Episode]:
        with self._lock:
            return list(self._open.values())

    def _renew_all(self) -> None:
        while not self._over.wait(self._period_s):
            for episode in self._episodes():
                try:
                    episode.status()
                except CodecraftError as error:  # whoever plays it will be told by its next call
                    log.debug("lease of %s was not renewed: %s", episode.episode_id, error)
