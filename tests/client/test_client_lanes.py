"""Steps of which only the result is wanted share streams that stay open; nobody notices but by the time it takes."""

import asyncio
import gc
import math
import signal
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from unittest.mock import Mock

import grpc.aio
import pytest
from blocking import wait_for
from cutting_proxy import CuttingProxy
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status
from scripted_service import Script
from worlds import fake_world

from codecraft.v1 import environment_pb2 as env
from codecraft_client import Client, EpisodeState, RetryPolicy, RunCommand, Timeouts, duplex, errors
from codecraft_client.aio import AsyncClient
from codecraft_client.errors import CodecraftError, ProtocolError
from codecraft_client.exchange import Call
from codecraft_client.fork import GUARD
from codecraft_client.lanes import MOST, REFUSALS, Lanes
from codecraft_client.retry import NEVER

SHORT = Timeouts(call_s=5, margin_s=0.2)


def streams(script: Script) -> int:
    return script.calls.count("Rollout")


def idle(client: Any) -> list[Any]:
    """The streams that wait for a step."""
    streams: list[Any] = client._connection.transport._lanes._idle
    return list(streams)


def test_steps_in_turn_share_one_stream(client: Client, script: Script) -> None:
    """A hundred steps cost one stream."""
    with client.reset("1") as episode:
        for _ in range(100):
            assert episode.step(RunCommand("print 9")).observation.output == b"00000000\n"
        episode.write_file("a", "b")
    assert streams(script) == 1
    assert script.calls.count("Step") == 101  # which the scripted server has its stream make


def test_steps_with_events_are_calls_of_their_own(client: Client, script: Script) -> None:
    """What is streamed, started or said in the text dialect may have events, so it goes by itself."""
    with client.reset("1") as episode:
        episode.run("print 9").result()
        episode.run("print 9", stream=False).result()
        episode.act("anything")
    assert streams(script) == 0


