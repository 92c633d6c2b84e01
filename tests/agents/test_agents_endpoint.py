"""Endpoints fail in many ways; both agents ask again within bounds, or say why that makes no sense."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, formatdate

import pytest
from helpers import QUICK, options
from players import hasty
from scripted_openai import Failing, ScriptedOpenAI, error

from codecraft_client import Client
from codecraft_client.agents import AgentEvent, AgentFactory, AgentOptions, ModelError, ModelRefusedError, Retried, Stop, Stopped, light
from codecraft_client.agents.errors import HaltedError
from codecraft_client.agents.post import problem, retry_after_s
from codecraft_client.errors import UsageError

ServeModel = Callable[..., ScriptedOpenAI]
TRANSIENT = {
    "rate limit": error(429, "Slow down.", "rate_limit_exceeded"),
    "server error": error(500, "Oops."),
    "overloaded": Failing(503, b"<html>busy</html>"),
    "garbage": Failing(200, b"\x00\xff not json"),
    "a list": Failing(200, b"[]"),
    "no choices": Failing(200, b'{"choices": []}'),
    "cut off": Failing(200, b'{"choices": [', cut=True),
    "no answer": Failing(hang=True),
}


def played(client: Client, make: AgentFactory, how: AgentOptions) -> list[AgentEvent]:
    """Play task 1; returns what happened."""
    with client.reset("1") as episode:
        assert episode.task is not None
        return list(make(how).play(episode.task, episode))


@pytest.mark.parametrize("failing", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_what_may_go_away_is_asked_again(client: Client, make: AgentFactory, serve_model: ServeModel, failing: Failing) -> None:
    """Twice it fails, then the same question is answered, and the play goes on; each wait is told."""
    model = serve_model(hasty)
    model.failures.extend([failing, failing])
    events = played(client, make, options(model, settings=replace(QUICK, reply_s=0.5)))
    assert len([event for event in events if isinstance(event, Retried)]) == 2
    assert events[-1] == Stopped(Stop.SUBMITTED)
    assert model.calls == 1


def test_an_address_where_nobody_is_is_a_mistake(client: Client, make: AgentFactory) -> None:
    """Where nobody has ever answered, nothing is asked again; the error names the URL."""
    how = AgentOptions(model="m", base_url="http://127.0.0.1:9/v1", settings=QUICK)
    with pytest.raises(ModelRefusedError, match=r"nobody answers at http://127.0.0.1:9/v1/chat/completions"):
        played(client, make, how)


def test_an_endpoint_that_goes_away_is_asked_again(client: Client, make: AgentFactory) -> None:
    """One that has answered before may come back."""
    how = AgentOptions(model="m", base_url="http://127.0.0.1:9/v1", settings=replace(QUICK, attempts=3))
    how.answered.set()
    with pytest.raises(ModelError, match="no reply after 3 attempts"):
        played(client, make, how)


def test_attempts_are_bounded(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """After `attempts` failures there is an error, which has the endpoint's words."""
    model = serve_model(hasty)
    model.failures.extend([error(500, "Oops.")] * 10)
    with pytest.raises(ModelError, match=r"no reply after 3 attempts: .*Oops"):
        played(client, make, options(model, settings=replace(QUICK, attempts=3)))
    assert len(model.failures) == 7


@pytest.mark.parametrize(
    ("failing", "kind"),
    [
        (error(401, "Incorrect API key provided", "invalid_api_key"), ModelRefusedError),
        (error(404, "The model does not exist", "model_not_found"), ModelRefusedError),
        (error(429, "You exceeded your quota", "insufficient_quota"), ModelRefusedError),
        (error(400, "Something about the request"), ModelError),
    ],
    ids=["key", "model", "quota", "request"],
)
def test_what_will_not_go_away_is_not_asked_again(
    client: Client, make: AgentFactory, serve_model: ServeModel, failing: Failing, kind: type[Exception]
) -> None:
    """A refusal is an error at once, in the endpoint's words."""
    model = serve_model(hasty)
    model.failures.append(failing)
    with pytest.raises(kind):
        played(client, make, options(model))
    assert model.calls == 0


