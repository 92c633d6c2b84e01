"""Tasks that the server chooses, and statistics of them, over a real socket."""

import grpc
import pytest
from fake_server import SOON_S, FakeServer, Opened, a_task, every, fake_server, refusal

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as pb

TASKS = [a_task("1"), a_task("2", prerequisites=("1",), difficulty=2), a_task("3", category="other", difficulty=3)]


async def reset(server: FakeServer, trainer: str = "", request_id: str = "", **choice: object) -> Opened:
    """Open an episode of a task that the server chooses."""
    wanted = pb.TaskChoice(**choice)  # type: ignore[arg-type]
    request = pb.ResetRequest(request_id=request_id or f"request-{next(server.request_ids)}", choice=wanted, trainer=trainer)
    return Opened(server, (await every(server.environment.Reset(request, timeout=SOON_S)))[-1].ready)


async def test_the_server_chooses_as_it_is_asked() -> None:
    """In order, by category, by difficulty and by id; `ready` has the task that was chosen."""
    async with fake_server(TASKS) as server:
        order = pb.CHOICE_STRATEGY_IN_ORDER
        assert [(await reset(server, strategy=order)).ready.task.task_id for _ in range(4)] == ["1", "2", "3", "1"]
        assert (await reset(server, categories=["other"])).ready.task.task_id == "3"
        assert (await reset(server, min_difficulty=2, max_difficulty=2)).ready.task.task_id == "2"
        assert (await reset(server, task_ids=["2"])).ready.task.task_id == "2"


async def test_a_repeated_reset_attaches_to_what_was_chosen() -> None:
    """The same request id with the same choice is the same episode, and nothing else was chosen for it."""
    async with fake_server(TASKS) as server:
        order = pb.CHOICE_STRATEGY_IN_ORDER
        first, again = [await reset(server, "t", "r", strategy=order) for _ in range(2)]
        assert first.ready.episode_id == again.ready.episode_id
        request = pb.ResetRequest(request_id="r", choice=pb.TaskChoice(strategy=order), trainer="u")
        assert (await refusal(server.environment.Reset(request))).reason == "REQUEST_ID_CONFLICT"
        assert (await reset(server, "t", strategy=order)).ready.task.task_id == "2"


@pytest.mark.parametrize(
    ("request_", "code", "reason", "said"),
    [
        (
            pb.ResetRequest(choice=pb.TaskChoice(categories=["basics"], min_difficulty=3)),
            "NOT_FOUND",
            "TASK_NOT_FOUND",
            "categories 'basics'",
        ),
        (pb.ResetRequest(choice=pb.TaskChoice(categories=["nope"])), "INVALID_ARGUMENT", "INVALID_FIELD", "choice.categories: 'nope'"),
        (pb.ResetRequest(choice=pb.TaskChoice(task_ids=["9"])), "INVALID_ARGUMENT", "INVALID_FIELD", "choice.task_ids: '9'"),
        (pb.ResetRequest(choice=pb.TaskChoice(max_difficulty=11)), "INVALID_ARGUMENT", "INVALID_FIELD", "choice.max_difficulty"),
        (pb.ResetRequest(choice=pb.TaskChoice(strategy=9)), "INVALID_ARGUMENT", "INVALID_FIELD", "choice.strategy"),  # type: ignore[arg-type]
        (pb.ResetRequest(task_id="1", trainer="x" * 129), "INVALID_ARGUMENT", "INVALID_FIELD", "trainer: must have at most 128"),
    ],
)
async def test_a_choice_that_can_not_be_made_is_refused(request_: pb.ResetRequest, code: str, reason: str, said: str) -> None:
    """With the code, the reason, and words that name the filter or the field."""
    async with fake_server(TASKS) as server:
        request_.request_id = "r"
        refused = await refusal(server.environment.Reset(request_))
        assert (refused.code, refused.reason) == (grpc.StatusCode[code], reason)
        assert said in refused.message


async def test_statistics_tell_how_it_went() -> None:
    """All tasks in the curriculum's order, in pages, for one trainer and for all; what can't be known is absent."""
    async with fake_server(TASKS) as server:
        played = await reset(server, "t", task_ids=["1"])
        await played.run(b"true")
        await every(server.environment.Submit(pb.SubmitRequest(**played.address)))
        await server.environment.Close(pb.CloseRequest(**(await reset(server, "u", task_ids=["1"])).address))
        await server.reset("3")
        first = await server.control.ListTaskStatistics(ctl.ListTaskStatisticsRequest(page_size=2))
        rest = await server.control.ListTaskStatistics(ctl.ListTaskStatisticsRequest(page_size=2, page_token=first.next_page_token))
        of_t = await server.control.ListTaskStatistics(ctl.ListTaskStatisticsRequest(trainer="t"))
        nobody = await server.control.ListTaskStatistics(ctl.ListTaskStatisticsRequest(trainer="nobody"))
    every_task = [*first.tasks, *rest.tasks]
    assert [(one.task_id, one.started, one.passed, one.abandoned) for one in every_task] == [("1", 2, 1, 1), ("2", 0, 0, 0), ("3", 1, 0, 0)]
    one = of_t.tasks[0]
    assert (one.started, one.passed, one.mean_score, one.mean_return, one.mean_steps) == (1, 1, 1.0, 1.0, 1.0)
    assert (one.recent_pass_rate, one.recent_episodes, one.HasField("mean_grading_time")) == (1.0, 1, True)
    assert [one.started for one in nobody.tasks] == [0, 0, 0]
    assert not any(nobody.tasks[0].HasField(name) for name in ("mean_score", "mean_return", "recent_pass_rate", "mean_grading_time"))


async def test_statistics_need_the_control_token() -> None:
    """They tell of all trainers, so agents don't get them."""
    async with fake_server(TASKS, control_token="secret of the control side") as server:
        assert (await refusal(server.control.ListTaskStatistics(ctl.ListTaskStatisticsRequest()))).reason == "WRONG_SERVICE_TOKEN"


async def test_a_bad_page_of_statistics_is_refused(server: FakeServer) -> None:
    """A negative size, a token of another list and a name that is too long."""
    for request in (
        ctl.ListTaskStatisticsRequest(page_size=-1),
        ctl.ListTaskStatisticsRequest(page_token="x"),
        ctl.ListTaskStatisticsRequest(trainer="x" * 129),
    ):
        assert (await refusal(server.control.ListTaskStatistics(request))).reason == "INVALID_FIELD"
