"""Every method of both services does what the schema says, over a real socket."""

import asyncio
from importlib.metadata import version

import pytest
from fake_server import SOON_S, FakeServer, a_task, every, fake_server, output_of
from google.protobuf.duration_pb2 import Duration

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import types_pb2 as types
from codecraft_server.settings import EpisodeSettings


async def test_server_info_tells_what_the_server_is_and_has_left(server: FakeServer) -> None:
    """Versions, bounds and the catalog are told, and the load follows what is open."""
    before = await server.environment.GetServerInfo(pb.GetServerInfoRequest())
    await server.reset()
    after = await server.environment.GetServerInfo(pb.GetServerInfoRequest())
    assert (before.server_version, before.protocol_version, before.worker, before.task_count) == (version("codecraft"), 1, "test", 1)
    assert before.limits.episodes == EpisodeSettings().max_episodes
    assert len(before.catalog_digest) == 64
    assert (before.capacity.episodes, after.capacity.episodes) == (0, 1)


async def test_tasks_are_listed_in_pages_and_fetched_one_by_one() -> None:
    """All tasks come in the curriculum's order, and GetTask gives the same view of one."""
    async with fake_server([a_task(str(number)) for number in range(5)]) as server:
        first = await server.environment.ListTasks(pb.ListTasksRequest(page_size=3))
        second = await server.environment.ListTasks(pb.ListTasksRequest(page_size=3, page_token=first.next_page_token))
        one = await server.environment.GetTask(pb.GetTaskRequest(task_id="4"))
    assert [task.task_id for task in (*first.tasks, *second.tasks)] == ["0", "1", "2", "3", "4"]
    assert second.next_page_token == ""
    assert one.task == second.tasks[-1]
    assert one.task.gradable


async def test_reset_opens_an_episode_after_telling_what_it_does(server: FakeServer) -> None:
    """Progress comes first, then exactly one `ready` with all that the agent needs."""
    events = await every(server.environment.Reset(pb.ResetRequest(request_id="r", task_id="1")))
    kinds = [event.WhichOneof("event") for event in events]
    assert kinds[-1] == "ready"
    assert set(kinds[:-1]) <= {"progress"}
    ready = events[-1].ready
    assert ready.episode_id.startswith("test")
    assert len(ready.episode_token) >= 16
    assert ready.task.task_id == "1"
    assert "Say hello." in ready.observation.message
    assert (ready.observation.budget.steps_taken, ready.observation.budget.steps_left) == (0, 100)
    assert ready.sandbox_origin != types.SANDBOX_ORIGIN_UNSPECIFIED


async def test_an_episode_without_a_task_starts_one_by_text(server: FakeServer) -> None:
    """NoTask opens an episode without a sandbox; the text action `start` gives it its task."""
    episode = await server.reset(None)
    assert not episode.ready.HasField("task")
    assert server.sandboxes.open_count == 0
    action = types.Action(text='{"action": "start", "task_id": "1"}')
    events = await every(server.environment.Step(pb.StepRequest(**episode.address, step_index=0, action=action)))
    assert events[-1].result.started_task.task_id == "1"


async def test_a_step_streams_what_the_command_prints(server: FakeServer) -> None:
    """`started`, the output byte for byte, and last the result with how the command ended."""
    episode = await server.reset()
    events = await every(server.environment.Step(episode.request(b"seq 1 20000")))
    assert events[0].started.step_index == 0
    assert output_of(events) == b"".join(b"%d\n" % number for number in range(1, 20001))
    assert max(len(event.output.data) for event in events) <= 65_536
    result = events[-1].result
    assert (result.observation.command_end.reason, result.observation.command_end.exit_code) == (types.END_REASON_EXITED, 0)
    assert (result.observation.output, result.step_index, result.terminated, result.truncated) == (b"", 0, False, False)
    assert [event.WhichOneof("event") for event in events].count("result") == 1


