"""What every call passes: tokens, bounds of messages, the refusal of what is unknown, and the silence about defects."""

import asyncio
import contextlib
import logging
from typing import Any

import grpc
import pytest
from fake_server import SOON_S, FakeServer, Refusal, every, fake_server, refusal, soon
from fakes import FakeGrader
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import environment_pb2_grpc as rpc
from codecraft.v1 import types_pb2 as types
from codecraft_server.serving import CONTROL, ENVIRONMENT

CODE = grpc.StatusCode
AGENT, TRAINER = "agent-token-of-the-test", "control-token-of-the-test"


def bearer(token: str, scheme: str = "Bearer") -> tuple[tuple[str, str], ...]:
    """Metadata with a token."""
    return (("authorization", f"{scheme} {token}"),)


async def test_each_service_wants_its_own_token() -> None:
    """The right token opens its service and not the other; the scheme's case does not matter."""
    async with fake_server(agent_token=AGENT, control_token=TRAINER) as server:
        info, listing = pb.GetServerInfoRequest(), ctl.ListEpisodesRequest()
        await server.environment.GetServerInfo(info, metadata=bearer(AGENT))
        await server.environment.GetServerInfo(info, metadata=bearer(AGENT, "bearer"))
        await server.control.ListEpisodes(listing, metadata=bearer(TRAINER))
        for call in (
            server.environment.GetServerInfo(info),
            server.environment.GetServerInfo(info, metadata=bearer(TRAINER)),
            server.environment.GetServerInfo(info, metadata=bearer(AGENT, "Basic")),
            server.environment.GetServerInfo(info, metadata=bearer(AGENT) * 2),
            server.environment.GetServerInfo(info, metadata=bearer("")),
            server.environment.Reset(pb.ResetRequest(request_id="r", task_id="1"), metadata=bearer(AGENT + "x")),
            server.control.ListEpisodes(listing, metadata=bearer(AGENT)),
        ):
            refused = await refusal(call)
            assert (refused.code, refused.reason) == (CODE.UNAUTHENTICATED, "WRONG_SERVICE_TOKEN")
            assert AGENT not in str(refused)


async def test_a_refused_call_is_told_which_token_is_meant_and_whether_one_came() -> None:
    """Each service names the variable of its own token; no token and another's are told apart."""
    async with fake_server(agent_token=AGENT, control_token=TRAINER) as server:
        info, listing = server.environment.GetServerInfo, server.control.ListEpisodes
        for call, kind, variable in (
            (lambda **how: info(pb.GetServerInfoRequest(), **how), "agent token", "CODECRAFT_TOKEN"),
            (lambda **how: listing(ctl.ListEpisodesRequest(), **how), "control token", "CODECRAFT_CONTROL_TOKEN"),
        ):
            without, wrong = str(await refusal(call())), str(await refusal(call(metadata=bearer("another's"))))
            assert "no token was sent" in without
            assert "the token that was sent is not this server's" in wrong
            assert all(kind in said and f"(the command: {variable})" in said for said in (without, wrong))


async def test_health_and_reflection_need_no_token() -> None:
    """Who looks after the server has no token of it."""
    async with fake_server(agent_token=AGENT, control_token=TRAINER) as server:
        checks = health_pb2_grpc.HealthStub(server.channel)
        for name in ("", ENVIRONMENT, CONTROL):
            answer = await checks.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        assert await _services(server) >= {ENVIRONMENT, CONTROL}


async def _services(server: FakeServer) -> set[str]:
    """Names of the services that reflection lists."""

    async def asked() -> Any:
        yield reflection_pb2.ServerReflectionRequest(list_services="")

    stub = reflection_pb2_grpc.ServerReflectionStub(server.channel)
    (answer,) = await every(stub.ServerReflectionInfo(asked()))
    return {service.name for service in answer.list_services_response.service}


async def test_reflection_tells_the_schema(server: FakeServer) -> None:
    """A client with nothing but reflection finds the file of the service."""

    async def asked() -> Any:
        yield reflection_pb2.ServerReflectionRequest(file_containing_symbol=ENVIRONMENT)

    (answer,) = await every(reflection_pb2_grpc.ServerReflectionStub(server.channel).ServerReflectionInfo(asked()))
    files = answer.file_descriptor_response.file_descriptor_proto
    assert any(b"codecraft/v1/environment.proto" in file for file in files)


