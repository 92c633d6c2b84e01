"""One episode: what may follow what, exactly-once, budget, return, and how it ends.

Owns its steps, its submission, its lease and its workbench. Calls never do an episode's work: they have it begun and follow it. So
whatever becomes of a call, the episode goes its way.
"""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from codecraft_server import rewards
from codecraft_server.clock import within
from codecraft_server.episodes import text
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
from codecraft_server.episodes.judging import Submission, Verdict, effect_of, faulted, judge, judge_work
from codecraft_server.episodes.leases import Lease
from codecraft_server.episodes.ledger import Ledger
from codecraft_server.episodes.progress import Progress
from codecraft_server.episodes.records import Records
from codecraft_server.episodes.statistics import Ending
from codecraft_server.episodes.steps import StepRun, fingerprint
from codecraft_server.episodes.turn import Turn, command_s
from codecraft_server.episodes.waiting import cancel_soon
from codecraft_server.episodes.workbench import Workbench
from codecraft_server.episodes.world import INTERNAL, SHUTDOWN, World, fault_of
from codecraft_server.errors import (
    CodecraftError,
    EpisodeEndedError,
    InvalidFieldError,
    NoStepRunningError,
    SandboxLostError,
    StepConflictError,
    StepInProgressError,
    StepNotFoundError,
    StepOutOfOrderError,
    WrongEpisodeTokenError,
)
from codecraft_server.grading.verdict import CheckResult, PhaseBegan, Report
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
        self._running: StepRun | None = None
        self._submission: Submission | None = None

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
        if self._submission is not None:
            return State.GRADING
        return State.STEPPING if self._running is not None else State.READY

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
        submitted = self._submission.result if self._submission is not None else None
        return self._ledger.ending(self.outcome or Outcome.CLOSED, submitted)

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
        mark = fingerprint(action)
        known = self._known(index)
        if known is not None:
            if known.mark != mark:
                raise StepConflictError(index)
            return known
        self._check_next(index)
        self.records.forget_output()
        run = StepRun(self._world, self._lease, index, mark, streamed=streamed)
        self._running = run
        self._ledger.steps_taken += 1
        self._lease.hold()
        run.task = self._world.household.spawn(self._play(run, action), f"{self.episode_id} step {index}")
        return run

    def knows(self, index: int) -> bool:
        """Whether a step of this index is running or remembered."""
        return self._known(index) is not None

    @property
    def submitted(self) -> SubmitResult | None:
        """What its submission came to; None while there is none or it goes on."""
        return self._submission.result if self._submission else None

    @property
    def task(self) -> Task | None:
        """What it is about."""
        return self._bench.task

    def find(self, index: int) -> StepRun:
        """A running or remembered step. StepNotFoundError."""
        check_step_index(index)
        run = self._known(index)
        if run is None:
            raise StepNotFoundError(index)
        return run

    def running(self, index: int) -> StepRun:
        """A step that is running, or was. NoStepRunningError."""
        check_step_index(index)
        run = self._known(index)
        if run is None:
            raise NoStepRunningError(index)
        return run

    def _known(self, index: int) -> StepRun | None:
        run = self._running
        return run if run is not None and run.index == index else self.records.get(index)

    def _check_next(self, index: int) -> None:
        if index < self._ledger.steps_taken:
            raise StepNotFoundError(index)
        self.check_open()
        if index > self._ledger.steps_taken:
            raise StepOutOfOrderError(self._ledger.steps_taken, index)
        if self._running is not None:
            raise StepInProgressError(self._running.index)

    def check_open(self) -> None:
        """Raise EpisodeEndedError unless steps may be taken."""
        if self.outcome is not None:
            raise EpisodeEndedError(self.episode_id, self.outcome.name)
        if self._submission is not None:
            raise EpisodeEndedError(self.episode_id, "SUBMITTED")

    async def _play(self, run: StepRun, action: Action) -> None:
        """The work of a step: everything that may go wrong ends in a result, or in a failure after which the step was not taken."""
        try:
            effect = await Turn(self._world, self._bench, run, self._ledger.seconds_left, self._submit_in_step).play(action)
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
        self._running = None
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
        self._running = None
        self.records.add(run)
        self._lease.release()
        if effect.outcome is not None and self._submission is not None and not self._submission.done.is_set():
            verdict = Verdict(outcome or effect.outcome, effect.reward, effect.grade, fault)
            self._submission.finish(self._ledger.submit_result(self._submission, verdict))
        if outcome is not None:
            self.end(outcome, fault)

    def _end_after(self, effect: Effect) -> tuple[Outcome | None, Fault | None]:
        if self.outcome is not None:  # ended from outside meanwhile
            return self.outcome, self.fault
        if effect.fault is not None:
            return Outcome.FAULT, effect.fault
        if effect.outcome is not None:
            return effect.outcome, None
        return (None if self._submission is not None else self._ledger.used_up()), None  # a submission has the last word

    # Submission

    def submit(self, *, again: bool = False) -> Submission:
        """Begin the submission, or find the one there was; `again`: have it judged anew where it may be. Raises what Submit may raise."""
        if self._submission is not None:
            return self._judge_again() if self.would_judge(again=again) else self._submission
        self.check_open()
        if self._bench.task is None:
            raise InvalidFieldError("episode_id", "no task has been started in this episode, so there is nothing to submit")
        return self._begin(self._judge_work)

    def would_judge(self, *, again: bool) -> bool:
        """Whether `submit` would have something judged, rather than tell what was."""
        if self._submission is None:
            return True
        result = self._submission.result
        return again and result is not None and result.fault is not None and result.fault.can_submit_again

    def _begin(self, judge: Callable[[Submission], Coroutine[Any, Any, None]]) -> Submission:
        submission = self._submission = Submission(self._world, self._lease)
        self._lease.hold()
        submission.task = self._world.household.spawn(judge(submission), f"{self.episode_id} submission")
        return submission

    async def _judge_work(self, submission: Submission) -> None:
        try:
            if self._running is not None:
                self._running.interrupt()
                await self._running.done.wait()
            verdict = await self._verdict(submission.publish)
        except asyncio.CancelledError:  # by the end of the episode, or by the owner of all tasks, who waits for the result
            verdict = faulted(self.fault or SHUTDOWN)
        self._ledger.earn(verdict.reward)
        submission.finish(self._ledger.submit_result(submission, verdict))
        self._lease.release()
        self.end(verdict.outcome, verdict.fault)

    async def _verdict(self, report: Report) -> Verdict:
        if self.outcome is not None:
            return faulted(self.fault or INTERNAL)
        return self._progress.paid(await judge(self._world, self._bench, report))

    def _judge_again(self) -> Submission:
        """Have the kept work judged once more; what comes of it takes the fault's place."""
        before, task = self._submission, self._bench.task
        work = self._world.works.hold(self.episode_id)
        if before is None or task is None or work is None:  # no longer kept
            return before or Submission(self._world, self._lease)

        async def judge_again(submission: Submission) -> None:
            try:
                verdict = self._progress.paid(await judge_work(self._world, task, work, submission.publish))
            except asyncio.CancelledError:
                verdict = faulted(SHUTDOWN)
            self._world.works.let_age(self.episode_id)
            self.outcome, self.fault = verdict.outcome, verdict.fault
            self._ledger.earn_after_all(verdict.reward)
            submission.finish(self._ledger.submit_result(submission, verdict))
            self._lease.release()
            self._over()

        return self._begin(judge_again)

    async def _submit_in_step(self, run: StepRun) -> Effect:
        if self._submission is not None:  # a Submit call came between this step and its turn
            return Effect(message=text.SUBMITTED)
        submission = self._submission = Submission(self._world, self._lease)

        def report(event: PhaseBegan | CheckResult) -> None:
            submission.publish(event)
            run.publish(event)

        try:
            verdict = await self._verdict(report)
        except asyncio.CancelledError:
            verdict = faulted(self.fault or SHUTDOWN)
        return effect_of(verdict)

    # The end

    async def close(self) -> Outcome:
        """End it by its client's wish; what is being graded is graded to the end first. Returns how it ended."""
        if self._submission is not None:
            await self._submission.done.wait()
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

    def _over(self) -> None:
        self.ended_at = self._world.clock.monotonic()
        self._on_end(self)

    def stop_judging(self) -> None:
        """Give up judging again what was judged in vain before; the fault stays."""
        if self.outcome is not None and self._submission is not None and self._submission.task is not None:
            cancel_soon(self._submission.task)

    async def idle(self) -> None:
        """Wait until nothing is running or being graded."""
        if self._running is not None:
            await self._running.done.wait()
        if self._submission is not None:
            await self._submission.done.wait()

    async def _clean_up(self) -> None:
        try:
            await self._stop_work()
            await self._bench.close()
        except Exception:  # noqa: BLE001 - the place has to be given back in any case
            _log.exception("sandbox was not closed", extra={"episode": self.episode_id})
        finally:
            self._world.works.let_age(self.episode_id)
            self._place.give_back()
            self.closed.set()

    async def _stop_work(self) -> None:
        submission, run = self._submission, self._running
        if submission is not None and submission.task is not None:
            cancel_soon(submission.task)
            await submission.done.wait()
        if run is None or run.task is None:
            return
        run.interrupt()
        if run.command is None:  # not a command, or not yet: nothing that would end by itself soon
            cancel_soon(run.task)
        with contextlib.suppress(TimeoutError):
            await within(self._world.clock, self._world.settings.sandbox.kill_timeout_s, run.done.wait())
        if not run.done.is_set() and run.task is not None:
            run.task.cancel()
            await run.done.wait()
