"""An opening episode, from the first Reset with its request id to `Ready`, and how calls follow it.

The opening belongs to itself, not to a call. When the last call is gone before `Ready` was passed on, it is undone after
`reattach_grace_s`, unless a call on the episode shows before that its token was received.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from codecraft_server.clock import Timer
from codecraft_server.episodes import text
from codecraft_server.episodes.admission import Admission
from codecraft_server.episodes.choosing import TaskChoice
from codecraft_server.episodes.episode import Episode
from codecraft_server.episodes.events import Observation, Outcome, Progress, Queued, Ready, ResetEvent, Timing
from codecraft_server.episodes.waiting import Bell, Feed, cancel_soon
from codecraft_server.episodes.workbench import Workbench
from codecraft_server.episodes.world import World
from codecraft_server.errors import SandboxStartError, ShuttingDownError
from codecraft_server.rewards import BY_OUTCOME, RewardTerms
from codecraft_server.task import Task

EVENTS_KEPT = 256  # pulls tell of thousands; a caller that lags misses the older ones

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a Reset asks for, besides being known by its request id. `start` None: no task yet."""

    start: TaskChoice | str | None
    trainer: str = ""
    reward: RewardTerms = BY_OUTCOME


class Opening:
    """One. `task` None: the episode starts without one. `over` is called when it came to nothing."""

    def __init__(
        self,
        world: World,
        admission: Admission,
        wanted: Wanted,
        task: Task | None,
        episode_id: str,
        *,
        make: Callable[["Opening", Workbench], Episode],
        over: Callable[["Opening"], None],
    ) -> None:
        self.wanted = wanted
        self.task = task
        self.episode: Episode | None = None
        self._world = world
        self._episode_id = episode_id
        self._make = make
        self._over = over
        self._ready: Ready | None = None
        self._failure: BaseException | None = None
        self._feed: Feed[Progress] = Feed(EVENTS_KEPT)
        self._bell = Bell()
        self._readers = 0
        self._delivered = False
        self._began = world.clock.monotonic()
        self._began_wall = world.clock.wall()
        self.place = admission.ask(lambda position: self._publish(Queued(position)))
        self._abandoned: Timer | None = world.clock.call_later(world.bounds.reattach_grace_s, self._undo)
        self._work = world.household.spawn(self._open(), f"{episode_id} opening")

    def shut_down(self) -> None:
        """Stop opening; who follows is told that the server shuts down."""
        if self._ready is None and self._failure is None:
            self._failure = ShuttingDownError()
            cancel_soon(self._work)

    async def follow(self) -> AsyncGenerator[ResetEvent, None]:
        """Yield the progress, then `Ready`. May be dropped at any moment. Raises what made it fail."""
        self._readers += 1
        self._call_off()
        position = 0
        try:
            while True:
                if told := self._feed.after(position):
                    yield told[1]
                    position = told[0]
                elif self._ready or (self._failure and self._work.done()):
                    break
                elif not await self._bell.wait(self._world.clock, self._world.bounds.heartbeat_s) and (last := self._feed.last):
                    yield last  # nothing new, all is well
            if self._failure is not None:
                raise self._failure
            if self._ready is not None:
                yield self._ready
                self._delivered = True
        finally:
            self._detach()

    def _detach(self) -> None:
        self._readers -= 1
        if not self._readers and not self._delivered and self._failure is None:
            self._abandoned = self._world.clock.call_later(self._world.bounds.reattach_grace_s, self._undo)

    def _call_off(self) -> None:
        if self._abandoned is not None:
            self._abandoned.cancel()
            self._abandoned = None

    def _undo(self) -> None:
        self._abandoned = None
        if self.episode is None:
            self._failure = SandboxStartError("the opening was given up, for nobody waited for it any more")
            cancel_soon(self._work)
        elif not self.episode.claimed:
            self.episode.end(Outcome.CLOSED)

    def _publish(self, event: Progress) -> None:
        self._feed.publish(event)
        self._bell.ring()

    async def _open(self) -> None:
        bench = Workbench(self._world, self._episode_id)
        try:
            queued_s = await self._start(bench)
            self.episode = self._make(self, bench)
            self._ready = self._made(self.episode, bench, queued_s)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it goes to those who follow
            self._fail(error)
        self._bell.ring()

    async def _start(self, bench: Workbench) -> float:
        """Wait for the place and have the task laid out; returns how long the place was waited for, in seconds."""
        await self.place.granted()
        queued_s = self._world.clock.monotonic() - self._began
        if self.task is not None:
            await bench.start(self.task, self._publish)
        if self._failure is not None:  # given up in the very moment in which it came about
            await bench.close()
            raise self._failure
        return queued_s

    def _fail(self, error: BaseException) -> None:
        self._call_off()
        if self._failure is None:
            self._failure = error if not isinstance(error, asyncio.CancelledError) else ShuttingDownError()
        _log.info("opening failed", extra={"episode": self._episode_id, "error": type(error).__name__})
        self.place.give_back()
        self._over(self)

    def _made(self, episode: Episode, bench: Workbench, queued_s: float) -> Ready:
        clock, sandbox = self._world.clock, bench.sandbox
        view = episode.view()
        return Ready(
            episode_id=episode.episode_id,
            episode_token=episode.token,
            task=self.task,
            image_digest=sandbox.image_digest if sandbox else "",
            observation=Observation(episode.budget, message=text.task_text(self.task) if self.task else text.NO_TASK),
            origin=sandbox.origin if sandbox else None,
            timing=Timing(self._began_wall, clock.monotonic() - self._began, queued_s=queued_s, episode_s_left=view.episode_s_left),
            reward=self.wanted.reward.of(self.task) if self.task else self.wanted.reward,
        )