async def test_a_step_that_is_not_streamed_has_its_output_in_the_result(server: FakeServer) -> None:
    """One event, with the bytes, the reward and the budget in it."""
    episode = await server.reset()
    (event,) = await every(server.environment.Step(episode.request(b"echo hi", stream=False)))
    assert event.result.observation.output == b"hi\n"
    assert (event.result.reward.valid, event.result.reward.value) == (True, 0.0)
    assert event.result.observation.budget.steps_left == 99


async def test_files_are_written_read_and_listed(server: FakeServer) -> None:
    """The three file actions carry any bytes, also in names."""
    episode = await server.reset()
    name, content = b"caf\xe9", bytes(range(256))
    actions = [
        types.Action(write_file=types.WriteFile(path=name, content=content, mode=0o600)),
        types.Action(read_file=types.ReadFile(path=name, offset=16)),
        types.Action(list_files=types.ListFiles()),
    ]
    results = []
    for index, action in enumerate(actions):
        events = await every(server.environment.Step(pb.StepRequest(**episode.address, step_index=index, action=action)))
        results.append(events[-1].result.observation)
    assert results[0].error == types.ACTION_ERROR_UNSPECIFIED
    assert (results[1].file.data, results[1].file.size_bytes, results[1].file.mode) == (content[16:], 256, 0o600)
    assert [(entry.path, entry.size_bytes) for entry in results[2].files.entries] == [(name, 256)]


async def test_what_the_learner_does_wrong_is_an_observation(server: FakeServer) -> None:
    """A failing command, a missing file and an unknown text action are results; the last one costs a penalty."""
    episode = await server.reset()
    failed = await episode.run(b"false")
    assert failed.observation.command_end.exit_code == 1
    read = types.Action(read_file=types.ReadFile(path=b"missing"))
    events = await every(server.environment.Step(pb.StepRequest(**episode.address, step_index=1, action=read)))
    assert events[-1].result.observation.error == types.ACTION_ERROR_FILE_NOT_FOUND
    text = types.Action(text='{"action": "dance"}')
    events = await every(server.environment.Step(pb.StepRequest(**episode.address, step_index=2, action=text)))
    result = events[-1].result
    assert (result.observation.error, result.reward.value, result.label) == (
        types.ACTION_ERROR_UNKNOWN_ACTION,
        -1.0,
        types.STEP_LABEL_REGRESS,
    )


async def test_a_command_that_times_out_keeps_what_it_printed(server: FakeServer) -> None:
    """The action's time-out is data: the observation has the output so far and the reason."""
    episode = await server.reset()
    result = await episode.run(b"echo before; sleep 60", timeout=Duration(nanos=200_000_000))
    assert result.observation.command_end.reason == types.END_REASON_TIMED_OUT
    assert result.observation.output == b"before\n"


async def test_submit_grades_and_shows_what_may_be_shown(server: FakeServer) -> None:
    """Phases, the shown check, then one result; the hidden check weighs but is never told. A repeat gives the same, also after Close."""
    episode = await server.reset()
    events = await every(server.environment.Submit(pb.SubmitRequest(**episode.address)))
    kinds = [event.WhichOneof("event") for event in events]
    assert (kinds[0], kinds[-1], kinds.count("result")) == ("phase", "result", 1)
    assert [event.check.check_id for event in events if event.WhichOneof("event") == "check"] == ["shown"]
    result = events[-1].result
    assert (result.grade.score, result.grade.passed, result.outcome) == (1.0, True, types.OUTCOME_PASSED)
    assert (result.reward.value, result.episode_return, result.terminated, result.truncated) == (1.0, 1.0, True, False)
    assert [check.check_id for check in result.grade.checks] == ["shown"]
    await server.environment.Close(pb.CloseRequest(**episode.address))
    again = await every(server.environment.Submit(pb.SubmitRequest(**episode.address)))
    assert again[-1].result == result


