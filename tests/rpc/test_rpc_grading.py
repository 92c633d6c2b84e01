"""Grading over real gRPC: phases, faults that may be followed by another try, grading again by the curriculum as it is."""

from dataclasses import replace

import grpc
from fake_server import SOON_S, FakeServer, Opened, a_task, every, fake_server, refusal
from fakes import FakeGrader, settle

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import types_pb2 as types
from codecraft_server.curriculum import Curriculum
from codecraft_server.errors import SandboxLostError
from codecraft_server.settings import EpisodeSettings, GradingSettings
from codecraft_server.task import Check, FileCheck, Visibility

PASSES = Check("c", "C", 1.0, 5.0, Visibility.RESULT, FileCheck("answer"))
FAILS = replace(PASSES, body=FileCheck("anser"))


def with_check(check: Check, digest: str) -> Curriculum:
    """A curriculum of one task with one check."""
    return Curriculum({"1": a_task(checks=(check,), digest=digest)})


async def answer(episode: Opened) -> None:
    """Write the file that is asked for."""
    write = types.Action(write_file=types.WriteFile(path=b"answer", content=b"42"))
    await every(episode.server.environment.Step(pb.StepRequest(**episode.address, step_index=0, action=write), timeout=SOON_S))


async def submit(episode: Opened, *, again: bool = False) -> list[pb.SubmitResponse]:
    """Submit an episode to its result."""
    request = pb.SubmitRequest(**episode.address, again=again)
    return await every(episode.server.environment.Submit(request, timeout=SOON_S))


async def regrade(server: FakeServer, episode: Opened) -> list[ctl.RegradeResponse]:
    """Grade again, to the result."""
    return await every(server.control.Regrade(ctl.RegradeRequest(episode_id=episode.ready.episode_id), timeout=SOON_S))


def phases(events: list[pb.SubmitResponse] | list[ctl.RegradeResponse]) -> list[str]:
    """The phases that were told."""
    names = [pb.GradingPhase.Name(event.phase.phase) for event in events if event.WhichOneof("event") == "phase"]
    return [name.removeprefix("GRADING_PHASE_") for name in names]


async def test_a_grade_says_where_it_comes_from(server: FakeServer) -> None:
    """Each phase is told; place, origin and the digest of the work are in the grade."""
    events = await submit(await server.reset())
    assert phases(events) == ["FREEZING", "COPYING", "PREPARING", "CHECKING"]
    grade = events[-1].result.grade
    assert (grade.place, grade.sandbox_origin) == (types.GRADING_PLACE_FRESH, types.SANDBOX_ORIGIN_COLD)
    assert len(grade.work_digest) == 64


async def test_a_fault_is_followed_by_the_right_score() -> None:
    """The fault says that it may be, and `again` does it; GetEpisode says the rest."""
    grader = FakeGrader(error=SandboxLostError("m", "killed"))
    async with fake_server(grader=grader) as server:
        episode = await server.reset()
        first = (await submit(episode))[-1].result
        assert (first.outcome, first.reward.valid, first.fault.can_submit_again) == (types.OUTCOME_FAULT, False, True)
        grader.error = None
        second = (await submit(episode, again=True))[-1].result
        assert (second.outcome, second.reward.value, second.episode_return) == (types.OUTCOME_PASSED, 1.0, 1.0)
        assert (await submit(episode))[-1].result == second
        view = await server.environment.GetEpisode(pb.GetEpisodeRequest(**episode.address))
        assert view.outcome == types.OUTCOME_PASSED


async def test_a_task_that_was_wrong_is_put_right_and_its_work_graded_again() -> None:
    """The check is wrong, so right work fails; with the curriculum replaced the kept work passes, and new episodes have the new check."""
    async with fake_server(with_check(FAILS, "old").tasks.values()) as server:
        episode = await server.reset()
        await answer(episode)
        assert (await submit(episode))[-1].result.outcome == types.OUTCOME_FAILED
        before = await server.environment.GetServerInfo(pb.GetServerInfoRequest())
        running = await server.reset()
        await answer(running)
        server.serving.replace_curriculum(with_check(PASSES, "new"))
        events = await regrade(server, episode)
        assert phases(events) == ["PREPARING", "CHECKING"]
        assert [event.check.passed for event in events if event.WhichOneof("event") == "check"] == [True]
        result = events[-1].result
        assert (result.grade.score, result.grade.passed, result.previous_grade.passed) == (1.0, True, False)
        assert (result.task_digest, result.previous_task_digest) == ("new", "old")
        assert result.grade.work_digest == result.previous_grade.work_digest
        assert not result.HasField("fault")
        assert (await submit(episode))[-1].result.outcome == types.OUTCOME_FAILED, "the episode is what it was"
        assert (await submit(running))[-1].result.outcome == types.OUTCOME_FAILED, "a running episode keeps its task"
        info = await server.environment.GetServerInfo(pb.GetServerInfoRequest())
        assert info.catalog_digest != before.catalog_digest
        task = await server.environment.GetTask(pb.GetTaskRequest(task_id="1"))
        assert task.task.digest == "new"
        later = await server.reset()
        await answer(later)
        assert (await submit(later))[-1].result.outcome == types.OUTCOME_PASSED


async def test_what_can_not_be_graded_again_is_refused(server: FakeServer) -> None:
    """An unknown episode is NOT_FOUND, one without kept work FAILED_PRECONDITION."""
    refused = await refusal(server.control.Regrade(ctl.RegradeRequest(episode_id="nobody")))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "EPISODE_NOT_FOUND")
    episode = await server.reset()
    refused = await refusal(server.control.Regrade(ctl.RegradeRequest(episode_id=episode.ready.episode_id)))
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "WORK_NOT_KEPT")


async def test_a_server_tells_its_reserve_and_its_queue() -> None:
    """Places, time, and how many gradings are under way and wait; full capacity grades all the same."""
    bounds = {"episodes": EpisodeSettings(max_episodes=4), "grading": GradingSettings(places=1, work_kept_s=7.0)}
    async with fake_server(**bounds) as server:
        episodes = [await server.reset() for _ in range(4)]
        calls = [server.environment.Submit(pb.SubmitRequest(**episode.address), timeout=SOON_S) for episode in episodes]
        results = [await every(call) for call in calls]
        assert [events[-1].result.outcome for events in results] == [types.OUTCOME_PASSED] * 4
        await settle()
        info = await server.environment.GetServerInfo(pb.GetServerInfoRequest())
        assert (info.limits.gradings, info.limits.work_kept.ToSeconds()) == (1, 7)
        assert (info.capacity.gradings, info.capacity.queued_gradings) == (0, 0)
