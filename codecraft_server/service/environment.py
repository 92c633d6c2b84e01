"""What an agent may do."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing
from typing import Any

import grpc.aio

from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import environment_pb2_grpc as rpc
from codecraft_server.episodes import Episodes
from codecraft_server.service.calls import told
from codecraft_server.service.rollout import Rollout, Write
from codecraft_server.wire import events, requests, rollouts, views
from codecraft_server.wire.tasks import Terms


class Environment(rpc.EnvironmentServiceServicer):
    """codecraft.v1.EnvironmentService; `in_flight` bounds the requests of one Rollout that are under way."""

    def __init__(self, episodes: Episodes, facts: views.ServerFacts, terms: Terms, in_flight: int) -> None:
        self._episodes = episodes
        self._facts = facts
        self._terms = terms
        self._in_flight = in_flight
        self._rollouts: set[Rollout] = set()

    def end_rollouts(self) -> None:
        """Have all streams of a rollout end in order, which those that wait for requests would not do by themselves."""
        for rollout in self._rollouts:
            rollout.end()

    async def GetServerInfo(self, request: pb.GetServerInfoRequest, context: object) -> pb.GetServerInfoResponse:
        """See the schema, as for all of these."""
        del request, context
        curriculum = self._episodes.curriculum
        return views.server_info(self._facts, self._episodes.load(), curriculum.digest, len(curriculum.tasks))

    async def ListTasks(self, request: pb.ListTasksRequest, context: object) -> pb.ListTasksResponse:
        del context
        curriculum = self._episodes.curriculum
        return views.list_tasks(list(curriculum.tasks.values()), curriculum.digest, requests.task_page(request), self._terms)

    async def GetTask(self, request: pb.GetTaskRequest, context: object) -> pb.GetTaskResponse:
        del context
        return views.get_task(self._episodes.curriculum.get(requests.task_id(request)), self._terms)

    async def Reset(self, request: pb.ResetRequest, context: object) -> AsyncIterator[pb.ResetResponse]:
        del context
        call = requests.reset(request)
        async with aclosing(self._episodes.reset(call.request_id, call.start, trainer=call.trainer, reward=call.reward)) as stream:
            async for event in stream:
                yield events.reset_event(event, self._terms)

    async def Step(self, request: pb.StepRequest, context: object) -> AsyncIterator[pb.StepResponse]:
        del context
        call = requests.step(request)
        stream = self._episodes.step(call.episode_id, call.token, call.step_index, call.action, stream_output=call.stream_output)
        async with aclosing(stream):
            async for event in stream:
                if response := events.step_event(event, self._terms):
                    yield response

    async def Submit(self, request: pb.SubmitRequest, context: object) -> AsyncIterator[pb.SubmitResponse]:
        del context
        call = requests.submit(request)
        async with aclosing(self._episodes.submit(call.episode_id, call.token, again=call.again)) as stream:
            async for event in stream:
                if response := events.submit_event(event):
                    yield response

    async def Resume(self, request: pb.ResumeRequest, context: object) -> AsyncIterator[pb.ResumeResponse]:
        del context
        call = requests.resume(request)
        stream = self._episodes.resume(call.episode_id, call.token, call.step_index, call.out_offset, call.err_offset)
        async with aclosing(stream):
            async for event in stream:
                if response := events.resume_event(event, self._terms):
                    yield response

    async def Interrupt(self, request: pb.InterruptRequest, context: object) -> pb.InterruptResponse:
        del context
        call = requests.interrupt(request)
        self._episodes.interrupt(call.episode_id, call.token, call.step_index, call.grace_s)
        return pb.InterruptResponse()

    async def WriteStdin(self, request: pb.WriteStdinRequest, context: object) -> pb.WriteStdinResponse:
        del context
        call = requests.write_stdin(request)
        accepted = await self._episodes.write_stdin(
            call.episode_id, call.token, call.step_index, call.offset, call.data, end_of_file=call.end_of_file
        )
        return views.write_stdin(accepted)

    async def GetEpisode(self, request: pb.GetEpisodeRequest, context: object) -> pb.GetEpisodeResponse:
        del context
        call = requests.episode(request)
        return views.get_episode(self._episodes.get(call.episode_id, call.token), self._terms)

    async def Close(self, request: pb.CloseRequest, context: object) -> pb.CloseResponse:
        del context
        call = requests.episode(request)
        return views.close(await self._episodes.close(call.episode_id, call.token))

    async def Rollout(  # type: ignore[override]  # it writes for itself, which the stubs do not know
        self, request_iterator: AsyncIterator[pb.RolloutRequest], context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> None:
        rollout = Rollout(self._answer, context.write, self._in_flight)
        self._rollouts.add(rollout)
        try:
            await rollout.serve(request_iterator)
        finally:
            self._rollouts.discard(rollout)

    async def _answer(self, request: pb.RolloutRequest, write: Write) -> None:
        if request.HasField("step"):  # of these there are thousands, and here they have no events
            await write(await self._stepped(request))
            return
        async with aclosing(self._called(request)) as answers:
            async for response in answers:
                await write(response)

    async def _stepped(self, request: pb.RolloutRequest) -> pb.RolloutResponse:
        try:
            call = requests.step(rollouts.step(request))
            result = await self._episodes.stepped(call.episode_id, call.token, call.step_index, call.action)
            return rollouts.stepped(request.correlation_id, result, self._terms)
        except Exception as error:  # noqa: BLE001 - as in `calls`: whatever went wrong becomes a status, here of one request
            return _refused(request, error)

    async def _called(self, request: pb.RolloutRequest) -> AsyncGenerator[pb.RolloutResponse, None]:
        """Yield what the call of the request's name says last. Until that is written the call is under way, as it would be by itself."""
        try:
            async with aclosing(self._call(rollouts.request(request))) as call:  # type: ignore[type-var]  # all of them are generators
                async for said in call:
                    if response := rollouts.response(request.correlation_id, said):
                        yield response
        except Exception as error:  # noqa: BLE001 - likewise
            yield _refused(request, error)

    def _call(self, request: rollouts.Request) -> AsyncIterator[rollouts.Said]:
        match request:
            case pb.ResetRequest():
                return self.Reset(request, None)
            case pb.SubmitRequest():
                return self.Submit(request, None)
            case pb.CloseRequest():
                return _alone(self.Close(request, None))
            case pb.GetEpisodeRequest():
                return _alone(self.GetEpisode(request, None))


def _refused(request: pb.RolloutRequest, error: Exception) -> pb.RolloutResponse:
    kind, episode = rollouts.named(request)
    status, _ = told(error, f"Rollout.{kind}", episode)
    return rollouts.refusal(request.correlation_id, status)


async def _alone(answer: Awaitable[rollouts.Said]) -> AsyncIterator[rollouts.Said]:
    """A call with one answer, as a stream."""
    yield await answer
