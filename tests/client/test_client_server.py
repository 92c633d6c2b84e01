"""The client and the whole server, over fake sandboxes and with real containers: the same tests for both."""

import threading
from collections.abc import Callable, Iterator

import pytest
from cutting_proxy import CuttingProxy
from fakes import FakeGrader
from worlds import fake_world

from codecraft_client import (
    ActionError,
    Client,
    EndReason,
    Episode,
    EpisodeState,
    GradingPlace,
    Outcome,
    Output,
    RetryPolicy,
    RunCommand,
    Started,
    Stream,
    errors,
)
from codecraft_server.errors import SandboxLostError

Connect = Callable[..., Client]
LINES = 1_000_000
NUMBERS = b"".join(b"%d\n" % number for number in range(1, LINES + 1))


@pytest.fixture
def client(world: str, connect: Connect) -> Iterator[Client]:
    """A client of the whole server."""
    with connect(world) as client:
        yield client


@pytest.fixture
def episode(client: Client) -> Iterator[Episode]:
    """An episode of task 1."""
    with client.reset("1") as episode:
        yield episode


def read(episode: Episode, command: str) -> bytes:
    """All that a command prints, checked to be without hole or overlap."""
    data = b""
    for event in episode.run(command):
        if isinstance(event, Output):
            assert event.offset == len(data)
            data += event.data
    return data


def test_a_stream_that_is_cut_again_and_again_is_whole(world: str, connect: Connect) -> None:
    """At least thirty cuts in mid-stream, most of them in mid-frame: the re-assembled bytes are identical.

    A connection must carry more than one piece of output (64 KiB) now and then, else nothing could ever arrive.
    """
    with CuttingProxy(world, cuts=45, between=(20_000, 200_000)) as proxy, connect(proxy.address) as client, client.reset("1") as episode:
        running = episode.run(f"seq 1 {LINES}")
        data = b"".join(event.data for event in running if isinstance(event, Output))
        assert proxy.cuts >= 30
        assert data == NUMBERS
        end = running.result().observation.command_end
        assert end is not None
        assert (end.reason, end.exit_code, end.out_bytes, end.dropped_bytes) == (EndReason.EXITED, 0, len(NUMBERS), 0)


def test_every_call_survives_cuts(world: str, connect: Connect) -> None:
    """With the line cut every few thousand bytes an episode is still played from Reset to Submit, each step taken once."""
    with CuttingProxy(world, cuts=40, between=(1_500, 4_000), seed=1) as proxy, connect(proxy.address) as client:
        with client.reset("1") as episode:
            for last in range(400, 420):
                assert read(episode, f"seq 1 {last}") == NUMBERS[: NUMBERS.index(b"\n%d\n" % (last + 1)) + 1]
            assert episode.status().next_step_index == 20
            assert episode.submit().outcome in {Outcome.PASSED, Outcome.FAILED}
        assert proxy.cuts >= 8


@pytest.mark.docker
def test_a_side_effect_happens_once(docker_address: str, connect: Connect) -> None:
    """A command that appends to a file, sent over a line that is cut again and again, appends once for each step."""
    with CuttingProxy(docker_address, cuts=30, between=(1_000, 8_000), seed=2) as proxy, connect(proxy.address) as client:
        with client.reset("1") as episode:
            for _ in range(20):
                assert read(episode, "echo x >> count; seq 1 1000") == NUMBERS[: NUMBERS.index(b"\n1001\n") + 1]
            file = episode.read_file("count").observation.file
        assert proxy.cuts >= 20
    assert file is not None
    assert file.data == b"x\n" * 20


def test_a_line_that_stays_dead_is_given_up(world: str, connect: Connect) -> None:
    """When the connection does not come back the loss is raised, within the policy's window."""
    retry = RetryPolicy(window_s=1.0, longest_s=0.2)
    with CuttingProxy(world, cuts=0, between=(1, 1)) as proxy, connect(proxy.address, retry=retry) as client:
        episode = client.reset("1")
        running = episode.run("sleep 60")
        proxy.stop()
        with pytest.raises(errors.ConnectionLostError) as failure:
            running.result()
        assert failure.value.episode_id == episode.episode_id


def test_events_come_in_order(episode: Episode) -> None:
    """Started first, then the output; the result is kept and can be asked for again."""
    running = episode.run("echo a; echo b")
    events = [event for event in running if isinstance(event, Started | Output)]
    assert events[0] == Started(0)
    assert b"".join(event.data for event in events if isinstance(event, Output)) == b"a\nb\n"
    assert running.result() is running.result()
    assert running.result().reward.value == 0.0
    assert episode.observation.budget.steps_taken == 1


def test_separate_streams_stay_apart(episode: Episode) -> None:
    """With `separate` standard error has a stream and offsets of its own."""
    pieces = {Stream.OUT: b"", Stream.ERR: b""}
    for event in episode.run("echo out; echo err >&2", separate=True):
        if isinstance(event, Output):
            assert event.offset == len(pieces[event.stream])
            pieces[event.stream] += event.data
    assert pieces == {Stream.OUT: b"out\n", Stream.ERR: b"err\n"}


def test_interrupt(episode: Episode) -> None:
    """A running command is stopped from another thread, and the episode goes on."""
    running = episode.run("echo before; sleep 60")
    stopper = threading.Timer(0.0, running.cancel)
    for event in running:
        if isinstance(event, Output):
            stopper.start()
    stopper.join()
    end = running.result().observation.command_end
    assert end is not None
    assert end.reason is EndReason.INTERRUPTED
    running.interrupt()  # nothing is running any more, which is what was wanted
    assert episode.step(RunCommand("echo after")).observation.output == b"after\n"


