"""The client against a scripted server, over real sockets."""

import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.rpc import code_pb2
from scripted_service import Script, printed, refusal

from codecraft_client import Client, Episode, GradingPhase, Outcome, Output, Phase, Queued, RetryPolicy, RunCommand, Timeouts, errors
from codecraft_client.types import Gap, Stream

MakeClient = Callable[..., Client]


def read(episode: Episode, command: str) -> bytes:
    """All that a command prints."""
    return b"".join(event.data for event in episode.run(command) if isinstance(event, Output))


def test_output_arrives_whole(client: Client) -> None:
    """What a command prints arrives byte for byte, and its result comes last."""
    with client.reset("1") as episode:
        running = episode.run("print 123456")
        data = b"".join(event.data for event in running if isinstance(event, Output))
        assert data == printed(123456)
        assert running.result().observation.command_end is not None
        assert episode.observation.command_end is not None


def test_a_step_has_its_output_in_the_result(client: Client) -> None:
    """Without streaming the observation has the output."""
    with client.reset("1") as episode:
        assert episode.step(RunCommand("print 10")).observation.output == printed(10)


def test_broken_streams_are_mended(client: Client, script: Script) -> None:
    """A stream that breaks again and again gives the same bytes, and the command was taken up once."""
    script.break_after = [0, 3, 0, 7, 1, 20, 2, 2, 2]
    with client.reset("1") as episode:
        assert read(episode, "print 60000") == printed(60000)
    assert script.ran == [b"print 60000"]
    assert script.calls.count("Resume") == 8  # the ninth break came first, in Reset
    assert script.calls.count("Step") == 1


def test_a_step_that_never_arrived_is_sent_again(client: Client, script: Script) -> None:
    """A Step refused by the line before it was taken up is repeated as it was, not resumed."""
    with client.reset("1") as episode:
        script.refuse_once["Step"] = [_unavailable()]
        assert read(episode, "print 100") == printed(100)
    assert script.calls.count("Step") == 2
    assert "Resume" not in script.calls


def test_output_out_of_the_window_is_told(client: Client, script: Script) -> None:
    """Where the server has let go of output before the client came back, a Gap says which bytes are missing."""
    with client.reset("1") as episode:
        script.break_after = [1]
        script.kept_from = 5000
        events = list(episode.run("print 9000"))
    assert [event for event in events if isinstance(event, Gap)] == [Gap(Stream.OUT, 1000, 4000)]
    assert b"".join(event.data for event in events if isinstance(event, Output)) == printed(9000)[:1000] + printed(9000)[5000:]


def test_a_connection_that_does_not_come_back_is_an_error(make_client: MakeClient, script: Script) -> None:
    """After the policy's attempts the loss is raised, naming the call and the episode; the next step asks the server where it stands."""
    client = make_client(retry=RetryPolicy(window_s=5, attempts=3, first_s=0.001))
    with client.reset("1") as episode:
        script.refuse["Step"] = _unavailable()
        with pytest.raises(errors.ConnectionLostError) as failure:
            episode.run("print 1")
        assert (failure.value.method, failure.value.episode_id) == ("Step", episode.episode_id)
        assert script.calls.count("Step") == 4
        del script.refuse["Step"]
        assert read(episode, "print 2") == printed(2)
    assert script.calls.count("GetEpisode") == 1


def test_a_step_that_the_server_withdraws_is_not_counted(client: Client, script: Script) -> None:
    """After a refusal, even one that came after events, the client asks the server which index is next."""
    with client.reset("1") as episode:
        read(episode, "print 1")
        script.withdraw = refusal(code_pb2.UNAVAILABLE, "SANDBOX_START_FAILED")
        with pytest.raises(errors.SandboxStartError):
            episode.run("print 2").result()
        assert read(episode, "print 3") == printed(3)
    assert script.calls.count("GetEpisode") == 1


def test_nobody_there_is_told_at_once(connect: MakeClient) -> None:
    """Where nothing listens the first call fails without retries and names the remedy."""
    with (
        connect("127.0.0.1:1") as client,
        pytest.raises(errors.ServerUnavailableError, match=r"no server at 127\.0\.0\.1:1; start one with `make serve`"),
    ):
        client.server_info()


def test_progress_is_told_and_reset_is_repeated(client: Client, script: Script) -> None:
    """A Reset that breaks is repeated with its request_id, and the progress is told."""
    script.break_after = [0]
    progress: list[object] = []
    episode = client.reset("1", on_progress=progress.append)
    assert episode.episode_id == "w-0"
    assert progress == [Queued(1)]
    assert script.calls.count("Reset") == 2
    assert list(client.resetting("1")) == [Queued(1)]


def test_the_same_request_id_is_the_same_episode(client: Client) -> None:
    """A request_id of the caller's own opens one episode, a new one another."""
    assert client.reset("1", request_id="a").episode_id == client.reset("1", request_id="a").episode_id
    assert client.reset("1").episode_id != client.reset("1").episode_id