async def test_interrupt_stops_the_running_step(server: FakeServer) -> None:
    """The step ends INTERRUPTED and the episode goes on."""
    episode = await server.reset()
    call = server.environment.Step(episode.request(b"echo on; sleep 60"), timeout=SOON_S)
    await _until_printed(call)
    await server.environment.Interrupt(pb.InterruptRequest(**episode.address, step_index=0))
    events = await every(call)
    assert events[-1].result.observation.command_end.reason == types.END_REASON_INTERRUPTED
    assert (await episode.run(b"echo hi")).observation.output == b"hi\n"


async def test_write_stdin_feeds_a_running_command_exactly_once(server: FakeServer) -> None:
    """Bytes arrive by offset, a repeat is ignored, and end_of_file ends the input."""
    episode = await server.reset()
    call = server.environment.Step(episode.request(b"cat", stdin=b"first ", stdin_open=True), timeout=SOON_S)
    await _until_printed(call)
    for end in (False, True):
        request = pb.WriteStdinRequest(**episode.address, step_index=0, offset=0, data=b"second", end_of_file=end)
        assert (await server.environment.WriteStdin(request)).accepted_offset == 6
    events = await every(call)
    assert b"".join(event.output.data for event in events) == b"second"
    assert events[-1].result.observation.command_end.out_bytes == 12


async def _until_printed(call: object) -> pb.StepResponse:
    """Read a stream up to its first output."""
    async with asyncio.timeout(SOON_S):
        async for event in call:  # type: ignore[attr-defined]
            if event.WhichOneof("event") == "output":
                return event
    pytest.fail("the stream ended without output")


async def test_get_episode_tells_how_it_stands_and_renews_it(server: FakeServer) -> None:
    """State, next index and budget are there, and the expiry moves on with every look."""
    episode = await server.reset()
    await episode.run(b"true")
    first = await server.environment.GetEpisode(pb.GetEpisodeRequest(**episode.address))
    second = await server.environment.GetEpisode(pb.GetEpisodeRequest(**episode.address))
    assert (first.state, first.next_step_index, first.budget.steps_taken) == (pb.EPISODE_STATE_READY, 1, 1)
    assert second.expire_time.ToNanoseconds() > first.expire_time.ToNanoseconds()
    assert first.outcome == types.OUTCOME_UNSPECIFIED


async def test_close_ends_an_episode_and_may_be_repeated(server: FakeServer) -> None:
    """The sandbox is gone, the outcome is CLOSED, and closing again says the same."""
    episode = await server.reset()
    first = await server.environment.Close(pb.CloseRequest(**episode.address))
    second = await server.environment.Close(pb.CloseRequest(**episode.address))
    assert first.outcome == second.outcome == types.OUTCOME_CLOSED
    assert server.sandboxes.open_count == 0
    view = await server.environment.GetEpisode(pb.GetEpisodeRequest(**episode.address))
    assert (view.state, view.outcome) == (pb.EPISODE_STATE_ENDED, types.OUTCOME_CLOSED)


async def test_open_episodes_are_listed_for_control(server: FakeServer) -> None:
    """Oldest first, in pages, with task and steps."""
    opened = [await server.reset() for _ in range(3)]
    await opened[0].run(b"true")
    first = await server.control.ListEpisodes(ctl.ListEpisodesRequest(page_size=2))
    second = await server.control.ListEpisodes(ctl.ListEpisodesRequest(page_size=2, page_token=first.next_page_token))
    listed = [*first.episodes, *second.episodes]
    assert [one.episode_id for one in listed] == [episode.ready.episode_id for episode in opened]
    assert [(one.task_id, one.steps_taken) for one in listed] == [("1", 1), ("1", 0), ("1", 0)]


async def test_prewarm_has_sandboxes_stand_ready(server: FakeServer) -> None:
    """The number is a level; what stands ready is told by it and by the server's load."""
    for wanted in (2, 2, 1):
        assert (await server.control.Prewarm(ctl.PrewarmRequest(task_id="1", sandboxes=wanted))).ready == wanted
    info = await server.environment.GetServerInfo(pb.GetServerInfoRequest())
    assert info.capacity.warm_sandboxes == 1
