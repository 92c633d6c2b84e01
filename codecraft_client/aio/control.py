# Generated from ../control.py by generate.py; do not edit.
"""The trainer's and the operator's side: all episodes of a server, how they went, and what stands ready for more."""

from collections.abc import AsyncIterator
from typing import ClassVar

from codecraft.v1 import control_pb2 as ctl
from codecraft_client.aio.configured import Configured
from codecraft_client.aio.ongoing import Ongoing
from codecraft_client.events import RegradeResult, SubmitEvent
from codecraft_client.exchange import Call, regrading
from codecraft_client.types import EpisodeSummary, TaskStatistics
from codecraft_client.wire import values


class AsyncControlClient(Configured):
    """A connection to a server's ControlService; `token` is the server's control token, which agents do not have."""

    VARIABLE: ClassVar = "CODECRAFT_CONTROL_TOKEN"
    GREETS: ClassVar = False  # what a server is, it tells agents

    async def list_episodes(self) -> AsyncIterator[EpisodeSummary]:
        """Yield the open episodes, oldest first. Asks for a page at a time."""
        async for page in self._connection.pages("ListEpisodes", ctl.ListEpisodesRequest(), ctl.ListEpisodesResponse):
            for each in map(values.episode_summary, page.episodes):
                yield each

    async def task_statistics(self, trainer: str = "") -> AsyncIterator[TaskStatistics]:
        """Yield how the episodes of each task went, in the curriculum's order; `trainer` empty: all, else only those of this one."""
        request = ctl.ListTaskStatisticsRequest(trainer=trainer)
        async for page in self._connection.pages("ListTaskStatistics", request, ctl.ListTaskStatisticsResponse):
            for each in map(values.task_statistics, page.tasks):
                yield each

    async def prewarm(self, task_id: str, sandboxes: int) -> int:
        """Have this many sandboxes of a task stand ready (a level, no increment); returns how many do now. TaskNotFoundError."""
        request = ctl.PrewarmRequest(task_id=task_id, sandboxes=sandboxes)
        return (await self._connection.ask("Prewarm", request, ctl.PrewarmResponse)).ready

    async def regrade(self, episode_id: str) -> Ongoing[SubmitEvent, RegradeResult]:
        """Grade the kept work of an ended episode again, by the checks as they are now.

        Iterate over what is returned for the events, and take its `result()`. The episode stays as it is. `detach()` stops the grading.

        Raises:
            EpisodeNotFoundError: The server knows no such episode (any more).
            WorkNotKeptError: It has not been submitted, or its work is gone.
        """
        wait = self._timeouts  # for a place and a sandbox as long as for those of an episode
        limit_s = wait.grading_s + wait.reset_s + wait.margin_s
        call = Call("Regrade", ctl.RegradeRequest(episode_id=episode_id), limit_s, episode_id)
        return await self._connection.begin(regrading(call, self._connection.backoff()))
