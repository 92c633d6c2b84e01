"""What a trainer, an operator or a dashboard may do."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial

from codecraft.v1 import control_pb2 as pb
from codecraft.v1 import control_pb2_grpc as rpc
from codecraft_server.episodes import Episodes
from codecraft_server.wire import events, requests, views


class Control(rpc.ControlServiceServicer):
    """codecraft.v1.ControlService; `max_warm` bounds the sandboxes that one task may have stand ready."""

    def __init__(self, episodes: Episodes, max_warm: int) -> None:
        self._episodes = episodes
        self._max_warm = max_warm

    async def ListEpisodes(self, request: pb.ListEpisodesRequest, context: object) -> pb.ListEpisodesResponse:
        """See the schema, as for all of these."""
        del context
        return views.list_episodes(self._episodes.views(), requests.episode_page(request))

    async def ListTaskStatistics(self, request: pb.ListTaskStatisticsRequest, context: object) -> pb.ListTaskStatisticsResponse:
        del context
        page = requests.statistics_page(request)
        return views.list_task_statistics(self._episodes.curriculum, partial(self._episodes.statistics, page.trainer), page)

    async def Prewarm(self, request: pb.PrewarmRequest, context: object) -> pb.PrewarmResponse:
        del context
        call = requests.prewarm(request, self._max_warm)
        return views.prewarm(self._episodes.prewarm(call.task_id, call.sandboxes))

    async def Regrade(self, request: pb.RegradeRequest, context: object) -> AsyncIterator[pb.RegradeResponse]:
        del context
        async with aclosing(self._episodes.regrade(requests.regrade(request))) as stream:
            async for event in stream:
                if response := events.regrade_event(event):
                    yield response
