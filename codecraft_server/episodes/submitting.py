"""The submission of an episode: begun once, judged once more where judging failed; what it pays is counted, and the episode ends with it.

Owns the submission and its task. Of steps it knows that the one which is running ends first; when a submission may begin is the episode's.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from codecraft_server.episodes import text
from codecraft_server.episodes.actions import Effect
from codecraft_server.episodes.events import Fault, Outcome, SubmitResult
from codecraft_server.episodes.judging import Submission, Verdict, effect_of, faulted, judge, judge_work
from codecraft_server.episodes.leases import Lease
from codecraft_server.episodes.ledger import Ledger
from codecraft_server.episodes.progress import Progress
from codecraft_server.episodes.records import Records
from codecraft_server.episodes.steps import StepRun
from codecraft_server.episodes.waiting import cancel_soon
from codecraft_server.episodes.workbench import Workbench
from codecraft_server.episodes.world import INTERNAL, SHUTDOWN, World
from codecraft_server.grading.verdict import CheckResult, PhaseBegan, Report


class Endable(Protocol):
    """What is needed of an episode: how it ended, if it has, and the ways to end it."""

    outcome: Outcome | None
    fault: Fault | None

    def end(self, outcome: Outcome, fault: Fault | None = None) -> None:
        """End it, unless it has ended."""
        ...

    def end_otherwise(self, outcome: Outcome, fault: Fault | None) -> None:
        """Have it have ended so, after all."""
        ...


class Submitting:
    """The submission of one episode; `current` None: there is none yet."""

    def __init__(
        self, world: World, bench: Workbench, episode: Endable, *, lease: Lease, ledger: Ledger, progress: Progress, records: Records
    ) -> None:
        self.current: Submission | None = None
        self._world = world
        self._bench = bench
        self._lease = lease
        self._ledger = ledger
        self._progress = progress
        self._records = records
        self._episode = episode

    @property
    def result(self) -> SubmitResult | None:
        """What it came to; None while there is none or it goes on."""
        return self.current.result if self.current is not None else None

    def would_judge(self, *, again: bool) -> bool:
        """Whether `submit` would have something judged, rather than tell what was."""
        if self.current is None:
            return True
        fault = self.result.fault if self.result is not None else None
        return again and fault is not None and fault.can_submit_again

    def submit(self, *, again: bool) -> Submission:
        """Begin it, or find the one there was; `again`: have it judged anew where it may be."""
        if self.current is None:
            return self._begin(self._judge)
        return self._judge_again(self.current) if self.would_judge(again=again) else self.current

    async def in_step(self, run: StepRun) -> Effect:
        """Have the work judged as part of a step."""
        if self.current is not None:  # a Submit call came between this step and its turn
            return Effect(message=text.SUBMITTED)
        submission = self.current = Submission(self._world, self._lease)

        def report(event: PhaseBegan | CheckResult) -> None:
            submission.publish(event)
            run.publish(event)

        try:
            verdict = await self._verdict(report)
        except asyncio.CancelledError:
            verdict = faulted(self._episode.fault or SHUTDOWN)
        return effect_of(verdict)

    def settle(self, effect: Effect, outcome: Outcome | None, fault: Fault | None) -> None:
        """Finish the submission that was part of a step, whose reward has been counted."""
        if effect.outcome is not None and self.current is not None and not self.current.done.is_set():
            verdict = Verdict(outcome or effect.outcome, effect.reward, effect.grade, fault)
            self.current.finish(self._ledger.submit_result(self.current, verdict))

    def give_up(self) -> None:
        """Stop judging soon; what comes of it is a fault."""
        if self.current is not None and self.current.task is not None:
            cancel_soon(self.current.task)

    async def over(self) -> None:
        """Wait until nothing is being judged."""
        if self.current is not None:
            await self.current.done.wait()

    async def stop(self) -> None:
        """Give up what is judged by a task of its own, and wait until it is over."""
        if self.current is not None and self.current.task is not None:
            self.give_up()
            await self.over()

    def _begin(self, judge: Callable[[Submission], Coroutine[Any, Any, None]]) -> Submission:
        submission = self.current = Submission(self._world, self._lease)
        self._lease.hold()
        submission.task = self._world.household.spawn(judge(submission), f"{self._bench.episode_id} submission")
        return submission

    async def _judge(self, submission: Submission) -> None:
        try:
            run = self._records.current
            if run is not None:
                run.interrupt()
                await run.done.wait()
            verdict = await self._verdict(submission.publish)
        except asyncio.CancelledError:  # by the end of the episode, or by the owner of all tasks, who waits for the result
            verdict = faulted(self._episode.fault or SHUTDOWN)
        self._ledger.earn(verdict.reward)
        submission.finish(self._ledger.submit_result(submission, verdict))
        self._lease.release()
        self._episode.end(verdict.outcome, verdict.fault)

    async def _verdict(self, report: Report) -> Verdict:
        if self._episode.outcome is not None:
            return faulted(self._episode.fault or INTERNAL)
        return self._progress.paid(await judge(self._world, self._bench, report))

    def _judge_again(self, before: Submission) -> Submission:
        """Have the kept work judged once more; what comes of it takes the fault's place."""
        task, work = self._bench.task, self._world.works.hold(self._bench.episode_id)
        if task is None or work is None:  # no longer kept
            return before

        async def judge_again(submission: Submission) -> None:
            try:
                verdict = self._progress.paid(await judge_work(self._world, task, work, submission.publish))
            except asyncio.CancelledError:
                verdict = faulted(SHUTDOWN)
            self._world.works.let_age(self._bench.episode_id)
            self._ledger.earn_after_all(verdict.reward)
            submission.finish(self._ledger.submit_result(submission, verdict))
            self._lease.release()
            self._episode.end_otherwise(verdict.outcome, verdict.fault)

        return self._begin(judge_again)
