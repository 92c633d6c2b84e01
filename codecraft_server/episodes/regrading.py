"""Grading again, for a trainer: the kept work of an episode, by the checks as they are now. Changes nothing of the episode."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from codecraft_server.episodes.episode import Episode
from codecraft_server.episodes.events import RegradeEvent, RegradeResult
from codecraft_server.episodes.judging import Grading, faulted, judge_work
from codecraft_server.episodes.waiting import Household, cancel_soon
from codecraft_server.episodes.world import SHUTDOWN, World
from codecraft_server.errors import WorkNotKeptError


async def regrade(world: World, episode: Episode, household: Household) -> AsyncGenerator[RegradeEvent, None]:
    """Yield what happens, then the result. Dropping it stops the grading. TaskNotFoundError, WorkNotKeptError."""
    played, before = episode.task, episode.submitted
    if played is None or before is None:
        raise WorkNotKeptError(episode.episode_id)
    now = world.curriculum.get(played.task_id)
    work = world.works.hold(episode.episode_id)
    if work is None:
        raise WorkNotKeptError(episode.episode_id)
    grading: Grading[RegradeResult] = Grading(world)

    async def judge() -> None:
        try:
            verdict = await judge_work(world, now, work, grading.publish)
        except asyncio.CancelledError:
            verdict = faulted(SHUTDOWN)
        grading.finish(RegradeResult(verdict.grade, before.grade, now.digest, played.digest, grading.timing(), verdict.fault))

    grading.task = household.spawn(judge(), f"{episode.episode_id} grading again")
    try:
        async with contextlib.aclosing(grading.follow()) as events:
            async for event in events:
                yield event
    finally:
        world.works.let_age(episode.episode_id)
        if grading.task is not None:
            cancel_soon(grading.task)
