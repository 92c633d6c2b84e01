"""A call is not a decision: what dropped, repeated and doubled calls do to a step."""

import asyncio
import logging
from typing import Any

import grpc
import pytest
from fake_server import QUICK, SOON_S, FakeServer, Opened, every, fake_server, output_of, soon

from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import environment_pb2_grpc
from codecraft.v1 import types_pb2 as types
from codecraft_server.settings import EpisodeSettings

TICKS = b"; ".join(b"echo tick; sleep 0.02" for _ in range(50))


async def begun(episode: Opened, request: pb.StepRequest, **how: Any) -> tuple[Any, bytes]:
    """A step's call after its first output, and that output."""
    call = episode.server.environment.Step(request, **how)
    async for event in call:
        if event.WhichOneof("event") == "output":
            return call, event.output.data
    raise AssertionError("the stream ended without output")


async def resumed(episode: Opened, offset: int = 0) -> list[pb.StepResponse]:
    """The events that Resume of step 0 yields."""
    request = pb.ResumeRequest(**episode.address, step_index=0, out_offset=offset)
    return [event.event for event in await every(episode.server.environment.Resume(request, timeout=SOON_S))]


async def test_output_arrives_while_the_command_runs(server: FakeServer) -> None:
    """The first output is there before the command has ended."""
    episode = await server.reset()
    call, first = await begun(episode, episode.request(b"echo now; sleep 60"))
    view = await server.environment.GetEpisode(pb.GetEpisodeRequest(**episode.address))
    assert (first, view.state) == (b"now\n", pb.EPISODE_STATE_STEPPING)
    call.cancel()


async def test_a_quiet_step_shows_signs_of_life() -> None:
    """Heartbeats come while nothing is printed."""
    async with fake_server(episodes=EpisodeSettings(heartbeat_s=0.05)) as server:
        episode = await server.reset()
        events = await every(server.environment.Step(episode.request(b"sleep 0.5")))
    beats = [event.heartbeat.elapsed.ToTimedelta().total_seconds() for event in events if event.WhichOneof("event") == "heartbeat"]
    assert len(beats) >= 2
    assert beats == sorted(beats)


async def test_a_command_outlives_a_cancelled_call_and_can_be_resumed(server: FakeServer) -> None:
    """After a cancel the command runs on; Resume from the offset read so far gives exactly the rest."""
    episode = await server.reset()
    call, head = await begun(episode, episode.request(TICKS))
    call.cancel()
    rest = await resumed(episode, len(head))
    data = b"".join(event.output.data for event in rest)
    assert head + data == b"tick\n" * 50
    assert rest[-1].result.observation.command_end.reason == types.END_REASON_EXITED


async def test_a_command_that_nobody_comes_back_for_is_interrupted_after_the_grace() -> None:
    """Without any call for reattach_grace the command is interrupted, and the episode lives on."""
    async with fake_server(episodes=QUICK) as server:
        episode = await server.reset()
        call, _ = await begun(episode, episode.request(b"echo on; sleep 60"))
        call.cancel()
        await _ready_again(episode)
        events = await resumed(episode)
        assert events[-1].result.observation.command_end.reason == types.END_REASON_INTERRUPTED
        assert (await episode.run(b"echo hi")).observation.output == b"hi\n"


async def _ready_again(episode: Opened) -> None:
    """Wait until no step runs, by asking; asking renews the episode, but is no call attached to the step."""

    async def ready() -> bool:
        view = await episode.server.environment.GetEpisode(pb.GetEpisodeRequest(**episode.address))
        return bool(view.state == pb.EPISODE_STATE_READY)

    await soon(ready, "no step running")


async def test_a_deadline_of_the_call_is_no_timeout_of_the_command(server: FakeServer) -> None:
    """The call ends DEADLINE_EXCEEDED, and the step is still running for whoever repeats it."""
    episode = await server.reset()
    request = episode.request(b"echo on; sleep 1; echo off")
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await every(server.environment.Step(request, timeout=0.2))
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    events = await every(server.environment.Step(request, timeout=SOON_S))
    assert output_of(events) == b"on\noff\n"
    assert events[-1].result.observation.command_end.reason == types.END_REASON_EXITED