def test_stdin_is_streamed(episode: Episode) -> None:
    """What is written to a running command arrives whole and in order, also when it is more than one message holds."""
    running = episode.run("cat", stdin_open=True)
    came = bytearray()
    reader = threading.Thread(target=lambda: came.extend(b"".join(event.data for event in running if isinstance(event, Output))))
    reader.start()
    for start in range(0, 1_000_000, 150_000):
        running.write_stdin(NUMBERS[start : min(start + 150_000, 1_000_000)])
    running.write_stdin(b"", end_of_file=True)
    reader.join()
    assert bytes(came) == NUMBERS[:1_000_000]
    with pytest.raises(errors.NoStepRunningError):
        running.write_stdin("too late")


def test_a_time_out_is_data(episode: Episode) -> None:
    """A command that takes too long ends TIMED_OUT with what it printed, and the episode goes on."""
    result = episode.step(RunCommand("echo partial; sleep 60", timeout_s=0.5))
    assert result.observation.output == b"partial\n"
    assert result.observation.command_end is not None
    assert result.observation.command_end.reason is EndReason.TIMED_OUT
    assert not result.done


def test_files(episode: Episode) -> None:
    """Any bytes come back as they went, a directory lists what was made, and a missing file is data."""
    content = bytes(range(256)) * 100
    assert episode.write_file("dir/caf\udce9", content, mode=0o600).observation.error is None
    file = episode.read_file(b"dir/caf\xe9", offset=256, max_bytes=512).observation.file
    assert file is not None
    assert (file.data, file.size_bytes, file.mode, file.end_of_file) == (content[256:768], len(content), 0o600, False)
    files = episode.list_files("dir").observation.files
    assert files is not None
    assert [entry.path for entry in files.entries] == [b"caf\xe9"]
    assert episode.read_file("nothing").observation.error is ActionError.FILE_NOT_FOUND


def test_the_text_dialect(client: Client) -> None:
    """An episode without a task: mistakes are penalised, `start` starts one, and the client knows it from then on."""
    with client.reset() as episode:
        early = episode.act('{"action": "command", "command": "pwd"}')
        assert (early.observation.error, early.reward.value) == (ActionError.NO_TASK, -1.0)
        started = episode.act('{"action": "start", "task_id": "1"}')
        assert started.started_task is not None
        assert episode.task == started.started_task
        assert episode.act('{"action": "lol"}').reward.value == -1.0
        assert episode.act('{"action": "exit"}').terminated
        assert episode.outcome is Outcome.GAVE_UP


def test_refusals(client: Client, episode: Episode) -> None:
    """What the server refuses is the error of its reason, and leaves the episode as it was."""
    other = client.reset("1", request_id="used by another")
    with pytest.raises(errors.TaskNotFoundError):
        client.reset("no such task")
    with pytest.raises(errors.TaskNotFoundError):
        client.task("no such task")
    with pytest.raises(errors.InvalidFieldError) as wrong:
        episode.run("ls", timeout_s=-1)
    assert [each.field for each in wrong.value.refusal.violations] == ["action.run_command.timeout"]
    with pytest.raises(errors.RequestIdConflictError):
        client.reset(None, request_id="used by another")
    other.close()
    assert episode.step(RunCommand("echo fine")).observation.output == b"fine\n"


def test_another_token_is_refused(episode: Episode) -> None:
    """The episode token is what opens an episode."""
    token, episode.token = episode.token, "wrong"
    with pytest.raises(errors.WrongEpisodeTokenError):
        episode.run("ls")
    episode.token = token
    assert episode.step(RunCommand("echo mine")).observation.output == b"mine\n"


def test_an_episode_that_has_ended_says_so(client: Client) -> None:
    """After close a step is refused, naming how the episode ended; its status still tells."""
    episode = client.reset("1")
    episode.close()
    assert episode.outcome is Outcome.CLOSED
    with pytest.raises(errors.EpisodeEndedError):
        episode.run("ls")
    status = episode.status()
    assert (status.state, status.outcome) == (EpisodeState.ENDED, Outcome.CLOSED)


def test_a_submission_can_be_asked_for_again(client: Client) -> None:
    """The result of Submit is kept after Close."""
    with client.reset("1") as episode:
        first = episode.submit()
        assert first.outcome in {Outcome.PASSED, Outcome.FAILED}
        assert first.terminated
    assert episode.submit() == first


def test_a_fault_of_the_grader_is_followed_by_the_right_score(connect: Connect) -> None:
    """The fault says that it may be asked again; then the reward is there, and stays."""
    grader = FakeGrader(error=SandboxLostError("m", "killed"))
    with fake_world(grader=grader) as address, connect(address) as client, client.reset("1") as episode:
        first = episode.submit()
        assert first.fault is not None
        assert (first.outcome, first.reward.value, first.fault.can_submit_again) == (Outcome.FAULT, None, True)
        grader.error = None
        second = episode.submit(again=True)
        assert (second.outcome, second.episode_return, episode.outcome) == (Outcome.PASSED, 1.0, Outcome.PASSED)
        assert second.grade is not None
        assert (second.grade.place, second.grade.work_digest) == (GradingPlace.FRESH, "w" * 64)
        assert episode.submit() == second


def test_the_service_token_is_needed(connect: Connect) -> None:
    """A server with a token refuses who has none or another, and serves who has it."""
    with fake_world(agent_token="s3cret") as address:
        with connect(address, token="s3cret") as client, client.reset("1") as episode:
            assert episode.step(RunCommand("echo in")).observation.output == b"in\n"
        for token in (None, "guess"):
            with connect(address, token=token) as client, pytest.raises(errors.WrongServiceTokenError):
                client.reset("1")
