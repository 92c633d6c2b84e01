"""All episodes of a server: opens, finds, remembers and closes them. What calls on one episode mean, the episode itself says."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable, Iterable
from types import TracebackType
from typing import Self

from codecraft_server.clock import Clock, RealClock, within
from codecraft_server.curriculum import Curriculum
from codecraft_server.episodes.admission import Admission
from codecraft_server.episodes.choosing import TaskChoice, check_choice, choose
from codecraft_server.episodes.ended import Ended
from codecraft_server.episodes.episode import Episode
from codecraft_server.episodes.events import (
    Action,
    EpisodeView,
    Load,
    Outcome,
    RegradeEvent,
    ResetEvent,
    StepEvent,
    StepResult,
    SubmitEvent,
)
from codecraft_server.episodes.fields import check_grace, check_request_id, check_reward, check_stdin, check_trainer
from codecraft_server.episodes.opening import Opening, Wanted
from codecraft_server.episodes.regrading import regrade
from codecraft_server.episodes.statistics import Statistics, TaskStatistics
from codecraft_server.episodes.steps import StepRun
from codecraft_server.episodes.waiting import Household
from codecraft_server.episodes.workbench import Workbench
from codecraft_server.episodes.works import Works
from codecraft_server.episodes.world import SHUTDOWN, Grader, World
from codecraft_server.errors import (
    EpisodeNotFoundError,
    InvalidFieldError,
    RequestIdConflictError,
    ShuttingDownError,
    TaskNotFoundError,
)
from codecraft_server.rewards import BY_OUTCOME, RewardTerms
from codecraft_server.sandbox import Sandboxes, SandboxSpec
from codecraft_server.settings import Settings
from codecraft_server.task import Task

_log = logging.getLogger(__name__)


class Episodes:
    """An async context manager: leaving it ends every episode and waits until their sandboxes are gone.

    `reset`, `step`, `resume` and `submit` return generators that may be dropped at any moment; close them (`aclosing`) to be counted out
    at once. Errors are those of `errors`, raised by the call or by its first event; once draining, `ShuttingDownError` from all that
    begins something.
    """

    def __init__(
        self, sandboxes: Sandboxes, curriculum: Curriculum, grader: Grader, settings: Settings, worker: str, *, clock: Clock | None = None
    ) -> None:
        """`worker` is what ids of episodes start with. `sandboxes` is entered and left by its owner, around this."""
        self._clock = clock or RealClock()
        self._household = Household()
        self._regradings = Household()  # gradings of ended episodes, which nothing waits for
        self._statistics = Statistics(settings.statistics)
        works = Works(self._clock, settings.grading, self._household)
        self._world = World(sandboxes, curriculum, grader, settings, self._clock, self._household, works, self._statistics)
        self._specs = _specs(curriculum)
        self._worker = worker
        self._admission = Admission(settings.episodes.max_episodes, settings.episodes.max_queued_resets)
        self._openings: dict[str, Opening] = {}  # by request id, as long as the opening or its episode lives
        self._open: dict[str, Episode] = {}  # oldest first
        self._ended = Ended(self._clock, settings.episodes)
        self._draining = False

    @property
    def curriculum(self) -> Curriculum:
        """What may be played, and by what is graded again."""
        return self._world.curriculum

    def replace_curriculum(self, curriculum: Curriculum) -> None:
        """Have another one from now on. Episodes keep the task they were opened with."""
        self._world.curriculum = curriculum
        self._specs = _specs(curriculum)

    @property
    def sandboxes(self) -> Sandboxes:
        """Where sandboxes come from."""
        return self._world.sandboxes

    async def __aenter__(self) -> Self:
        """Nothing to be done."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End every episode and wait for its sandbox to be gone."""
        try:
            await self.drain(0.0)
        finally:
            await self._household.aclose()
            await self._world.works.aclose()

    # The life of episodes

    def reset(
        self, request_id: str, start: TaskChoice | str | None, *, trainer: str = "", reward: RewardTerms = BY_OUTCOME
    ) -> AsyncGenerator[ResetEvent, None]:
        """Open an episode, or follow the opening there was with this request id.

        `start` is a task's id, how to choose one, or None: without a task.
        """
        check_request_id(request_id)
        check_trainer(trainer)
        check_reward(reward)
        wanted = Wanted(start, trainer, reward)
        known = self._openings.get(request_id)
        if known is not None:
            if known.wanted != wanted:
                raise RequestIdConflictError(request_id)
            return known.follow()
        if self._draining:
            raise ShuttingDownError
        opening = self._begin(request_id, wanted, self._task(wanted))
        self._openings[request_id] = opening
        return opening.follow()

    def _task(self, wanted: Wanted) -> Task | None:
        """The task to start with. A choice counts from here on, whatever becomes of the opening."""
        choice = wanted.start
        if not isinstance(choice, TaskChoice):
            return None if choice is None else self.curriculum.get(choice)
        tasks = self.curriculum.tasks.values()
        check_choice(choice, tasks, self._world.settings.statistics)
        fitting = [task for task in tasks if choice.fits(task)]
        if not fitting:
            raise TaskNotFoundError(wanted=choice.described)
        number = self._statistics.count_choice(wanted.trainer, choice.key)
        return choose(choice, number, fitting, lambda task_id: self._statistics.standing(wanted.trainer, task_id))

    def _begin(self, request_id: str, wanted: Wanted, task: Task | None) -> Opening:
        episode_id = self._new_id()

        def over(_: Opening) -> None:
            self._forget(request_id)
            self._statistics.withdrawn(episode_id)

        opening = Opening(
            self._world,
            self._admission,
            wanted,
            task,
            episode_id,
            make=lambda opening, bench: self._made(request_id, opening, bench),
            over=over,
        )
        if task is not None:
            self._statistics.expect(episode_id, wanted.trainer, task.task_id)
        return opening

    def _new_id(self) -> str:
        return f"{self._worker}-{secrets.token_hex(6)}"

    def _made(self, request_id: str, opening: Opening, bench: Workbench) -> Episode:
        def ended(episode: Episode) -> None:
            if self._open.pop(episode.episode_id, None):  # not so when it was judged again
                self._forget(request_id)
            self._ended.add(episode)
            self._statistics.ended(episode.episode_id, episode.ending)
            _log.info("episode ended", extra=_about(episode))

        episode = Episode(
            self._world,
            secrets.token_urlsafe(24),
            opening.place,
            bench,
            on_end=ended,
            terms=opening.wanted.reward,
            trainer=opening.wanted.trainer,
        )
        self._open[episode.episode_id] = episode
        self._statistics.started(episode.episode_id)
        return episode

    def _forget(self, request_id: str) -> None:
        self._openings.pop(request_id, None)

    def _find(self, episode_id: str, token: str) -> Episode:
        episode = self._open.get(episode_id) or self._ended.get(episode_id)
        if episode is None:
            raise EpisodeNotFoundError(episode_id)
        episode.admit(token)
        return episode

    def get(self, episode_id: str, token: str) -> EpisodeView:
        """Tell how an episode stands; renews its lease."""
        return self._find(episode_id, token).view()

    async def close(self, episode_id: str, token: str) -> Outcome:
        """End an episode and wait until its sandbox is gone. Idempotent; says how it ended."""
        return await self._find(episode_id, token).close()

    # What is done in an episode

    def step(self, episode_id: str, token: str, step_index: int, action: Action, *, stream_output: bool) -> AsyncGenerator[StepEvent, None]:
        """Take a step, or follow the one that was taken with this index."""
        return self._step(episode_id, token, step_index, action, streamed=stream_output).follow()

    def stepped(self, episode_id: str, token: str, step_index: int, action: Action) -> Awaitable[StepResult]:
        """Take a step of which only the result is wanted, or wait for that of the one that was taken with this index."""
        return self._step(episode_id, token, step_index, action, streamed=False).outcome()

    def _step(self, episode_id: str, token: str, step_index: int, action: Action, *, streamed: bool) -> StepRun:
        episode = self._find(episode_id, token)
        if self._draining and episode.records.get(step_index) is None:
            raise ShuttingDownError
        return episode.step(step_index, action, streamed=streamed)

    def resume(self, episode_id: str, token: str, step_index: int, out_offset: int, err_offset: int) -> AsyncGenerator[StepEvent, None]:
        """Follow a step that was taken, from these offsets of its output on."""
        run = self._find(episode_id, token).records.find(step_index)
        run.check_resumable(out_offset, err_offset)
        return run.follow(out_offset, err_offset)

    def submit(self, episode_id: str, token: str, *, again: bool = False) -> AsyncGenerator[SubmitEvent, None]:
        """Submit an episode's work, or follow the submission there was; `again`: anew after a fault that allows it."""
        episode = self._find(episode_id, token)
        if self._draining and episode.would_judge(again=again):
            raise ShuttingDownError
        return episode.submit(again=again).follow()

    def regrade(self, episode_id: str) -> AsyncGenerator[RegradeEvent, None]:
        """Grade the kept work of an ended episode by the curriculum as it is now. Dropping the generator stops that."""
        episode = self._open.get(episode_id) or self._ended.get(episode_id)
        if episode is None:
            raise EpisodeNotFoundError(episode_id)
        if self._draining:
            raise ShuttingDownError
        return regrade(self._world, episode, self._regradings)

    def interrupt(self, episode_id: str, token: str, step_index: int, grace_s: float) -> None:
        """Stop the running step of this index; nothing happens when it has ended already."""
        check_grace(grace_s, self._world.bounds)
        self._find(episode_id, token).records.running(step_index).interrupt(grace_s)

    async def write_stdin(self, episode_id: str, token: str, step_index: int, offset: int, data: bytes, *, end_of_file: bool) -> int:
        """Write to the standard input of a running command; returns the offset accepted so far."""
        check_stdin(offset, data)
        run = self._find(episode_id, token).records.running(step_index)
        return await run.write_stdin(offset, data, end_of_file=end_of_file)

    # The whole

    def views(self) -> list[EpisodeView]:
        """How the open episodes stand, oldest first."""
        return [episode.view() for episode in self._open.values()]

    def statistics(self, trainer: str, task_id: str) -> TaskStatistics:
        """Tell how the episodes of a task went; `trainer` empty: all, else only those of this one."""
        check_trainer(trainer)
        return self._statistics.told(trainer, task_id)

    def load(self) -> Load:
        """What of the capacity is in use."""
        grader = self._world.grader
        return Load(self._admission.taken, self._admission.waiting, self.sandboxes.ready(self._specs), grader.gradings, grader.queued)

    def prewarm(self, task_id: str, count: int) -> int:
        """Have sandboxes for a task stand ready; returns how many do at this moment."""
        task = self.curriculum.get(task_id)
        if count < 0:
            raise InvalidFieldError("sandboxes", f"must not be negative, is {count}")
        return self.sandboxes.prewarm(task.sandbox, count)

    async def drain(self, grace_s: float) -> None:
        """Begin nothing new, give what runs `grace_s` to end, interrupt the rest, end all episodes and wait for their sandboxes.

        May be cancelled, and repeated.
        """
        self._draining = True
        for opening in list(self._openings.values()):
            opening.shut_down()
        episodes = list(self._open.values())
        if grace_s > 0 and episodes:
            with contextlib.suppress(TimeoutError):
                await within(self._clock, grace_s, _all(episode.idle() for episode in episodes))
        for episode in list(self._open.values()):
            episode.end(Outcome.FAULT, SHUTDOWN)
        for episode in self._ended.all():
            episode.stop_judging()
        sandbox = self._world.settings.sandbox
        bound_s = sandbox.kill_timeout_s + sandbox.close_timeout_s  # of one, and they end side by side
        try:
            await within(self._clock, bound_s, self._finish())
        except TimeoutError:
            _log.error("episodes did not end in time", extra={"bound_s": bound_s})

    async def _finish(self) -> None:
        await self._regradings.aclose()
        await self._household.finish()


def _specs(curriculum: Curriculum) -> tuple[SandboxSpec, ...]:
    """What its sandboxes are made from, each once: looked for with every GetServerInfo, so made once for a curriculum."""
    return tuple({task.sandbox: None for task in curriculum.tasks.values()})


def _about(episode: Episode) -> dict[str, object]:
    """What the log says of an ended episode: a task and a trainer only where it has them."""
    named = {"task": episode.task and episode.task.task_id, "trainer": episode.trainer}
    outcome = episode.outcome and episode.outcome.value
    return {"episode": episode.episode_id, **{name: value for name, value in named.items() if value}, "outcome": outcome}


async def _all(works: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*works)