def test_the_key_is_not_taken_elsewhere(client: Client, serve_model: ServeModel) -> None:
    """A redirect is a refusal: whoever is pointed to gets neither question nor key."""
    elsewhere = serve_model(hasty)
    model = serve_model(hasty)
    model.failures.append(Failing(302, headers=(("Location", f"{elsewhere.base_url}/chat/completions"),)))
    with pytest.raises(ModelError, match="302"):
        played(client, light.agent, options(model, api_key="k"))
    assert elsewhere.calls == 0


def test_retry_after_is_kept_to_within_the_bound(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """The endpoint's wish goes before our own wait, but never beyond the longest one."""
    model = serve_model(hasty)
    model.failures.extend([error(429, "", retry_after="0.04"), error(429, "", retry_after="3600"), error(429, "", retry_after_ms="30")])
    events = played(client, make, options(model, settings=replace(QUICK, longest_wait_s=0.05)))
    first, second, third = (event.wait_s for event in events if isinstance(event, Retried))
    assert first == pytest.approx(0.04)
    assert second == pytest.approx(0.05)
    assert third == pytest.approx(0.03)


def test_a_wait_ends_when_the_run_is_stopped(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """Whoever waits for an endpoint's hour to be over does not keep a run from ending."""
    model = serve_model(hasty)
    model.failures.append(error(429, "", retry_after="3600"))
    halt = threading.Event()
    threading.Timer(0.2, halt.set).start()
    with pytest.raises(HaltedError):
        played(client, make, options(model, halt=halt, settings=replace(QUICK, longest_wait_s=3600)))


def test_the_key_is_sent_and_shown_nowhere(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """The endpoint gets the key; neither options nor errors have it."""
    model = serve_model(hasty, key="s3cret-key")
    how = options(model, api_key="s3cret-key")
    assert played(client, make, how)[-1] == Stopped(Stop.SUBMITTED)
    assert "s3cret-key" not in repr(how)
    with pytest.raises(ModelRefusedError) as refused:
        played(client, make, options(model, api_key="wrong-key"))
    assert "wrong-key" not in str(refused.value)


def test_no_model_is_wrong_usage(make: AgentFactory) -> None:
    """Nothing is guessed: the model has to be named."""
    with pytest.raises(UsageError, match="--model"):
        make(AgentOptions())


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/v1", "file:///etc/passwd", "127.0.0.1:8000", "http://"])
def test_an_address_that_is_none_is_wrong_usage(url: str) -> None:
    """Only http and https are spoken."""
    with pytest.raises(UsageError, match="base URL"):
        light.agent(AgentOptions(model="m", base_url=url))


def test_retry_after_as_numbers_and_dates() -> None:
    """Seconds, milliseconds and HTTP dates are understood, nonsense is none, and the past is now."""
    assert retry_after_s({"retry-after": "7"}) == 7
    assert retry_after_s({"retry-after-ms": "1500", "retry-after": "7"}) == 1.5
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 55 < (retry_after_s({"retry-after": soon}) or 0) <= 60
    assert retry_after_s({"retry-after": formatdate(0, usegmt=True)}) == 0
    assert retry_after_s({"retry-after": "soon"}) is None
    assert retry_after_s({}) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error": {"message": "m", "code": "c"}}', ("m", "c")),
        (b'{"error": "m"}', ("m", "")),
        (b'{"message": "m", "code": 40001}', ("m", "40001")),
        (b'{"detail": "m"}', ("m", "")),
        (b"plain \xff text\n", ("plain \ufffd text", "")),
        (b"", ("", "")),
    ],
)
def test_errors_in_anybodys_words(body: bytes, expected: tuple[str, str]) -> None:
    """OpenAI's form, that of others, and none at all."""
    assert problem(body) == expected