def test_submit_is_repeated_and_tells_each_thing_once(client: Client, script: Script) -> None:
    """A grading whose stream breaks is attached to again; phases that were told are not told again."""
    with client.reset("1") as episode:
        script.break_after = [1]
        told: list[object] = []
        result = episode.submit(told.append)
    assert (result.outcome, result.reward.value) == (Outcome.PASSED, 1.0)
    assert [event.phase for event in told if isinstance(event, Phase)] == [GradingPhase.FREEZING, GradingPhase.CHECKING]
    assert script.calls.count("Submit") == 2


@pytest.mark.parametrize("method", ["Reset", "Step", "Submit"])
def test_an_end_without_a_result_is_a_protocol_error(client: Client, script: Script, method: str) -> None:
    """A stream that ends well but without its terminal event is never taken for success."""
    if method == "Reset":
        script.end_early = True
        with pytest.raises(errors.ProtocolError, match="Reset without a result"):
            client.reset("1")
        return
    with client.reset("1") as episode:
        script.end_early = True
        with pytest.raises(errors.ProtocolError, match="without a result"):
            episode.run("print 1").result() if method == "Step" else episode.submit()


def test_refusals_are_typed(client: Client, script: Script) -> None:
    """What the server refuses is an error of the reason's class with everything the status said."""
    script.refuse["GetTask"] = refusal(code_pb2.NOT_FOUND, "TASK_NOT_FOUND", "no task '9'", task_id="9")
    with pytest.raises(errors.TaskNotFoundError, match="no task '9'") as failure:
        client.task("9")
    error = failure.value
    assert (error.reason, error.code, error.metadata, error.method) == ("TASK_NOT_FOUND", "NOT_FOUND", {"task_id": "9"}, "GetTask")
    assert pickle.loads(pickle.dumps(error)).metadata == {"task_id": "9"}


def test_retry_delays_and_wrong_fields_are_told(client: Client, script: Script) -> None:
    """RetryInfo becomes retry_after_s, BadRequest the names of the fields."""
    script.refuse["Reset"] = refusal(code_pb2.RESOURCE_EXHAUSTED, "NO_CAPACITY", retry_s=3)
    with pytest.raises(errors.NoCapacityError) as full:
        client.reset("1")
    assert full.value.retry_after_s == 3.0
    script.refuse["Reset"] = refusal(code_pb2.INVALID_ARGUMENT, "INVALID_FIELD", violations=("request_id",))
    with pytest.raises(errors.InvalidFieldError) as wrong:
        client.reset("1", request_id="")
    assert [each.field for each in wrong.value.refusal.violations] == ["request_id"]


def test_reasons_of_later_versions_are_still_ours(client: Client, script: Script) -> None:
    """A reason that this client does not know is a ServerError with its gRPC code; so is a status without any reason."""
    script.refuse["GetTask"] = refusal(code_pb2.FAILED_PRECONDITION, "BRAND_NEW")
    with pytest.raises(errors.ServerError) as new:
        client.task("1")
    assert (type(new.value), new.value.reason, new.value.code) == (errors.ServerError, "BRAND_NEW", "FAILED_PRECONDITION")
    script.refuse["GetTask"] = _status(grpc.StatusCode.DATA_LOSS)
    with pytest.raises(errors.ServerError) as bare:
        client.task("1")
    assert bare.value.code == "DATA_LOSS"


def test_what_the_target_does_not_serve_is_named(client: Client, script: Script) -> None:
    """UNIMPLEMENTED means that something else answers at the target."""
    script.refuse["GetTask"] = _status(grpc.StatusCode.UNIMPLEMENTED)
    with pytest.raises(errors.ProtocolError, match="does not serve"):
        client.task("1")


def test_deadlines_are_ours(make_client: MakeClient, script: Script) -> None:
    """A call that takes too long is a DeadlineExceededError; so is a step, and its command is not what timed out."""
    client = make_client(timeouts=Timeouts(call_s=5, margin_s=0.3), retry=RetryPolicy(attempts=0))
    with client.reset("1") as episode:
        began = time.monotonic()
        with pytest.raises(errors.DeadlineExceededError, match=r"took longer than 0\.5 s"):
            episode.run("wait", timeout_s=0.2).result()
        assert time.monotonic() - began < 4
        script.release.set()


def test_another_protocol_version_is_refused(client: Client, script: Script) -> None:
    """Before anything else is said, a server of another protocol version is recognized."""
    script.protocol_version = 2
    with pytest.raises(errors.ProtocolVersionError, match="speaks protocol 2, this client 1"):
        client.reset("1")
    assert script.calls == ["GetServerInfo"]


def test_the_version_is_asked_for_once(client: Client, script: Script) -> None:
    """A client asks for the protocol version before its first call and never again."""
    client.task("1")
    client.task("2")
    assert script.calls == ["GetServerInfo", "GetTask", "GetTask"]


def test_the_token_is_sent(make_client: MakeClient, script: Script) -> None:
    """The service token travels as a bearer; without it the refusal is typed."""
    script.token = "s3cret"
    assert make_client(token="s3cret").task("1").task_id == "1"
    with pytest.raises(errors.WrongServiceTokenError):
        make_client().task("1")