def test_many_threads_against_a_whole_server(fake_address: str, connect: Any) -> None:
    """More threads than there may be streams, all stepping at once: each gets its own results."""
    number = MOST + 4
    ready = threading.Barrier(number)
    wrong: list[bytes] = []

    def play(client: Client, place: int) -> None:
        with client.reset("1") as episode:
            ready.wait(60)
            for turn in range(20):
                output = episode.step(RunCommand(f"echo {place} {turn}")).observation.output
                if output != b"%d %d\n" % (place, turn):
                    wrong.append(output)

    with connect(fake_address) as client:
        threads = [threading.Thread(target=play, args=(client, place)) for place in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def test_there_are_no_more_streams_than_may_be(fake_address: str, connect: Any) -> None:
    """Steps that are under way at the same time get streams of their own up to a bound; the others are calls, and nobody waits."""
    number = MOST + 2
    with connect(fake_address) as client:
        episodes = [client.reset("1") for _ in range(number)]
        threads = [threading.Thread(target=episode.step, args=(RunCommand("sleep 60"),)) for episode in episodes]
        for thread in threads:
            thread.start()
        until(lambda: all(episode.status().state is EpisodeState.STEPPING for episode in episodes))
        for episode in episodes:
            interrupted = episode._running.interrupt()
            if interrupted is not None:  # the asynchronous one's
                wait_for(interrupted)
        for thread in threads:
            thread.join(60)
        assert len(idle(client)) == MOST


def test_refusals_name_the_step_and_leave_the_stream(fake_address: str, connect: Any) -> None:
    """What the server refuses is the error of its reason, of this Step of this episode, and the next step is none the worse."""
    with connect(fake_address) as client, client.reset("1") as episode:
        episode.step(RunCommand("true"))
        before = idle(client)
        with pytest.raises(errors.InvalidFieldError) as caught:
            episode.step(RunCommand("true", timeout_s=1e6))
        assert (caught.value.method, caught.value.episode_id) == ("Step", episode.episode_id)
        assert episode.step(RunCommand("echo fine")).observation.output == b"fine\n"
        assert idle(client) == before
        assert len(before) == 1


def test_a_step_has_its_own_deadline(make_client: Any, script: Script) -> None:
    """A step whose answer does not come is given up in time, in words of ours; the next one goes another way."""
    with make_client(retry=NEVER, timeouts=SHORT).reset() as episode:
        episode.step(RunCommand("true"))
        began = time.monotonic()
        with pytest.raises(errors.DeadlineExceededError, match=r"Step took longer than 0\.3 s"):
            episode.step(RunCommand("wait", timeout_s=0.1))
        assert time.monotonic() - began < 5
        script.release.set()
        assert episode.step(RunCommand("print 9")).observation.output == b"00000000\n"
    assert streams(script) == 2


def test_an_earlier_deadline_is_not_missed(make_client: Any) -> None:
    """A step that may take long, ended or not, does not have the one that may not wait for its deadline."""
    with make_client(retry=NEVER, timeouts=SHORT).reset() as episode:
        episode.step(RunCommand("true", timeout_s=1000))
        began = time.monotonic()
        with pytest.raises(errors.DeadlineExceededError):
            episode.step(RunCommand("wait", timeout_s=0.1))
        assert time.monotonic() - began < 5


def test_a_line_that_is_cut_again_and_again_repeats_nothing(world: str, connect: Any) -> None:
    """An episode goes down a path step by step, over a line that is cut every few hundred bytes: each step was taken exactly once."""
    depth = 14
    with CuttingProxy(world, cuts=6, between=(300, 900), seed=5) as proxy, connect(proxy.address) as client, client.reset("1") as episode:
        path = "/".join(f"d{level}" for level in range(depth))
        episode.write_file(f"{path}/file", "")
        for level in range(depth):
            walked = "/".join(path.split("/")[: level + 1])
            assert episode.step(RunCommand(f"cd d{level}; pwd")).observation.output.decode().rstrip().endswith(walked)
        assert proxy.cuts == 6


def test_an_idle_stream_that_was_lost_is_nobodys_loss(world: str, connect: Any) -> None:
    """A line that breaks between two steps is not told to who steps next, to the asynchronous client once it is known to have broken."""
    with CuttingProxy(world, cuts=0, between=(1, 1)) as proxy, connect(proxy.address) as client, client.reset("1") as episode:
        lost: list[errors.CodecraftError] = []
        episode.lost = lost.append
        episode.step(RunCommand("true"))
        (lane,) = idle(client)
        proxy.cut_all()
        if not isinstance(client, Client):
            until(lane.stream.done)
        episode.step(RunCommand("true"))
        assert lost == []


def until(true: Callable[[], bool], patience_s: float = 20.0) -> None:
    """Look again and again until it is so."""
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_reader_that_is_interrupted_leaves_no_answer_for_the_next(fake_address: str) -> None:
    """Ctrl-C while a step is waited for: the next step's result is its own."""
    with Client(fake_address) as client, client.reset("1") as episode:
        episode.step(RunCommand("true"))
        timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            episode.step(RunCommand("sleep 2; echo first"))
        timer.join()
        episode._running.interrupt()  # type: ignore[union-attr]
        assert episode._running.result().observation.output == b""  # type: ignore[union-attr]
        assert episode.step(RunCommand("echo second")).observation.output == b"second\n"


@pytest.mark.parametrize("arrives", [True, False])
def test_an_interrupt_as_a_step_begins(fake_address: str, arrives: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs the next one nothing: whether the interrupted one has reached the server is asked before."""
    with Client(fake_address) as client, client.reset("1") as episode:
        transport = client._connection.transport
        real = transport.open

        def interrupted(call: Call) -> Any:
            if arrives:
                real(call).read()
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(transport, "open", interrupted)
            with pytest.raises(KeyboardInterrupt):
                episode.step(RunCommand("echo first"))
        assert episode.step(RunCommand("echo second")).observation.output == b"second\n"


def test_a_server_without_streams_is_served_by_calls(client: Client, script: Script) -> None:
    """Where Rollout is not known steps are calls, and it is not asked for again once that is known."""
    script.refuse["Rollout"] = rpc_status.to_status(status_pb2.Status(code=code_pb2.UNIMPLEMENTED, message="Method not found!"))
    with client.reset("1") as episode:
        while client._connection.transport._lanes.served:  # a stream may end before that is heard of it
            assert episode.step(RunCommand("print 9")).observation.output == b"00000000\n"
        before = streams(script)
        for _ in range(3):
            assert episode.step(RunCommand("print 9")).observation.output == b"00000000\n"
    assert streams(script) == before
    assert script.calls.count("Step") == before + 3


async def test_a_stream_that_ends_as_a_step_is_written_is_nobodys_loss(fake_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What gRPC says then is not what has happened; the step goes another way at once, and is taken once."""
    async with AsyncClient(fake_address) as client, await client.reset("1") as episode:
        lost: list[CodecraftError] = []
        episode.lost = lost.append
        await episode.write_file("a/a/file", "")
        (lane,) = idle(client)
        real = lane.stream.write

        async def too_late(message: Any) -> None:
            await real(message)
            raise grpc.aio.AioRpcError(grpc.StatusCode.INTERNAL, grpc.aio.Metadata(), grpc.aio.Metadata(), "Internal error from Core")

        monkeypatch.setattr(lane.stream, "write", too_late)
        assert (await episode.step(RunCommand("cd a; pwd"))).observation.output.rstrip().endswith(b"/a")
        assert (await episode.step(RunCommand("cd a; pwd"))).observation.output.rstrip().endswith(b"/a/a")
        assert lost == []


def test_closing_ends_all_threads(target: str) -> None:
    """A client that was closed has left no thread, and one that was dropped none for long, however long its steps might have taken."""

    def threads() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if "codecraft" in thread.name or "_run" in thread.name}  # ours, and gRPC's

    before = threads()
    with Client(target) as client, client.reset("1") as episode:
        episode.step(RunCommand("true"))
        assert threads() - before
    until(lambda: not threads() - before)
    dropped = Client(target)
    dropped.reset("1").step(RunCommand("true", timeout_s=1000))
    del dropped
    gc.collect()
    until(lambda: not threads() - before)


def test_a_client_that_is_dropped_leaves_no_connection(fake_address: str, connect: Any) -> None:
    """Its idle stream does not keep it."""
    with CuttingProxy(fake_address, cuts=0, between=(1, 1)) as proxy:
        client = connect(proxy.address)
        client.reset("1").step(RunCommand("true"))
        assert proxy.connections
        del client

        def gone() -> bool:
            gc.collect()
            return not proxy.connections

        until(gone)


def test_where_threads_are_scarce_steps_are_calls(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes over which no thread can watch are none, and later there may be some again."""
    start = threading.Thread.start

    def scarce(thread: threading.Thread) -> None:
        if thread.name == "codecraft lanes":
            raise RuntimeError("can't start new thread")
        start(thread)

    with Client(target) as client, client.reset("1") as episode:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", scarce)
            for _ in range(2 * MOST):
                assert episode.step(RunCommand("print 9")).observation.output == b"00000000\n"
        episode.step(RunCommand("print 9"))
        assert len(idle(client)) == 1


def test_any_margin_will_do(fake_address: str, connect: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A deadline beyond what a system can wait for is none."""
    with connect(fake_address, timeouts=Timeouts(margin_s=math.inf)) as client, client.reset("1") as episode:
        assert episode.step(RunCommand("echo hi")).observation.output == b"hi\n"
    assert not caplog.records


def test_an_unknown_grpc_makes_steps_calls(target: str, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the inside of gRPC is another than the one that is known, there are no streams, and nobody notices."""
    for inside in (None, Mock(spec=[]), Mock(**{"SendInitialMetadataOperation.side_effect": TypeError})):
        monkeypatch.setattr(duplex, "cygrpc", inside)
        with Client(target) as client, client.reset("1") as episode:
            assert episode.step(RunCommand("print 9")).observation.output == b"00000000\n"
    assert streams(script) == 0
    assert script.calls.count("Step") == 3


class Answering:
    """A stream of which a test says what it does."""

    def __init__(self) -> None:
        self.unimplemented = False
        self.answers = threading.Event()  # when it shall
        self.over = False
        self.ended = threading.Event()
        self.before: Callable[[], object] = lambda: None

    def ask(self, request: bytes) -> None:
        """See Stream."""
        assert env.RolloutRequest.FromString(request).HasField("step")

    def answer(self) -> bytes | None:
        """See Stream."""
        self.answers.wait(20)
        self.before()
        return None if self.over else env.RolloutResponse(step=env.StepResult()).SerializeToString()

    def cancel(self) -> None:
        """See Stream."""
        self.over = True
        self.answers.set()

    def end(self) -> None:
        """See Stream."""
        self.cancel()
        self.ended.set()


STEP = Call("Step", env.StepRequest(), 60.0, result_only=True)


def line(lanes: Lanes, otherwise: Callable[[Call], Any] = Mock(), call: Call = STEP) -> Any:  # noqa: B008 - who needs it passes one
    with GUARD.opening():
        return lanes.line(call, Answering, otherwise)


def test_a_step_whose_lane_was_given_up_by_another_goes_by_itself() -> None:
    """A step that is given up in the moment in which it ends may take the lane of the next one along."""
    lanes, instead = Lanes(Mock()), Mock()
    first = line(lanes)
    stream = first._lane.stream
    stream.answers.set()
    give_up = first._given_up  # which another thread has got so far as to call
    assert first.read() is not None
    second = line(lanes, lambda _: instead)
    assert second._lane.stream is stream
    give_up()
    assert second.read() is instead.read.return_value
    instead.drop.assert_not_called()
    assert stream.ended.is_set()
    lanes.hang_up()


def test_a_step_that_is_given_up_as_it_goes_another_way_is_given_up_there() -> None:
    """Its lane is lost, and another thread detaches as the call is made that takes its place."""
    instead = Mock()

    def otherwise(call: Call) -> Any:
        del call
        turn.drop()
        return instead

    turn = line(Lanes(Mock()), otherwise)
    turn._lane.stream.cancel()
    turn.read()
    instead.drop.assert_called()


def test_a_step_that_was_given_up_is_not_asked_for_again() -> None:
    """It fails as what is lost does, and whoever gave it up knows."""
    otherwise = Mock()
    turn = line(Lanes(Mock()), otherwise)
    turn.drop()
    with pytest.raises(errors.ConnectionLostError):
        turn.read()
    otherwise.assert_not_called()


@pytest.mark.parametrize("answer", [b"\xff", b"", env.RolloutResponse(correlation_id=7, step=env.StepResult()).SerializeToString()])
def test_a_stream_whose_answer_makes_no_sense_is_used_no_more(answer: bytes) -> None:
    """Whoever answers so may answer anything, such as the next step with this one's result."""
    lanes = Lanes(Mock())
    turn = line(lanes)
    stream = turn._lane.stream
    stream.answer = lambda: answer
    with pytest.raises(ProtocolError):
        turn.read()
    assert lanes.idle == []
    assert stream.ended.is_set()


def test_what_is_overdue_is_given_up_once_and_when_there_is_a_thread_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """To give up may have to wait for another thread: none waits with it, and it is not begun again with every look."""
    lanes, begun, go_on = Lanes(Mock()), [], threading.Event()
    start, scarce = threading.Thread.start, [RuntimeError("can't start new thread")]

    def starting(thread: threading.Thread) -> None:
        if thread.name == "codecraft overdue":
            if scarce:
                raise scarce.pop()
            begun.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", starting)
    stuck = line(lanes, call=Call("Step", env.StepRequest(), 0.1, result_only=True))
    stream = stuck._lane.stream
    cancel, stream.cancel = stream.cancel, lambda: go_on.wait(20) and cancel()

    def read() -> None:
        with pytest.raises(errors.DeadlineExceededError):
            stuck.read()

    reading = threading.Thread(target=read)
    reading.start()
    until(lambda: bool(begun))
    other = line(lanes, call=Call("Step", env.StepRequest(), 0.1, result_only=True))
    with pytest.raises(errors.DeadlineExceededError):
        other.read()
    assert len(begun) == 2
    go_on.set()
    reading.join(20)
    assert not reading.is_alive()


def test_where_streams_are_always_lost_there_are_none_before_long() -> None:
    """Whatever it is that ends them, each would cost a step a call in vain."""
    lanes, instead = Lanes(Mock()), Mock()
    for _ in range(REFUSALS):
        turn = line(lanes, lambda _: instead)
        turn._lane.stream.cancel()
        turn.read()
    assert line(lanes, lambda _: instead) is instead


def test_an_interrupt_of_who_waits_is_told_and_ends_the_stream() -> None:
    """Nobody knows in what state gRPC is then."""
    interrupted = Mock()
    lanes = Lanes(interrupted)
    turn = line(lanes)
    stream = turn._lane.stream
    stream.answers.set()
    stream.before = Mock(side_effect=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        turn.read()
    interrupted.assert_called_once()
    assert stream.ended.is_set()
    assert lanes.idle == []


@pytest.mark.parametrize("stream", [False, True])
def test_after_an_interrupt_there_is_another_channel(fake_address: str, stream: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that falls into gRPC's own Python can leave its channel's lock taken; it was the whole process's end, and is one channel's."""
    with Client(fake_address) as client, client.reset("1") as episode:
        episode.step(RunCommand("true"))
        before = client._connection.transport._channel
        real, falls, me = threading.Condition.notify_all, [KeyboardInterrupt], threading.get_ident()

        def interrupted(condition: threading.Condition) -> None:
            """The last that gRPC does with an event that has come."""
            if threading.get_ident() == me and falls:
                raise falls.pop()
            real(condition)

        def play() -> None:
            if stream:
                episode.run("true").result()
            else:
                episode.step(RunCommand("true"))

        monkeypatch.setattr(threading.Condition, "notify_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            play()
        assert episode.step(RunCommand("echo fine")).observation.output == b"fine\n"
        assert client._connection.transport._channel not in {before, None}


class Polled:
    """A call of gRPC's of which a test says when an interrupt falls."""

    def __init__(self) -> None:
        self.left = 3
        self.interrupt = False

    def operate(self, batch: object, tag: object) -> bool:
        """Start a batch."""
        del batch, tag
        self.left += 1
        return True

    def next_event(self) -> Any:
        """Return the next batch; the last one frees the queue."""
        assert self.left, "this queue is freed"
        if self.interrupt:
            self.left = 0
            raise KeyboardInterrupt
        self.left -= 1
        return Mock(batch_operations=())

    def cancel(self, code: object, details: object) -> None:
        """End it."""


def test_no_more_is_waited_for_than_is_due() -> None:
    """What has come is not waited for again, whether it came to an end or an interrupt fell on it."""
    for interrupt in (False, True):
        call = Polled()
        stream = duplex.Duplex(call, due=3)
        stream.ask(b"")
        call.interrupt = interrupt
        with pytest.raises(KeyboardInterrupt) if interrupt else nullcontext():
            assert stream.answer() is None
        assert call.left == 0
        assert stream.answer() is None
        stream.end()


def test_who_is_overdue_is_given_up_in_time_whenever_others_are() -> None:
    """The one thread that watches learns of an earlier deadline while it waits for a later one, and what it has given up stays so."""
    lanes = Lanes(Mock())
    patient = line(lanes)
    reading = threading.Thread(target=patient.read)
    reading.start()
    stream = patient._lane.stream if patient._lane else next(iter(lanes._all)).stream
    for within_s in (0.3, 0.1, 0.0):
        began = time.monotonic()
        with pytest.raises(errors.DeadlineExceededError):
            line(lanes, call=Call("Step", env.StepRequest(), within_s, result_only=True)).read()
        assert time.monotonic() - began < 5
    assert not stream.over
    stream.answers.set()
    reading.join(20)
    assert len(lanes.idle) == 1
    lanes.hang_up()


@pytest.mark.parametrize("give_up", ["close", "detach"])
async def test_giving_up_wakes_who_has_only_begun(fake_address: str, give_up: str) -> None:
    """A step whose stream has not begun yet ends at once when it, or its client, is given up."""
    client = AsyncClient(fake_address)
    episode = await client.reset("1")
    step = asyncio.create_task(episode.step(RunCommand("sleep 30")))
    await asyncio.sleep(0)
    if give_up == "close":
        await client.close()
    else:
        assert episode._running is not None
        episode._running.detach()
    with pytest.raises(errors.DetachedError):
        await asyncio.wait_for(step, 10)
    await client.close()


@pytest.mark.parametrize("behind", ["write", "read"])
async def test_giving_up_in_the_very_moment(fake_address: str, behind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that is given up right behind its request or its answer ends as one of the two, and leaves nothing to the next one."""
    async with AsyncClient(fake_address) as client, await client.reset("1") as episode:
        await episode.step(RunCommand("true"))
        (lane,) = idle(client)
        real = getattr(lane.stream, behind)

        async def then_detach(*message: Any) -> Any:
            said = await real(*message)
            assert episode._running is not None
            episode._running.detach()
            return said

        monkeypatch.setattr(lane.stream, behind, then_detach)
        if behind == "write":
            with pytest.raises(errors.DetachedError):
                await episode.step(RunCommand("true"))
        else:
            await episode.step(RunCommand("true"))
        while (await episode.status()).state is EpisodeState.STEPPING:  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.01)
        assert (await episode.step(RunCommand("echo fine"))).observation.output == b"fine\n"


def test_a_server_that_comes_back_is_found(world: str, connect: Any) -> None:
    """A line that breaks while a step runs is won back by itself, and the command has run once."""
    policy = RetryPolicy(window_s=20, first_s=0.05, longest_s=0.2)
    with CuttingProxy(world, cuts=0, between=(1, 1)) as proxy, connect(proxy.address, retry=policy) as client, client.reset("1") as episode:
        episode.write_file("a/a/file", "")
        cutter = threading.Timer(0.3, proxy.cut_all)
        cutter.start()
        result = episode.step(RunCommand("cd a; sleep 1; pwd"))
        cutter.join()
        assert result.observation.output.rstrip().endswith(b"/a")
        assert episode.step(RunCommand("pwd")).observation.output == result.observation.output


def test_the_token_is_sent(connect: Any) -> None:
    """A server with a token lets the streams of who has it in."""
    with fake_world(agent_token="s3cret") as address, connect(address, token="s3cret") as client, client.reset("1") as episode:
        assert episode.step(RunCommand("echo hi")).observation.output == b"hi\n"
