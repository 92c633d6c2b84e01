"""Rollout over real sockets: many episodes on one stream, each request answered once, whatever the others and the line do."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import grpc
import pytest
from fake_server import QUICK, SOON_S, FakeServer, Opened, every, fake_server, soon
from google.rpc import error_details_pb2

from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import types_pb2 as types
from codecraft_server.settings import EpisodeSettings, RpcSettings

CODE = grpc.StatusCode


class Stream:
    """A rollout as a client has it."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self._ids = count(1)

    async def send(self, correlation_id: int | None = None, **request: Any) -> int:
        """Send a request, with a new correlation id unless one is given."""
        number = next(self._ids) if correlation_id is None else correlation_id
        await self.call.write(pb.RolloutRequest(correlation_id=number, **request))
        return number

    async def next(self) -> pb.RolloutResponse:
        """The next answer, whichever it is to."""
        async with asyncio.timeout(SOON_S):
            response = await self.call.read()
        assert response is not grpc.aio.EOF
        answer: pb.RolloutResponse = response
        return answer

    async def ask(self, **request: Any) -> pb.RolloutResponse:
        """Send a request and have its answer, which must be the next."""
        number = await self.send(**request)
        response = await self.next()
        assert response.correlation_id == number
        return response


def begin(server: FakeServer) -> Stream:
    return Stream(server.environment.Rollout(timeout=60))


@pytest.fixture
def stream(server: FakeServer) -> Stream:
    """A rollout on `server`."""
    return begin(server)


def step(episode: Opened, command: bytes, index: int | None = None, **how: Any) -> pb.StepRequest:
    return episode.request(command, index, stream=False, **how)


def reason(response: pb.RolloutResponse) -> str:
    """Why a request was refused: the one ErrorInfo of its status."""
    assert response.WhichOneof("result") == "status"
    infos = []
    for packed in response.status.details:
        info = error_details_pb2.ErrorInfo()
        if packed.Unpack(info):
            infos.append(info)
    (info,) = infos
    assert info.domain == "codecraft.v1"
    return str(info.reason)


async def test_a_whole_episode_over_one_stream(server: FakeServer, stream: Stream) -> None:
    """Reset, steps, the episode's state, its submission and its end come as one answer each, and half-closing ends the stream well."""
    ready = (await stream.ask(reset=pb.ResetRequest(request_id="r", task_id="1"))).ready
    episode = Opened(server, ready)
    assert (await stream.ask(step=step(episode, b"export N=7"))).step.step_index == 0
    assert (await stream.ask(step=step(episode, b"echo $N"))).step.observation.output == b"7\n"
    assert (await stream.ask(get_episode=pb.GetEpisodeRequest(**episode.address))).episode.next_step_index == 2
    assert (await stream.ask(submit=pb.SubmitRequest(**episode.address))).submit.reward.value == 1.0
    assert (await stream.ask(close=pb.CloseRequest(**episode.address))).close.outcome == types.OUTCOME_PASSED
    await stream.call.done_writing()
    assert await stream.call.read() is grpc.aio.EOF
    assert await stream.call.code() == CODE.OK


async def test_answers_come_as_they_complete(server: FakeServer, stream: Stream) -> None:
    """A long step holds up nothing that was asked behind it; each answer has the correlation id of its request, whatever number that is."""
    slow, quick = await server.reset(), await server.reset()
    await stream.send(-5, step=step(slow, b"sleep 0.5; echo slow"))
    await stream.send(2**62, step=step(quick, b"echo quick"))
    await stream.send(0, get_episode=pb.GetEpisodeRequest(**quick.address))
    answers = [await stream.next() for _ in range(3)]
    assert {each.correlation_id for each in answers[:2]} == {0, 2**62}
    assert (answers[2].correlation_id, answers[2].step.observation.output) == (-5, b"slow\n")


async def test_half_closing_lets_everything_be_answered(server: FakeServer, stream: Stream) -> None:
    """What is under way when the client has said all is still answered."""
    episodes = [await server.reset() for _ in range(4)]
    for number, episode in enumerate(episodes):
        await stream.send(number, step=step(episode, b"sleep 0.2; echo done"))
    await stream.call.done_writing()
    answers = [answer async for answer in stream.call]
    assert sorted(answer.correlation_id for answer in answers) == [0, 1, 2, 3]
    assert all(answer.step.observation.output == b"done\n" for answer in answers)


