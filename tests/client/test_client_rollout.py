"""The rollout client and the whole server, over fake sandboxes and with real containers, on lines that break."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cutting_proxy import CuttingProxy
from google.rpc import code_pb2, status_pb2
from scripted_service import Script
from worlds import fake_world

from codecraft.v1 import environment_pb2 as env
from codecraft_client import Outcome, RetryPolicy, RunCommand, StepResult, SubmitResult, WriteFile, errors
from codecraft_client.calls import Answer, Close, Closed, Reset, Status, Step, Submit
from codecraft_client.events import Ready
from codecraft_client.rollout import Rollout
from codecraft_client.types import EpisodeStatus
from codecraft_client.wire import rollouts

SOON_S = 60.0
QUICK = RetryPolicy(window_s=1.0, longest_s=0.2)


@pytest.fixture
def rollout(world: str) -> Iterator[Rollout]:
    """A rollout on the whole server."""
    with Rollout(world) as rollout:
        yield rollout


def ask(rollout: Rollout, request: Any) -> Any:
    """Ask one thing and wait for its answer."""
    rollout.send(0, request)
    return rollout.receive(SOON_S).result


def opened(rollout: Rollout, number: int) -> list[tuple[str, str]]:
    """Open episodes; returns id and token of each."""
    for place in range(number):
        rollout.send(place, Reset("1"))
    answers = [rollout.receive(SOON_S).result for _ in range(number)]
    assert all(isinstance(answer, Ready) for answer in answers), answers
    return [(ready.episode_id, ready.episode_token) for ready in answers if isinstance(ready, Ready)]


def output(answer: Answer) -> bytes:
    assert isinstance(answer.result, StepResult), answer
    return answer.result.observation.output


def test_a_whole_episode(rollout: Rollout) -> None:
    """Each kind of request is answered by its kind of result."""
    ready = ask(rollout, Reset("1"))
    key = (ready.episode_id, ready.episode_token)
    assert ask(rollout, Step(*key, 0, RunCommand("echo hi"))).observation.output == b"hi\n"
    status = ask(rollout, Status(*key))
    assert isinstance(status, EpisodeStatus)
    assert status.next_step_index == 1
    result = ask(rollout, Submit(*key))
    assert isinstance(result, SubmitResult)
    assert result.outcome in {Outcome.PASSED, Outcome.FAILED}
    assert ask(rollout, Close(*key)) == Closed(result.outcome)
    assert rollout.outstanding == 0


def test_answers_come_as_they_complete(rollout: Rollout) -> None:
    """A long step does not hold up the others, and each answer names its request."""
    first, second = opened(rollout, 2)
    rollout.send(11, Step(*first, 0, RunCommand("sleep 0.5; echo slow")))
    rollout.send(22, Step(*second, 0, RunCommand("echo quick")))
    answers = [rollout.receive(SOON_S) for _ in range(2)]
    assert [(answer.correlation_id, output(answer)) for answer in answers] == [(22, b"quick\n"), (11, b"slow\n")]


def test_a_line_that_is_cut_again_and_again_repeats_nothing(world: str) -> None:
    """Eight episodes go down a path step by step, over a line that is cut every few thousand bytes: each step was taken exactly once."""
    depth = 10
    with CuttingProxy(world, cuts=40, between=(1_000, 4_000), seed=3) as proxy, Rollout(proxy.address) as rollout:
        keys = opened(rollout, 8)
        path = b"/".join(b"d%d" % level for level in range(depth))
        for place, key in enumerate(keys):
            rollout.send(place, Step(*key, 0, WriteFile(path + b"/file", b"")))
        for _ in keys:
            assert isinstance(rollout.receive(SOON_S).result, StepResult)
        for level in range(depth):
            for place, key in enumerate(keys):
                rollout.send(place, Step(*key, level + 1, RunCommand(b"cd d%d; pwd" % level)))
            walked = b"/".join(path.split(b"/")[: level + 1])
            assert {output(rollout.receive(SOON_S)).rstrip().endswith(walked) for _ in keys} == {True}
        assert proxy.cuts >= 8


def test_refusals_are_answers(rollout: Rollout) -> None:
    """What the server refuses is the error of its reason, for that request alone, with the call and the episode that it was about."""
    ((episode_id, token),) = opened(rollout, 1)
    wrong = ask(rollout, Step(episode_id, "wrong", 0, RunCommand("ls")))
    assert isinstance(wrong, errors.WrongEpisodeTokenError)
    assert (wrong.method, wrong.episode_id, wrong.code) == ("Step", episode_id, "PERMISSION_DENIED")
    late = ask(rollout, Step(episode_id, token, 7, RunCommand("ls")))
    assert isinstance(late, errors.StepOutOfOrderError)
    assert late.metadata["expected"] == "0"
    assert isinstance(ask(rollout, Reset("no such task")), errors.TaskNotFoundError)
    assert isinstance(ask(rollout, Step(episode_id, token, 0, RunCommand("ls", timeout_s=-1))), errors.InvalidFieldError)
    assert ask(rollout, Step(episode_id, token, 0, RunCommand("echo fine"))).observation.output == b"fine\n"


def test_a_line_that_stays_dead_is_every_answer() -> None:
    """When the line does not come back in time, all that is outstanding is answered by the loss; later requests try anew."""
    with fake_world() as address, CuttingProxy(address, cuts=0, between=(1, 1)) as proxy, Rollout(proxy.address, retry=QUICK) as rollout:
        keys = opened(rollout, 3)
        for place, key in enumerate(keys):
            rollout.send(place, Step(*key, 0, RunCommand("sleep 60")))
        proxy.stop()
        answers = [rollout.receive(SOON_S) for _ in keys]
        assert {answer.correlation_id for answer in answers} == {0, 1, 2}
        assert {type(answer.result) for answer in answers} == {errors.ConnectionLostError}
        assert isinstance(ask(rollout, Reset("1")), errors.ConnectionLostError)


def test_nobody_there_is_told_at_once() -> None:
    """Where nothing listens the answer names the remedy."""
    with Rollout("127.0.0.1:1") as rollout:
        answer = ask(rollout, Reset("1"))
    assert isinstance(answer, errors.ServerUnavailableError)


def test_the_token_is_sent() -> None:
    """A server with a token serves who has it; who has none gets that as the answer."""
    with fake_world(agent_token="s3cret") as address:
        with Rollout(address, token="s3cret") as rollout:
            assert isinstance(ask(rollout, Reset("1")), Ready)
        with Rollout(address) as rollout:
            assert isinstance(ask(rollout, Reset("1")), errors.WrongServiceTokenError)


def test_waiting_is_bounded_and_loses_nothing(target: str, script: Script) -> None:
    """`receive` gives up after its time, and the answer can still be received later."""
    with Rollout(target) as rollout:
        ready = ask(rollout, Reset("1"))
        rollout.send(5, Step(ready.episode_id, ready.episode_token, 0, RunCommand("wait")))
        with pytest.raises(errors.DeadlineExceededError):
            rollout.receive(0.1)
        script.release.set()
        assert rollout.receive(SOON_S).correlation_id == 5


def test_what_is_outstanding_is_bounded_and_told_apart(target: str) -> None:
    """A number that is in use, one request too many and a receive without a request are the caller's mistakes; so is what can't be sent."""
    with Rollout(target, limit=2) as rollout:
        with pytest.raises(errors.UsageError, match="nothing was asked"):
            rollout.receive()
        rollout.send(1, Reset("1"))
        with pytest.raises(errors.UsageError, match="correlation id 1"):
            rollout.send(1, Reset("1"))
        rollout.send(2, Reset("1"))
        with pytest.raises(errors.UsageError, match="2 requests are outstanding"):
            rollout.send(3, Reset("1"))
        assert {rollout.receive(SOON_S).correlation_id for _ in range(2)} == {1, 2}
        with pytest.raises(errors.UsageError, match="can't be sent"):
            rollout.send(2**63, Reset("1"))


def test_closing_wakes_who_waits_and_ends_the_thread(target: str, script: Script) -> None:
    """Who receives gets a DetachedError, sending is refused, and no thread is left."""
    rollout = Rollout(target)
    ready = ask(rollout, Reset("1"))
    rollout.send(5, Step(ready.episode_id, ready.episode_token, 0, RunCommand("wait")))
    closer = threading.Timer(0.1, rollout.close)
    closer.start()
    with pytest.raises(errors.DetachedError):
        rollout.receive(SOON_S)
    closer.join()
    with pytest.raises(errors.DetachedError):
        rollout.send(6, Reset("1"))
    rollout.close()
    script.release.set()
    assert [thread for thread in threading.enumerate() if thread.name == "codecraft rollout"] == []


def test_one_that_was_not_used_has_no_thread() -> None:
    """Making one does nothing; so does closing it."""
    began = threading.active_count()
    with Rollout("127.0.0.1:1"):
        assert threading.active_count() == began


def test_a_stream_that_broke_while_nothing_was_asked_is_opened_at_the_next_request(world: str) -> None:
    """An idle rollout does not care about its line, and the next request finds another."""
    with CuttingProxy(world, cuts=0, between=(1, 1)) as proxy, Rollout(proxy.address) as rollout:
        ((episode_id, token),) = opened(rollout, 1)
        proxy.cut_all()
        time.sleep(0.1)
        assert isinstance(ask(rollout, Status(episode_id, token)), EpisodeStatus)


def test_every_request_and_every_result_of_the_schema_is_known() -> None:
    """The schema has nothing that can't be asked, and no answer that would not be understood."""
    oneofs = env.RolloutRequest.DESCRIPTOR.oneofs_by_name["request"], env.RolloutResponse.DESCRIPTOR.oneofs_by_name["result"]
    asked, answered = ({field.name for field in oneof.fields} for oneof in oneofs)
    assert asked == set(rollouts.METHODS)
    assert answered == {*rollouts.RESULTS, "status"}
    requests = (Reset("1"), Step("e", "t", 1, RunCommand("ls")), Submit("e", "t"), Close("e", "t"), Status("e", "t"))
    for kind, request in zip(rollouts.METHODS, requests, strict=True):
        message = rollouts.request(7, request)
        assert (message.correlation_id, message.WhichOneof("request")) == (7, kind)
        inner = getattr(message, kind)
        assert len(inner.ListFields()) >= min(2, len(inner.DESCRIPTOR.fields))


def test_answers_that_nobody_asked_for_are_the_servers_mistake() -> None:
    """Another correlation id, or a result that is not known here, is a ProtocolError; a status without our reason is still an error."""
    asked = {7: rollouts.request(7, Submit("e", "t"))}
    for message in (env.RolloutResponse(correlation_id=8), env.RolloutResponse(correlation_id=7)):
        with pytest.raises(errors.ProtocolError):
            rollouts.answer(message, asked)
    status = status_pb2.Status(code=code_pb2.DATA_LOSS, message="odd")
    error = rollouts.answer(env.RolloutResponse(correlation_id=7, status=status), asked).result
    assert isinstance(error, errors.ServerError)
    assert (error.code, error.method, error.episode_id) == ("DATA_LOSS", "Submit", "e")