async def test_reflection_is_told_to_as_many_as_ask(server: FakeServer) -> None:
    """Tools keep their streams open; that is nothing to the next one, nor to what the server does in threads."""
    stub = reflection_pb2_grpc.ServerReflectionStub(server.channel)
    async with asyncio.timeout(SOON_S):
        kept = []
        for _ in range(50):
            kept.append(stub.ServerReflectionInfo())
            await kept[-1].write(reflection_pb2.ServerReflectionRequest(list_services=""))
            await kept[-1].read()
    for call in kept:
        call.cancel()


async def test_an_unknown_method_is_unimplemented(server: FakeServer) -> None:
    """A method that the schema only reserves does not exist."""
    call = server.channel.stream_stream(f"/{ENVIRONMENT}/Fork")()
    await call.done_writing()
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await every(call)
    assert error.value.code() == CODE.UNIMPLEMENTED


class _Defect(Exception):  # noqa: N818 - it stands for any exception
    """Something nobody has foreseen."""


SECRET = "/root/secret/path"


def _assert_silent(refused: Refusal, log: str) -> None:
    """Only the incident id got out, and it finds the trace in the log."""
    incident = refused.metadata["incident_id"]
    assert (refused.code, refused.reason, refused.details) == (CODE.INTERNAL, "INTERNAL", [])
    assert refused.message == f"internal error; the server's log has it as incident {incident}"
    assert set(refused.metadata) == {"incident_id"}
    for word in (SECRET, "Defect", "Traceback", ".py"):
        assert word not in str(refused)
    assert incident in log
    assert SECRET in log
    assert "Traceback" in log