async def test_two_clients_see_the_same_step(server: FakeServer) -> None:
    """The same index and action from two sides runs once; both get all of it."""
    episode = await server.reset()
    request = episode.request(TICKS)
    both = await asyncio.gather(*(every(server.environment.Step(request, timeout=SOON_S)) for _ in range(2)))
    assert [output_of(events) for events in both] == [b"tick\n" * 50] * 2
    assert both[0][-1].result == both[1][-1].result
    assert both[0][-1].result.observation.budget.steps_taken == 1


async def test_a_repeat_of_a_finished_step_returns_the_record_and_runs_nothing(server: FakeServer) -> None:
    """The result is the recorded one, and a side effect happened once."""
    episode = await server.reset()
    await episode.run(b"export N=1")
    request = episode.request(b"export N=$N$N; echo $N", stream=False)
    first = await every(server.environment.Step(request))
    again = await every(server.environment.Step(request))
    assert first[-1].result == again[-1].result
    assert (await episode.run(b"echo $N")).observation.output == first[-1].result.observation.output


async def test_a_repeated_reset_returns_the_same_episode(server: FakeServer) -> None:
    """request_id makes Reset idempotent, at the same time and afterwards."""
    request = pb.ResetRequest(request_id="mine", task_id="1")
    both = await asyncio.gather(*(every(server.environment.Reset(request)) for _ in range(2)))
    again = await every(server.environment.Reset(request))
    assert len({events[-1].ready.episode_id for events in (*both, again)}) == 1
    assert len({events[-1].ready.episode_token for events in (*both, again)}) == 1
    assert server.sandboxes.open_count == 1


async def test_a_dropped_submit_goes_on(server: FakeServer) -> None:
    """Whoever asks again gets the one result."""
    episode = await server.reset()
    call = server.environment.Submit(pb.SubmitRequest(**episode.address))
    async for _ in call:
        break
    call.cancel()
    events = await every(server.environment.Submit(pb.SubmitRequest(**episode.address)))
    assert events[-1].result.grade.score == 1.0


async def test_a_flood_arrives_whole_through_a_slow_reader(server: FakeServer) -> None:
    """Megabytes of output reach a reader that takes its time, byte for byte and in bounded messages."""
    episode = await server.reset()
    size, largest = 0, 0
    async for event in server.environment.Step(episode.request(b"seq 1 400000"), timeout=60):
        if event.WhichOneof("event") == "output":
            assert event.output.offset == size
            size += len(event.output.data)
            largest = max(largest, event.ByteSize())
            await asyncio.sleep(0)
        assert event.WhichOneof("event") != "gap"
    assert size == sum(len(str(number)) + 1 for number in range(1, 400_001))
    assert largest < 66_000


async def test_a_hundred_episodes_at_once() -> None:
    """Each gets its own answers, and afterwards nothing of them is left."""
    async with fake_server(episodes=EpisodeSettings(max_episodes=100)) as server:

        async def play(number: int) -> tuple[bytes, float]:
            episode = await server.reset()
            await episode.run(b"export ME=%d" % number)
            seen = await episode.run(b"echo $ME")
            events = await every(server.environment.Submit(pb.SubmitRequest(**episode.address)))
            await server.environment.Close(pb.CloseRequest(**episode.address))
            return seen.observation.output, events[-1].result.reward.value

        played = await asyncio.gather(*(play(number) for number in range(100)))
        assert played == [(b"%d\n" % number, 1.0) for number in range(100)]
        assert server.sandboxes.open_count == 0
        assert server.serving.episodes.load().episodes == 0


async def test_clients_that_go_away_are_no_incident(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    """Calls cancelled in the middle of a flood, and connections that close under them, are logged as cancelled and never as a defect."""
    caplog.set_level(logging.DEBUG)
    for number in range(10):
        episode = await server.reset()
        async with grpc.aio.insecure_channel(server.serving.address) as channel:
            request = episode.request(b"seq 1 400000")
            call = environment_pb2_grpc.EnvironmentServiceStub(channel).Step(request)
            async for event in call:
                if event.WhichOneof("event") == "output":
                    break
            if number % 2:
                call.cancel()

    def steps() -> list[str]:
        return [str(vars(record)["code"]) for record in caplog.records if vars(record).get("method") == "Step"]

    async def all_logged() -> bool:
        return len(steps()) >= 10

    await soon(all_logged, "ten calls logged")
    assert set(steps()) == {"CANCELLED"}
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
