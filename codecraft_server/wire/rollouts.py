"""Requests of a rollout and their answers: those of the calls of the same names, with a correlation id around them."""

from typing import TypeAlias

from google.rpc import status_pb2

from codecraft.v1 import environment_pb2 as env
from codecraft_server.episodes.events import StepResult
from codecraft_server.errors import InvalidFieldError
from codecraft_server.wire.results import step_result
from codecraft_server.wire.tasks import Terms

Request: TypeAlias = env.ResetRequest | env.SubmitRequest | env.CloseRequest | env.GetEpisodeRequest
Said: TypeAlias = env.ResetResponse | env.SubmitResponse | env.CloseResponse | env.GetEpisodeResponse


def step(message: env.RolloutRequest) -> env.StepRequest:
    """Take a step out of its envelope. InvalidFieldError when it wants output streamed."""
    if message.step.stream_output:
        raise InvalidFieldError("step.stream_output", "must be false: a rollout has no events, the result has the output")
    return message.step


def request(message: env.RolloutRequest) -> Request:
    """Take any other call out of its envelope. InvalidFieldError when there is none."""
    match message.WhichOneof("request"):
        case "reset":
            return message.reset
        case "submit":
            return message.submit
        case "close":
            return message.close
        case "get_episode":
            return message.get_episode
        case _:
            raise InvalidFieldError("request", "is missing; set exactly one that this server knows")


def named(message: env.RolloutRequest) -> tuple[str, str]:
    """The kind of a request and the episode it is for, as the log says them; empty where there is none."""
    kind = message.WhichOneof("request") or ""
    return kind, getattr(getattr(message, kind, None), "episode_id", "")[:128]


def response(correlation_id: int, said: Said) -> env.RolloutResponse | None:
    """Encode what a call says last; None for what it says before."""
    match said:
        case env.ResetResponse():
            return env.RolloutResponse(correlation_id=correlation_id, ready=said.ready) if said.HasField("ready") else None
        case env.SubmitResponse():
            return env.RolloutResponse(correlation_id=correlation_id, submit=said.result) if said.HasField("result") else None
        case env.CloseResponse():
            return env.RolloutResponse(correlation_id=correlation_id, close=said)
        case env.GetEpisodeResponse():
            return env.RolloutResponse(correlation_id=correlation_id, episode=said)


def stepped(correlation_id: int, result: StepResult, terms: Terms) -> env.RolloutResponse:
    """Encode what a step came to."""
    return env.RolloutResponse(correlation_id=correlation_id, step=step_result(result, terms))


def refusal(correlation_id: int, status: status_pb2.Status) -> env.RolloutResponse:
    """Encode the status that a call ended with."""
    return env.RolloutResponse(correlation_id=correlation_id, status=status)
