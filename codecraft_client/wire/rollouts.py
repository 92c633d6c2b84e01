"""Requests of a rollout to messages, and its answers to values."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2

from codecraft.v1 import environment_pb2 as env
from codecraft_client.calls import Answer, Close, Closed, Request, Reset, Status, Step, Submit
from codecraft_client.errors import ProtocolError, Refusal, ServerError, Where
from codecraft_client.exchange import Call
from codecraft_client.wire import events, requests, values
from codecraft_client.wire.status import server_error

_TO_STEP = ("step", "status")
METHODS = {"reset": "Reset", "step": "Step", "submit": "Submit", "close": "Close", "get_episode": "GetEpisode"}


def request(correlation_id: int, value: Request) -> env.RolloutRequest:
    """Any request. UsageError for a value that the wire can't carry."""
    with requests.carried(type(value).__name__):
        message = env.RolloutRequest(correlation_id=correlation_id)
        match value:
            case Reset():
                reset = requests.reset(value.request_id, value.task_id, value.choice, value.trainer, value.reward)
                message.reset.CopyFrom(reset)
            case Step():
                message.step.CopyFrom(_step(value))
            case Submit():
                submit = env.SubmitRequest(episode_id=value.episode_id, episode_token=value.token, again=value.again)
                message.submit.CopyFrom(submit)
            case Close():
                message.close.CopyFrom(env.CloseRequest(episode_id=value.episode_id, episode_token=value.token))
            case Status():
                message.get_episode.CopyFrom(env.GetEpisodeRequest(episode_id=value.episode_id, episode_token=value.token))
        return message


def _step(value: Step) -> env.StepRequest:
    return env.StepRequest(
        episode_id=value.episode_id, episode_token=value.token, step_index=value.step_index, action=requests.action(value.action)
    )


def where(asked: env.RolloutRequest) -> Where:
    """What a request of a rollout is as a call, for errors."""
    kind = asked.WhichOneof("request") or ""
    return Where(METHODS.get(kind, "Rollout"), getattr(getattr(asked, kind, None), "episode_id", ""))


def answer(message: Message, asked: Mapping[int, env.RolloutRequest]) -> Answer:
    """RolloutResponse to one of the requests `asked`, by correlation id. ProtocolError when it is to none, or says nothing known here."""
    if not isinstance(message, env.RolloutResponse) or message.correlation_id not in asked:
        raise ProtocolError("the server answered what it was not asked", where=Where("Rollout"))
    of = where(asked[message.correlation_id])
    kind = message.WhichOneof("result") or ""
    if kind == "status":
        return Answer(message.correlation_id, _error(message.status, of))
    if kind not in RESULTS:
        raise ProtocolError(f"the server answered {of.method} with nothing that this client knows", where=of)
    return Answer(message.correlation_id, RESULTS[kind](getattr(message, kind)))


def asking_for_step(call: Call) -> env.RolloutRequest:
    """The call, a Step, as a request."""
    step = cast(env.StepRequest, call.request)
    return env.RolloutRequest(correlation_id=step.step_index, step=step)


def answer_to_step(message: Message, call: Call) -> env.RolloutResponse:
    """The answer to that. ProtocolError when it is none."""
    step = cast(env.StepRequest, call.request)
    if isinstance(message, env.RolloutResponse) and message.correlation_id == step.step_index and message.WhichOneof("result") in _TO_STEP:
        return message
    raise ProtocolError("the server answered what it was not asked", where=call.where)


def accepted(answer: env.RolloutResponse, call: Call) -> env.RolloutResponse:
    """An answer that is a result. Raises what the server refused the call with."""
    if answer.HasField("status"):
        raise _error(answer.status, call.where)
    return answer


def _error(status: status_pb2.Status, of: Where) -> ServerError:
    code = code_pb2.Code.Name(status.code) if status.code in code_pb2.Code.values() else "UNKNOWN"
    error = server_error(code, status.message, status.SerializeToString(), of)
    if error is None:
        error = ServerError(f"{of.method} failed: {status.message or code}", where=of)
        error.refusal = Refusal(code)
    return error


RESULTS: Mapping[str, Callable[[Any], Any]] = {
    "ready": events.ready,
    "step": events.step_result,
    "submit": events.submit_result,
    "close": lambda message: Closed(values.outcome(message.outcome)),
    "episode": values.episode_status,
}