async def test_an_error_is_of_its_request_alone(server: FakeServer, stream: Stream) -> None:
    """Every kind of refusal is a status with one ErrorInfo, as the call would have ended, and the stream goes on."""
    episode = await server.reset()
    wrong = {**episode.address, "episode_token": "wrong"}
    assert reason(await stream.ask()) == "INVALID_FIELD"
    assert reason(await stream.ask(step=pb.StepRequest(**episode.address))) == "INVALID_FIELD"
    assert reason(await stream.ask(step=episode.request(b"echo", 0))) == "INVALID_FIELD"
    assert reason(await stream.ask(step=step(episode, b"echo", 5))) == "STEP_OUT_OF_ORDER"
    assert reason(await stream.ask(close=pb.CloseRequest(**wrong))) == "WRONG_EPISODE_TOKEN"
    assert reason(await stream.ask(get_episode=pb.GetEpisodeRequest(episode_id="none"))) == "EPISODE_NOT_FOUND"
    gone = await stream.ask(reset=pb.ResetRequest(request_id="r", task_id="none"))
    assert (reason(gone), gone.status.code) == ("TASK_NOT_FOUND", CODE.NOT_FOUND.value[0])
    assert (await stream.ask(step=step(episode, b"echo fine", 0))).step.observation.output == b"fine\n"