def test_a_token_that_no_header_can_carry_is_refused(connect: MakeClient) -> None:
    """A line break in a token would be gRPC's riddle; here it is named."""
    with pytest.raises(errors.UsageError, match="token"):
        connect(token="a\nb")


def test_tasks_iterates_over_all_pages(client: Client, script: Script) -> None:
    """Pages are asked for as they are needed, with the category."""
    tasks = client.tasks("Git")
    assert [task.task_id for task in tasks] == ["1", "2", "3"]
    assert script.calls.count("ListTasks") == 3


def test_interrupt_from_another_thread(client: Client, script: Script) -> None:
    """A running step can be stopped while another thread waits for it; afterwards that does nothing."""
    with client.reset("1") as episode:
        running = episode.run("wait")
        stopper = threading.Thread(target=running.cancel)
        stopper.start()
        running.result()
        stopper.join()
        script.refuse["Interrupt"] = refusal(code_pb2.FAILED_PRECONDITION, "NO_STEP_RUNNING")
        running.interrupt(grace_s=1)
    assert script.calls.count("Interrupt") == 2


def test_stdin_is_written_once_by_offset(client: Client, script: Script) -> None:
    """Large input goes in pieces; a piece that is refused or lost on the way is repeated, and each byte arrives once."""
    data = printed(200_000)
    with client.reset("1") as episode:
        running = episode.run("wait", stdin_open=True)
        script.refuse_once["WriteStdin"] = [refusal(code_pb2.RESOURCE_EXHAUSTED, "STDIN_FULL"), _unavailable()]
        running.write_stdin(data[:1000])
        running.write_stdin(data[1000:], end_of_file=True)
        running.result()
    assert bytes(script.stdin) == data
    assert script.calls.count("WriteStdin") == 7  # 1 + 4 pieces, 2 of them twice


def test_leaving_the_block_closes_the_episode(client: Client, script: Script) -> None:
    """The episode is closed when its block is left, also by an exception, which is what comes out."""

    def fail() -> None:
        with client.reset("1"):
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert script.closed.is_set()


def test_closing_twice_and_closing_what_is_gone_are_harmless(client: Client, script: Script) -> None:
    """Closing is idempotent, and an episode that the server has forgotten is closed as well."""
    episode = client.reset("1")
    script.refuse["Close"] = refusal(code_pb2.NOT_FOUND, "EPISODE_NOT_FOUND")
    episode.close()
    episode.close()
    assert script.calls.count("Close") == 1


def test_closing_detaches_who_waits(client: Client) -> None:
    """Who waits for a step of an episode that is closed from another thread gets a DetachedError, at once."""
    episode = client.reset("1")
    running = episode.run("wait")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(running.result)
        episode.close()
        assert isinstance(waiting.exception(10), errors.DetachedError)


def test_a_closed_client_says_so(client: Client) -> None:
    """After close every call is a DetachedError, and who waits on a stream gets one."""
    running = client.reset("1").run("wait")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(running.result)
        client.close()
        assert isinstance(waiting.exception(10), errors.DetachedError)
    with pytest.raises(errors.DetachedError):
        client.task("1")


def test_threads_share_a_client(client: Client) -> None:
    """Many threads with an episode each read through one client without mixing anything up."""

    def work(size: int) -> bool:
        with client.reset("1") as episode:
            return episode.step(RunCommand("ls")).step_index >= 0 and client.task(str(size)).task_id == str(size)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(64)))


def test_a_client_pickles_as_its_configuration(client: Client, connect: MakeClient, target: str) -> None:
    """A client that has been used can be sent to another process, where it opens a channel of its own."""
    client.task("1")
    copy: Client = pickle.loads(pickle.dumps(client))
    with copy:
        assert copy.target == target
        assert copy.task("2").task_id == "2"
    assert "token" not in repr(connect(token="hidden")).lower()


def test_an_episode_and_its_step_say_what_they_are(client: Client) -> None:
    """Their reprs have the episode, the task and how far it is, and no token."""
    kind = repr(client).split("Client(")[0]
    with client.reset("1") as episode:
        assert repr(episode) == f"{kind}Episode({episode.episode_id!r}, task='1', outcome=None)"
        running = episode.run("ls")
        running.result()
        assert repr(running) == f"{kind}Running({episode.episode_id!r}, step_index=0, finished=True)"
        episode.submit()
        assert repr(episode) == f"{kind}Episode({episode.episode_id!r}, task='1', outcome='passed')"
        assert episode.token
        assert episode.token not in repr(episode) + repr(running)


def _status(code: grpc.StatusCode) -> grpc.Status:
    class Bare(grpc.Status):
        pass

    bare = Bare()
    bare.code, bare.details, bare.trailing_metadata = code, "from the line", ()
    return bare


def _unavailable() -> grpc.Status:
    return _status(grpc.StatusCode.UNAVAILABLE)
