"""One episode: what may follow what, exactly-once, budget, return, and how it ends.

Owns its steps, its lease and its workbench; `submitting` owns its submission. Calls never do an episode's work: they have it begun and
follow it. So whatever becomes of a call, the episode goes its way.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable

from codecraft_server import rewards
from codecraft_server.episodes.actions import Effect
from codecraft_server.episodes.admission import Place
from codecraft_server.episodes.events import (
    Action,
    Budget,
    EpisodeView,
    Fault,
    Outcome,
    State,
    SubmitResult,
)
from codecraft_server.episodes.fields import check_action, check_step_index
from codecraft_server.episodes.judging import Submission
from codecraft_server.episodes.leases import Lease
from codecraft_server.episodes.ledger import Ledger
from codecraft_server.episodes.progress import Progress
from codecraft_server.episodes.records import Records
from codecraft_server.episodes.statistics import Ending
from codecraft_server.episodes.steps import StepRun
from codecraft_server.episodes.submitting import Submitting
from codecraft_server.episodes.turn import Turn, command_s
from codecraft_server.episodes.workbench import Workbench
from codecraft_server.episodes.world import INTERNAL, SHUTDOWN, World, fault_of
from codecraft_server.errors import (
    CodecraftError,
    EpisodeEndedError,
    InvalidFieldError,
    SandboxLostError,
    StepConflictError,
    StepInProgressError,
    StepNotFoundError,
    StepOutOfOrderError,
    WrongEpisodeTokenError,
)
from codecraft_server.rewards import RewardTerms, Step
from codecraft_server.task import Task

_log = logging.getLogger(__name__)


class Episode:
    """An open or ended episode. `closed` is set once its sandbox is gone and its place is free."""

    def __init__(
        self,
        world: World,
        token: str,
        place: Place,
        bench: Workbench,
        *,
        on_end: Callable[["Episode"], None],
        terms: RewardTerms,
        trainer: str = "",
    ) -> None:
        self.episode_id = bench.episode_id
        self.trainer = trainer
        self.token = token
        self.outcome: Outcome | None = None
        self.fault: Fault | None = None
        self.closed = asyncio.Event()
        self.claimed = False  # whether a call has shown that the client has the token
        self.ended_at = 0.0  # monotonic
        self.records = Records(world.bounds.recorded_steps, world.bounds.recorded_bytes)
        self._world = world
        self._bench = bench
        self._place = place
        self._on_end = on_end
        self._lease = Lease(world.clock, world.bounds.lease_s, lambda: self.end(Outcome.EXPIRED))
        self._began_wall = world.clock.wall()
        self._expires_wall = 0.0
        self._ledger = Ledger(world, bench)
        self._progress = Progress(world, bench, terms)
        self._submitting = Submitting(
            world, bench, self, lease=self._lease, ledger=self._ledger, progress=self._progress, records=self.records
        )

    # What it has

    @property
    def budget(self) -> Budget:
        """What is left of its steps."""
        return self._ledger.budget

    @property
    def state(self) -> State:
        """How it stands."""
        if self.outcome is not None:
            return State.ENDED
        if self._submitting.current is not None:
            return State.GRADING
        return State.STEPPING if self.records.current is not None else State.READY

    def view(self) -> EpisodeView:
        """How it stands, in full."""
        ended = self.outcome is not None
        return EpisodeView(
            episode_id=self.episode_id,
            state=self.state,
            task=self._bench.task,
            next_step_index=self._ledger.steps_taken,
            budget=self.budget,
            started_at=self._began_wall,
            expires_at=self._expires_wall if ended else self._world.clock.wall() + self._lease.left_s,
            outcome=self.outcome,
            episode_s_left=self._ledger.seconds_left,
        )

    @property
    def ending(self) -> Ending:
        """How it ended, for the statistics."""
        return self._ledger.ending(self.outcome or Outcome.CLOSED, self._submitting.result)

    def admit(self, token: str) -> None:
        """Let a call in: check its token, renew the lease. WrongEpisodeTokenError."""
        if not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self.token.encode()):
            raise WrongEpisodeTokenError(self.episode_id)
        self.claimed = True
        self._lease.renew()

    # Steps

    def step(self, index: int, action: Action, *, streamed: bool) -> StepRun:
        """Take a step up, or find the one that was taken with this index. Raises what Step may raise."""
        check_step_index(index)
        check_action(action, command_s(self._world, self._bench.task), self._world.bounds)
        known = self.records.get(index)
        if known is not None:
            if not known.is_of(action):
                raise StepConflictError(index)
            return known
        self._check_next(index)
        self.records.forget_output()
        run = StepRun(self._world, self._lease, index, action, streamed=streamed)
        self.records.current = run
        self._ledger.steps_taken += 1
        self._lease.hold()
        run.task = self._world.household.spawn(self._play(run, action), f"{self.episode_id} step {index}")
        return run

    @property
    def submitted(self) -> SubmitResult | None:
        """What its submission came to; None while there is none or it goes on."""
        return self._submitting.result

    @property
    def task(self) -> Task | None:
        """What it is about."""
        return self._bench.task

    def _check_next(self, index: int) -> None:
        if index < self._ledger.steps_taken:
            raise StepNotFoundError(index)
        self.check_open()
        if index > self._ledger.steps_taken:
            raise StepOutOfOrderError(self._ledger.steps_taken, index)
        if self.records.current is not None:
            raise StepInProgressError(self.records.current.index)

    def check_open(self) -> None:
        """Raise EpisodeEndedError unless steps may be taken."""
        if self.outcome is not None:
            raise EpisodeEndedError(self.episode_id, self.outcome.name)
        if self._submitting.current is not None:
            raise EpisodeEndedError(self.episode_id, "SUBMITTED")

    async def _play(self, run: StepRun, action: Action) -> None:
        """The work of a step: everything that may go wrong ends in a result, or in a failure after which the step was not taken."""
        try:
            effect = await Turn(self._world, self._bench, run, self._ledger.seconds_left, self._submitting.in_step).play(action)
            if self.outcome is None:
                await self._progress.look(effect)
        except SandboxLostError as lost:
            effect = Effect(fault=fault_of(lost))
        except CodecraftError as error:
            if self.outcome is None:
                self._withdraw(run, error)
                return
            effect = Effect()
        except asyncio.CancelledError:  # by the owner of all tasks, who waits for the result
            effect = Effect(fault=SHUTDOWN)
        except Exception:  # noqa: BLE001 - the fault says to the client what it may know, the log the rest
            _log.exception("step broke", extra={"episode": self.episode_id, "step": run.index})
            effect = Effect(fault=INTERNAL)
        self._settle(run, effect)

    def _withdraw(self, run: StepRun, error: CodecraftError) -> None:
        self.records.current = None
        self._ledger.steps_taken -= 1
        self._lease.release()
        run.finish(error)

    def _settle(self, run: StepRun, effect: Effect) -> None:
        """Weigh what a step came to, record it, and end the episode where that follows."""
        self._ledger.charge(effect.busy_s)
        if effect.started_task is not None and self.outcome is None:
            self._world.statistics.expect(self.episode_id, self.trainer, effect.started_task.task_id)
            self._world.statistics.started(self.episode_id)
        outcome, fault = self._end_after(effect)
        if fault is not None:
            effect.reward, effect.label = rewards.ABSENT, Step.UNKNOWN
        elif effect.grade is None:
            self._progress.pay(effect, outcome)
        self._ledger.earn(effect.reward)
        run.finish(self._ledger.step_result(run, effect, outcome, fault))
        self.records.add(run)
        self._lease.release()
        self._submitting.settle(effect, outcome, fault)
        if outcome is not None:
            self.end(outcome, fault)

    def _end_after(self, effect: Effect) -> tuple[Outcome | None, Fault | None]:
        if self.outcome is not None:  # ended from outside meanwhile
            return self.outcome, self.fault
        if effect.fault is not None:
            return Outcome.FAULT, effect.fault
        if effect.outcome is not None:
            return effect.outcome, None
        return (None if self._submitting.current is not None else self._ledger.used_up()), None  # a submission has the last word

    # Submission

    def submit(self, *, again: bool = False) -> Submission:
        """Begin the submission, or find the one there was; `again`: have it judged anew where it may be. Raises what Submit may raise."""
        if self._submitting.current is None:
            self.check_open()
            if self._bench.task is None:
                raise InvalidFieldError("episode_id", "no task has been started in this episode, so there is nothing to submit")
        return self._submitting.submit(again=again)

    def would_judge(self, *, again: bool) -> bool:
        """Whether `submit` would have something judged, rather than tell what was."""
        return self._submitting.would_judge(again=again)

    # The end

    async def close(self) -> Outcome:
        """End it by its client's wish; what is being graded is graded to the end first. Returns how it ended."""
        await self._submitting.over()
        self.end(Outcome.CLOSED)
        await self.closed.wait()
        return self.outcome or Outcome.CLOSED

    def end(self, outcome: Outcome, fault: Fault | None = None) -> None:
        """End it; the first word counts. What is running is stopped and the sandbox removed behind this call."""
        if self.outcome is not None:
            return
        self.outcome, self.fault = outcome, fault
        self._expires_wall = self._world.clock.wall()
        self._lease.cancel()
        self._world.household.spawn(self._clean_up(), f"{self.episode_id} end")
        self._over()

    def end_otherwise(self, outcome: Outcome, fault: Fault | None) -> None:
        """Have it have ended so after all, its work having been judged again."""
        self.outcome, self.fault = outcome, fault
        self._over()

    def _over(self) -> None:
        self.ended_at = self._world.clock.monotonic()
        self._on_end(self)

    def stop_judging(self) -> None:
        """Give up judging again what was judged in vain before; the fault stays."""
        if self.outcome is not None:
            self._submitting.give_up()

    async def idle(self) -> None:
        """Wait until nothing is running or being graded."""
        if self.records.current is not None:
            await self.records.current.done.wait()
        await self._submitting.over()

    async def _clean_up(self) -> None:
        try:
            await self._submitting.stop()
            if self.records.current is not None:
                await self.records.current.stop(self._world.settings.sandbox.kill_timeout_s)
            await self._bench.close()
        except Exception:  # noqa: BLE001 - the place has to be given back in any case
            _log.exception("sandbox was not closed", extra={"episode": self.episode_id})
        finally:
            self._world.works.let_age(self.episode_id)
            self._place.give_back()
            self.closed.set()