async def test_a_defect_tells_only_its_incident(
    server: FakeServer, stream: Stream, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody has foreseen is INTERNAL with an incident that the log knows, for that request alone."""
    episode = await server.reset()

    def broken(*_: object) -> None:
        raise LookupError("/root/secret")

    with monkeypatch.context() as patched:
        patched.setattr(server.serving.episodes, "get", broken)
        answer = await stream.ask(get_episode=pb.GetEpisodeRequest(**episode.address))
    assert reason(answer) == "INTERNAL"
    assert "secret" not in str(answer)
    (record,) = [record for record in caplog.records if record.getMessage() == "incident"]
    assert vars(record)["incident"] in answer.status.message
    assert vars(record)["method"] == "Rollout.get_episode"
    assert (await stream.ask(get_episode=pb.GetEpisodeRequest(**episode.address))).episode.next_step_index == 0


async def test_bytes_that_are_no_request_end_the_stream(server: FakeServer) -> None:
    """There is no telling which request they were, so the stream ends, in words of ours."""
    call = server.channel.stream_stream("/codecraft.v1.EnvironmentService/Rollout")()
    await call.write(b"\xff\xff\xff")
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await every(call)
    assert error.value.code() == CODE.INVALID_ARGUMENT
    assert "no request of Rollout" in str(error.value.details())


async def test_the_token_is_asked_for_before_anything_is_read() -> None:
    """Who has no token is refused; who has it is served."""
    async with fake_server(agent_token="s3cret") as server:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await begin(server).next()
        assert error.value.code() == CODE.UNAUTHENTICATED
        stream = Stream(server.environment.Rollout(metadata=(("authorization", "Bearer s3cret"),)))
        assert reason(await stream.ask()) == "INVALID_FIELD"


async def test_a_dropped_stream_loses_nothing_and_repeats_nothing(server: FakeServer) -> None:
    """The steps of a dropped stream go on; asked for again over another stream, and by calls, each has run exactly once."""
    episodes = [await server.reset() for _ in range(6)]
    for episode in episodes:
        write = types.Action(write_file=types.WriteFile(path=b"a/b/c", content=b""))
        await every(server.environment.Step(pb.StepRequest(**episode.address, step_index=next(episode.indices), action=write)))
        await episode.run(b"cd a/b")
    once = b"cd ..; sleep 0.3; pwd"
    first = begin(server)
    for number, episode in enumerate(episodes):
        await first.send(number, step=step(episode, once, 2))
    await _all_stepping(episodes, 3)
    first.call.cancel()
    second = begin(server)
    for number, episode in enumerate(episodes[:3]):
        await second.send(number, step=step(episode, once, 2))
    answers = [await second.next() for _ in range(3)]
    assert {answer.step.observation.output for answer in answers} == {b"/workspace/a\n"}
    for episode in episodes[3:]:
        events = await every(server.environment.Step(step(episode, once, 2)))
        assert events[-1].result.observation.output == b"/workspace/a\n"
    again = await second.ask(step=step(episodes[0], once, 2))
    assert again.step == next(answer.step for answer in answers if answer.correlation_id == 0)


async def _all_stepping(episodes: list[Opened], next_index: int = 1) -> None:
    async def stepping() -> bool:
        views = [await each.server.environment.GetEpisode(pb.GetEpisodeRequest(**each.address)) for each in episodes]
        return all(view.next_step_index == next_index for view in views)

    await soon(stepping, "all steps taken up")


async def test_what_nobody_comes_back_for_is_interrupted_after_the_grace() -> None:
    """A dropped stream is a dropped call of each: without another within reattach_grace the command is interrupted, the episode lives."""
    async with fake_server(episodes=QUICK) as server:
        episode = await server.reset()
        stream = begin(server)
        await stream.send(step=step(episode, b"sleep 60", 0))
        await _all_stepping([episode])
        stream.call.cancel()

        async def ready() -> bool:
            view = await server.environment.GetEpisode(pb.GetEpisodeRequest(**episode.address))
            return bool(view.state == pb.EPISODE_STATE_READY)

        await soon(ready, "no step running")
        events = await every(server.environment.Step(step(episode, b"sleep 60", 0)))
        assert events[-1].result.observation.command_end.reason == types.END_REASON_INTERRUPTED


async def test_a_reset_whose_stream_is_dropped_is_undone_or_found_again() -> None:
    """The same request id over another stream finds the same opening; without one it is undone after the grace."""
    async with fake_server(episodes=EpisodeSettings(reattach_grace_s=0.2, max_episodes=1, drain_s=0.2)) as server:
        taken = await server.reset()
        first = begin(server)
        await first.send(reset=pb.ResetRequest(request_id="waits", task_id="1"))

        async def waiting(number: int) -> bool:
            return server.serving.episodes.load().queued_resets == number

        await soon(lambda: waiting(1), "the reset queued")
        first.call.cancel()
        second = begin(server)
        await second.send(reset=pb.ResetRequest(request_id="waits", task_id="1"))
        await server.environment.Close(pb.CloseRequest(**taken.address))
        assert (await second.next()).ready.episode_id
        await second.send(reset=pb.ResetRequest(request_id="never", task_id="1"))
        await soon(lambda: waiting(1), "another reset queued")
        second.call.cancel()
        await soon(lambda: waiting(0), "the reset undone")


async def test_no_more_is_read_than_may_be_under_way() -> None:
    """With its bound of requests under way the server takes up no further one, and goes on as soon as one is answered; none is refused."""
    async with fake_server(rpc=RpcSettings(rollout_in_flight=3)) as server:
        episodes = [await server.reset() for _ in range(5)]
        stream = begin(server)
        for number, episode in enumerate(episodes):
            await stream.send(number, step=step(episode, b"cat", 0, stdin_open=True))
        await _all_stepping(episodes[:3])
        view = await server.environment.GetEpisode(pb.GetEpisodeRequest(**episodes[4].address))
        assert view.next_step_index == 0
        for episode in episodes:
            await _all_stepping([episode])
            eof = pb.WriteStdinRequest(**episode.address, step_index=0, data=b"in", end_of_file=True)
            await server.environment.WriteStdin(eof)
        assert sorted([(await stream.next()).correlation_id for _ in episodes]) == [0, 1, 2, 3, 4]


async def test_a_client_that_does_not_read_is_not_read_from() -> None:
    """Answers that nobody takes are under way: requests behind them wait, other streams do not, and all are answered in the end."""
    many, size = 200, 60_000
    async with fake_server(rpc=RpcSettings(rollout_in_flight=4)) as server:
        episode, other = await server.reset(), await server.reset()
        stream = begin(server)
        await stream.ask(step=step(episode, b"seq 1 12000", 0))
        sending = asyncio.create_task(_repeat(stream, step(episode, b"seq 1 12000", 0), many))
        assert (await begin(server).ask(step=step(other, b"echo hi"))).step.observation.output == b"hi\n"
        answers = [await stream.next() for _ in range(many)]
        await sending
        assert all(len(answer.step.observation.output) > size for answer in answers)


async def _repeat(stream: Stream, request: pb.StepRequest, times: int) -> None:
    for _ in range(times):
        await stream.send(step=request)


async def test_every_episode_has_its_turn() -> None:
    """Thirty-two episodes step as fast as they can over one stream: none waits while another goes on for long."""
    async with fake_server(episodes=EpisodeSettings(max_episodes=32)) as server:
        stream = begin(server)
        episodes = [await server.reset() for _ in range(32)]
        for number, episode in enumerate(episodes):
            await stream.send(number, step=step(episode, b"echo hi"))
        taken = [0] * 32
        for _ in range(1500):
            number = (await stream.next()).correlation_id
            taken[number] += 1
            await stream.send(number, step=step(episodes[number], b"echo hi"))
        assert min(taken) * 2 >= max(taken)


async def test_drain_answers_what_is_under_way_and_refuses_what_is_new() -> None:
    """A step that runs when the server is told to stop is answered; a new step and a new reset are refused, on the same stream."""
    async with fake_server(episodes=EpisodeSettings(drain_s=SOON_S)) as server:
        episode, other = await server.reset(), await server.reset()
        stream = begin(server)
        await stream.send(1, step=step(episode, b"cat", 0, stdin_open=True))
        await _all_stepping([episode])
        draining = asyncio.create_task(server.serving.drain(asyncio.Event()))

        async def refused() -> bool:
            return reason(await stream.ask(reset=pb.ResetRequest(request_id="new", task_id="none"))) == "SHUTTING_DOWN"

        await soon(refused, "draining")
        assert reason(await stream.ask(step=step(other, b"echo", 0))) == "SHUTTING_DOWN"
        await server.environment.WriteStdin(pb.WriteStdinRequest(**episode.address, step_index=0, end_of_file=True))
        assert (await stream.next()).step.observation.command_end.reason == types.END_REASON_EXITED
        await draining


async def test_large_results_fit_into_an_answer(server: FakeServer, stream: Stream) -> None:
    """The largest file that can be read at once comes in one message below 1 MiB."""
    episode = await server.reset()
    content = bytes(range(250)) * 3600
    write, read = types.WriteFile(path=b"f", content=content), types.ReadFile(path=b"f", max_bytes=900_000)
    await stream.ask(step=pb.StepRequest(**episode.address, step_index=0, action=types.Action(write_file=write)))
    answer = await stream.ask(step=pb.StepRequest(**episode.address, step_index=1, action=types.Action(read_file=read)))
    assert answer.step.observation.file.data == content[: len(answer.step.observation.file.data)]
    assert answer.ByteSize() < 1024 * 1024


async def test_a_stream_is_logged_in_one_line(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    """How it ended and how many requests it had, for one that ends well and one that is dropped; neither is an incident."""
    caplog.set_level(logging.INFO)
    async with _served(server) as stream:
        await stream.call.done_writing()
        assert await stream.call.read() is grpc.aio.EOF
    episode = await server.reset()
    async with _served(server) as stream:
        await stream.send(step=step(episode, b"sleep 60"))
        await _all_stepping([episode])
        stream.call.cancel()

    def lines() -> list[tuple[object, object]]:
        records = [vars(record) for record in caplog.records if vars(record).get("method") == "Rollout"]
        return [(record["code"], record["requests"]) for record in records]

    async def both() -> bool:
        return len(lines()) == 2

    await soon(both, "both streams logged")
    assert lines() == [("OK", 2), ("CANCELLED", 3)]
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@contextlib.asynccontextmanager
async def _served(server: FakeServer) -> AsyncIterator[Stream]:
    stream = begin(server)
    for _ in range(2):
        assert reason(await stream.ask()) == "INVALID_FIELD"
    yield stream
