"""Reward modes, milestones and labels over a real socket."""

from typing import Any

import grpc
import pytest
from fake_server import FakeServer, every, fake_server, refusal
from fakes.milestones import exists, with_milestones
from fakes.tasks import FakeGrader

from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import types_pb2 as types
from codecraft_server.task import Visibility

TASK = with_milestones(milestones=(exists("a", 0.25), exists("b", 0.75, Visibility.HIDDEN)))
SHOWN = with_milestones()


async def opened(server: FakeServer, reward: types.RewardOptions | None, request_id: str = "r") -> pb.Ready:
    """Open an episode that pays so."""
    events = await every(server.environment.Reset(pb.ResetRequest(request_id=request_id, task_id="1", reward=reward)))
    ready: pb.Ready = events[-1].ready
    return ready


async def write(server: FakeServer, ready: pb.Ready, index: int, name: str) -> pb.StepResult:
    """Write an empty file."""
    action = types.Action(write_file=types.WriteFile(path=name.encode()))
    request = pb.StepRequest(episode_id=ready.episode_id, episode_token=ready.episode_token, step_index=index, action=action)
    result: pb.StepResult = (await every(server.environment.Step(request)))[-1].result
    return result


async def submit(server: FakeServer, ready: pb.Ready) -> pb.SubmitResult:
    """Submit."""
    request = pb.SubmitRequest(episode_id=ready.episode_id, episode_token=ready.episode_token)
    result: pb.SubmitResult = (await every(server.environment.Submit(request)))[-1].result
    return result


async def test_a_task_says_how_many_milestones_it_has() -> None:
    """Their number and share are public, what they ask is not."""
    async with fake_server([TASK]) as server:
        ready = await opened(server, None)
        assert (ready.task.milestone_count, ready.task.milestone_share) == (2, 0.5)
        assert b"Title of" not in ready.task.SerializeToString()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, types.RewardOptions(mode=types.REWARD_MODE_OUTCOME)),
        (types.RewardOptions(), types.RewardOptions(mode=types.REWARD_MODE_OUTCOME)),
        (
            types.RewardOptions(mode=types.REWARD_MODE_MILESTONES),
            types.RewardOptions(mode=types.REWARD_MODE_MILESTONES, milestone_share=0.5),
        ),
        (
            types.RewardOptions(mode=types.REWARD_MODE_MILESTONES, milestone_share=0.0),
            types.RewardOptions(mode=types.REWARD_MODE_MILESTONES, milestone_share=0.0),
        ),
        (
            types.RewardOptions(mode=types.REWARD_MODE_SHAPED, discount=0.9),
            types.RewardOptions(mode=types.REWARD_MODE_SHAPED, discount=0.9),
        ),
    ],
)
async def test_ready_tells_the_terms_filled_in(asked: types.RewardOptions | None, told: types.RewardOptions) -> None:
    """What Reset left open is what the task or the schema says."""
    async with fake_server([TASK]) as server:
        assert (await opened(server, asked)).reward == told


async def test_steps_pay_for_milestones_and_tell_what_may_be_shown() -> None:
    """Parts, labels and changes arrive, and the submission pays the rest."""
    async with fake_server([SHOWN], grader=FakeGrader()) as server:
        ready = await opened(server, types.RewardOptions(mode=types.REWARD_MODE_MILESTONES))
        first = await write(server, ready, 0, "a")
        assert [(part.kind, part.value, part.name) for part in first.reward.components] == [(types.REWARD_KIND_MILESTONE, 0.125, "a")]
        assert first.label == types.STEP_LABEL_PROGRESS
        change = types.MilestoneChange(milestone_id="a", title="Title of a", holds=True, first=True, weight=0.25)
        assert list(first.milestones) == [change]
        await write(server, ready, 1, "b")
        result = await submit(server, ready)
        assert (result.reward.value, result.episode_return, result.label) == (0.5, 1.0, types.STEP_LABEL_PROGRESS)


async def test_a_hidden_milestone_is_nowhere_in_what_is_sent() -> None:
    """Not its id, not its title, not its weight's name."""
    async with fake_server([TASK]) as server:
        ready = await opened(server, types.RewardOptions(mode=types.REWARD_MODE_MILESTONES))
        result = await write(server, ready, 0, "b")
        assert [(part.kind, part.value, part.name) for part in result.reward.components] == [(types.REWARD_KIND_MILESTONE, 0.375, "")]
        assert (list(result.milestones), result.label) == ([], types.STEP_LABEL_PROGRESS)


async def test_a_failed_submission_is_neutral() -> None:
    """Not to pass is no regress of the process."""
    async with fake_server([SHOWN], grader=FakeGrader(score=0.0)) as server:
        ready = await opened(server, types.RewardOptions(mode=types.REWARD_MODE_SHAPED, discount=1.0))
        await write(server, ready, 0, "a")
        result = await submit(server, ready)
        assert [(part.kind, part.value) for part in result.reward.components] == [
            (types.REWARD_KIND_OUTCOME, 0.0),
            (types.REWARD_KIND_SHAPING, -0.25),
        ]
        assert (result.episode_return, result.label) == (0.0, types.STEP_LABEL_NEUTRAL)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"mode": types.REWARD_MODE_SHAPED}, "reward.discount"),
        ({"mode": types.REWARD_MODE_SHAPED, "discount": float("nan")}, "reward.discount"),
        ({"mode": types.REWARD_MODE_MILESTONES, "milestone_share": 1.5}, "reward.milestone_share"),
        ({"discount": 0.5}, "reward.discount"),
        ({"mode": 77}, "reward.mode"),
    ],
)
async def test_options_that_make_no_sense_are_refused(server: FakeServer, options: dict[str, Any], field: str) -> None:
    """INVALID_FIELD names the field, and nothing is opened."""
    request = pb.ResetRequest(request_id="r", task_id="1", reward=types.RewardOptions(**options))
    refused = await refusal(server.environment.Reset(request))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refused.metadata["field"] == field
    assert server.sandboxes.open_count == 0


async def test_a_request_id_with_another_reward_is_a_conflict(server: FakeServer) -> None:
    """An idempotent Reset is the same Reset."""
    await opened(server, None)
    other = pb.ResetRequest(request_id="r", task_id="1", reward=types.RewardOptions(mode=types.REWARD_MODE_MILESTONES))
    assert (await refusal(server.environment.Reset(other))).reason == "REQUEST_ID_CONFLICT"
