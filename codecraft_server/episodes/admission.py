"""Who may have an episode: a bounded number of places, a bounded first-come queue for them. Knows nothing of sandboxes."""

import asyncio
from collections import deque
from collections.abc import Callable

from codecraft_server.errors import NoCapacityError


class Place:
    """A place, or the wait for one. Made by `Admission.ask`; whoever asked must `give_back`, whatever happened."""

    __slots__ = ("_admission", "_granted", "_on_position")

    def __init__(self, admission: "Admission", on_position: Callable[[int], None]) -> None:
        self._admission = admission
        self._on_position = on_position
        self._granted: asyncio.Future[None] | None = None  # made when it has to wait

    async def granted(self) -> None:
        """Wait until it is had."""
        if self._granted is not None:
            await self._granted

    def give_back(self) -> None:
        """Free it for the next, or leave the queue. Idempotent."""
        self._admission._give_back(self)  # noqa: SLF001 - the two are one unit


class Admission:
    """`places` at once, `queue` waiting in order."""

    def __init__(self, places: int, queue: int) -> None:
        self._places = places
        self._queue = queue
        self._taken: set[Place] = set()
        self._waiting: deque[Place] = deque()

    @property
    def taken(self) -> int:
        """Places in use."""
        return len(self._taken)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def ask(self, on_position: Callable[[int], None]) -> Place:
        """Take a place or a number; `on_position` is told the position (1 is next) now and whenever it changes. NoCapacityError."""
        place = Place(self, on_position)
        if len(self._taken) < self._places and not self._waiting:
            self._taken.add(place)
            return place
        if len(self._waiting) >= self._queue:
            raise NoCapacityError(
                f"{len(self._taken)} episodes are open and {len(self._waiting)} wait, which is all this server admits",
                episodes=str(len(self._taken)),
                queued=str(len(self._waiting)),
            )
        place._granted = asyncio.get_running_loop().create_future()  # noqa: SLF001 - the two are one unit
        self._waiting.append(place)
        on_position(len(self._waiting))
        return place

    def _give_back(self, place: Place) -> None:
        if place in self._taken:
            self._taken.remove(place)
        elif place in self._waiting:
            self._waiting.remove(place)
        else:
            return
        self._admit()

    def _admit(self) -> None:
        while self._waiting and len(self._taken) < self._places:
            place = self._waiting.popleft()
            self._taken.add(place)
            granted = place._granted  # noqa: SLF001 - the two are one unit
            if granted is not None and not granted.done():
                granted.set_result(None)
        for position, place in enumerate(self._waiting, start=1):
            place._on_position(position)  # noqa: SLF001 - the two are one unit