@pytest.mark.parametrize("method", ["GetEpisode", "Submit"])
async def test_a_defect_tells_only_its_incident(
    server: FakeServer, method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a method raises that has no status of its own becomes INTERNAL with an incident id; the trace is in the log alone."""

    def raise_it(*_: object, **__: object) -> None:
        raise _Defect(SECRET)

    episode = await server.reset()
    monkeypatch.setattr(server.serving.episodes, {"GetEpisode": "get", "Submit": "submit"}[method], raise_it)
    request = getattr(pb, f"{method}Request")(**episode.address)
    refused = await refusal(getattr(server.environment, method)(request))
    lines = [f"{record.getMessage()} {vars(record).get('incident')} {caplog.handler.format(record)}" for record in caplog.records]
    _assert_silent(refused, "\n".join(lines))


async def test_a_grader_that_breaks_is_a_fault_and_no_score() -> None:
    """A defect of the grader ends the episode with a fault: no reward, no zero, nothing of the exception."""
    async with fake_server(grader=FakeGrader(error=_Defect(SECRET))) as server:
        episode = await server.reset()
        events = await every(server.environment.Submit(pb.SubmitRequest(**episode.address)))
    result = events[-1].result
    assert (result.outcome, result.truncated, result.terminated, result.reward.valid) == (types.OUTCOME_FAULT, True, False, False)
    assert not result.reward.HasField("value")
    assert not result.HasField("episode_return")
    assert SECRET not in str(result)


async def test_a_message_beyond_the_bound_is_refused(server: FakeServer) -> None:
    """A request of more than 2 MiB is RESOURCE_EXHAUSTED, and the connection and the episode go on."""
    episode = await server.reset()
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await every(server.environment.Step(episode.request(b"#" * (3 * 1024 * 1024), 0)))
    assert error.value.code() == CODE.RESOURCE_EXHAUSTED
    assert (await episode.run(b"echo hi")).observation.output == b"hi\n"


async def test_the_largest_command_is_let_in(server: FakeServer) -> None:
    """A command of 1,000,000 bytes with all the standard input there may be is within the bound."""
    episode = await server.reset()
    command = b"echo " + b"x" * 999_995
    result = await episode.run(command, stdin=b"i" * (512 * 1024))
    assert result.observation.command_end.out_bytes == 999_996


async def test_a_burst_of_calls_is_answered_whole() -> None:
    """Calls that come at once, within the bounds, wait for their turn; none is refused."""
    async with fake_server() as server, contextlib.AsyncExitStack() as stack:
        options = [("grpc.use_local_subchannel_pool", 1)]
        channels = [await stack.enter_async_context(grpc.aio.insecure_channel(server.serving.address, options=options)) for _ in range(4)]
        stubs = [rpc.EnvironmentServiceStub(channel) for channel in channels]
        await asyncio.gather(*(stub.GetServerInfo(pb.GetServerInfoRequest()) for stub in stubs))
        calls = [stub.GetServerInfo(pb.GetServerInfoRequest(), timeout=60.0) for _ in range(600) for stub in stubs]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [answer for answer in answers if isinstance(answer, BaseException)] == []


async def test_unknown_fields_are_ignored(server: FakeServer) -> None:
    """A newer client's extra fields do no harm."""
    raw = pb.GetTaskRequest(task_id="1").SerializeToString() + bytes([(1000 << 3 | 2) & 0x7F | 0x80, 1000 << 3 >> 7, 3]) + b"new"
    call = server.channel.unary_unary(f"/{ENVIRONMENT}/GetTask", response_deserializer=pb.GetTaskResponse.FromString)
    assert (await call(raw)).task.task_id == "1"


@pytest.mark.parametrize("method", ["GetTask", "Step"])
async def test_bytes_that_are_no_request_are_refused_in_our_words(server: FakeServer, method: str) -> None:
    """Garbage, or text that is not UTF-8, is INVALID_FIELD and no defect."""
    make = server.channel.unary_stream if method == "Step" else server.channel.unary_unary
    for raw in (b"\xff\xff\xff", b"\x0a\x01\xff"):
        refused = await refusal(make(f"/{ENVIRONMENT}/{method}")(raw))
        assert (refused.code, refused.reason) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_every_call_is_logged_once_and_without_secrets(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    """One entry a call with method, episode, code and duration; tokens and commands are in none."""
    caplog.set_level(logging.DEBUG, "codecraft_server")
    episode = await server.reset(trainer="t1")
    await episode.run(b"echo very-private")
    await refusal(server.environment.GetTask(pb.GetTaskRequest(task_id="99")))

    def calls() -> list[dict[str, Any]]:
        return [vars(record) for record in caplog.records if record.getMessage() == "call"]

    async def all_logged() -> bool:
        return len(calls()) == 3

    await soon(all_logged, "three entries")
    assert [(call["method"], call["code"]) for call in calls()] == [("Reset", "OK"), ("Step", "OK"), ("GetTask", "NOT_FOUND")]
    assert calls()[1]["episode"] == episode.ready.episode_id
    reset = calls()[0]
    assert (reset["episode"], reset["task"], reset["trainer"]) == (episode.ready.episode_id, episode.ready.task.task_id, "t1")
    assert calls()[2]["task"] == "99"
    assert not any("peer" in call for call in calls())
    assert all(call["ms"] >= 0 for call in calls())
    everything = str([vars(record) for record in caplog.records])
    assert episode.ready.episode_token not in everything
    assert "very-private" not in everything


async def test_a_call_that_is_not_let_in_is_logged_with_its_peer(caplog: pytest.LogCaptureFixture) -> None:
    """So that an operator sees who has a wrong token, which itself is in no line."""
    caplog.set_level(logging.INFO, "codecraft_server")
    async with fake_server(agent_token=AGENT) as server:
        await refusal(server.environment.GetServerInfo(pb.GetServerInfoRequest(), metadata=bearer("another's")))

        async def logged() -> bool:
            return any(getattr(record, "peer", "") for record in caplog.records)

        await soon(logged, "an entry with a peer")
    assert "another's" not in str([vars(record) for record in caplog.records])


async def test_the_end_of_an_episode_is_logged_with_its_task_and_trainer(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    """What the call that opened it was asked for."""
    caplog.set_level(logging.INFO, "codecraft_server")
    episode = await server.reset(trainer="t1")
    await server.environment.Close(pb.CloseRequest(**episode.address))
    (ended,) = [vars(record) for record in caplog.records if record.getMessage() == "episode ended"]
    assert (ended["task"], ended["trainer"], ended["outcome"]) == (episode.ready.task.task_id, "t1", "closed")
