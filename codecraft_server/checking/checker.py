"""Checks tasks: plays all attempts side by side, a bounded number at once, and keeps what is known up to date at every moment.

Owns the episodes, not the sandboxes. Left early, it closes all episodes; what was found out until then stands in the summary.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

from codecraft_server.checking import jobs
from codecraft_server.checking.attempt import play
from codecraft_server.checking.controls import Controls, Trial
from codecraft_server.checking.findings import Progress, Summary
from codecraft_server.checking.jobs import Job, Kind
from codecraft_server.checking.judges import Judges
from codecraft_server.checking.plan import Plan
from codecraft_server.checking.weighing import Tried, weigh, wrong_with
from codecraft_server.curriculum import Curriculum
from codecraft_server.episodes import Episodes, Grader
from codecraft_server.sandbox import Sandboxes
from codecraft_server.settings import Settings
from codecraft_server.task import Task, Visibility

CHEAT_COMMAND_S = 10.0  # a cheat that hangs costs no more than this a step

Tell = Callable[[Progress], None]


async def check(
    tasks: Sequence[Task], plan: Plan, sandboxes: Sandboxes, grader: Grader, settings: Settings, *, summary: Summary, tell: Tell
) -> None:
    """Check tasks in entered `sandboxes`. What is found out goes into `summary` as it comes; `tell` is told how far it is."""
    controls = Controls(plan.cheats)
    judges = Judges(grader, controls.weakened)
    everything = Curriculum(MappingProxyType({**{task.task_id: _open(task) for task in tasks}, **controls.tasks}))
    async with Episodes(sandboxes, everything, judges, _roomy(settings, plan), "check") as episodes:
        await _Checker(tasks, plan, episodes, controls, summary=summary, tell=tell).run()


def _open(task: Task) -> Task:
    """The same task with its milestones shown, so that it can be seen which of them are reached."""
    return replace(task, milestones=tuple(replace(each, visibility=Visibility.RESULT) for each in task.milestones))


def _roomy(settings: Settings, plan: Plan) -> Settings:
    """The same rules with room for all that is played at once."""
    most = max(plan.parallel, plan.load) + 1
    return replace(settings, episodes=replace(settings.episodes, max_episodes=most, max_queued_resets=most))


class _Checker:
    def __init__(self, tasks: Sequence[Task], plan: Plan, episodes: Episodes, controls: Controls, *, summary: Summary, tell: Tell) -> None:
        self._tasks = tasks
        self._plan = plan
        self._episodes = episodes
        self._controls = controls
        self._summary = summary
        self._tell = tell
        self._tried: dict[str, list[Tried]] = {task.task_id: [] for task in tasks}
        self._done = self._total = 0

    async def run(self) -> None:
        """Play everything: controls and attempts mixed by a few workers, then what wants to be alone."""
        work: list[Trial | Job] = [*self._controls.trials(), *self._jobs()]
        loads = {task.task_id: jobs.load(task, self._plan) for task in self._tasks}
        self._total = len(work) + sum(map(len, loads.values()))
        waiting = iter(work)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._plan.parallel, len(work))):
                    group.create_task(self._worker(waiting))
            for task in self._tasks:
                await _together(self._play(job) for job in loads[task.task_id])
            for task in self._slow():
                self._total += 1
                await self._play(jobs.alone(task))
            self._summary.complete = True
        finally:
            self._weigh()

    def _jobs(self) -> Iterator[Job]:
        for position, task in enumerate(self._tasks):
            yield from jobs.jobs(task, self._plan, self._plan.cheats_at(position, len(self._tasks)))

    async def _worker(self, waiting: Iterator[Trial | Job]) -> None:
        for one in waiting:
            if isinstance(one, Trial):
                attempt = await play(self._episodes, one.task, one.deeds, CHEAT_COMMAND_S)
                self._controls.add(one, attempt)
                self._advance(one.title, good=self._controls.good(one, attempt))
            else:
                await self._play(one)

    async def _play(self, job: Job) -> None:
        """Play a job, unless it is known by now that no episode of its task can be had."""
        tried = self._tried[job.task.task_id]
        title = f"{job.task.task_id}: {job.title}"
        if any(one.attempt.refused for one in tried):
            self._advance(title, good=False)
            return
        command_s = CHEAT_COMMAND_S if job.kind is Kind.CHEAT else job.task.limits.command_s
        tried.append(Tried(job, await play(self._episodes, job.task, job.deeds, command_s)))
        self._advance(title, good=not wrong_with(job.task, tried[-1], self._plan))

    def _advance(self, last: str, *, good: bool) -> None:
        self._done += 1
        self._tell(Progress(self._done, self._total, last, good))

    def _slow(self) -> list[Task]:
        """Tasks whose grading took too long while others ran."""
        rows = (weigh(task, self._tried[task.task_id], self._plan) for task in self._tasks)
        return [task for task, row in zip(self._tasks, rows, strict=True) if any(problem.column == "budget" for problem in row.problems)]

    def _weigh(self) -> None:
        self._summary.controls, self._summary.problems = self._controls.weigh()
        self._summary.rows = [weigh(task, self._tried[task.task_id], self._plan) for task in self._tasks if self._tried[task.task_id]]


async def _together(works: Iterator[Awaitable[None]]) -> None:
    await asyncio.gather(*works)
