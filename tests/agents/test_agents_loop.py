"""The loop of both agents, over real HTTP, in real episodes over fake sandboxes."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from helpers import QUICK, options
from players import call, careful, hasty, lazy
from scripted_openai import ScriptedOpenAI, Talk, Turn, error

from codecraft_client import Client, Outcome, SubmitResult
from codecraft_client.agents import (
    AgentEvent,
    AgentFactory,
    AgentOptions,
    Budget,
    Called,
    Printed,
    Prompted,
    Returned,
    Said,
    Stop,
    Stopped,
    Used,
)
from codecraft_client.agents.prompts import ELIDED

ServeModel = Callable[..., ScriptedOpenAI]


def played(client: Client, make: AgentFactory, how: AgentOptions, task_id: str = "1") -> tuple[list[AgentEvent], SubmitResult]:
    """Play a task; returns what happened and what it was worth."""
    with client.reset(task_id) as episode:
        assert episode.task is not None
        events = list(make(how).play(episode.task, episode))
        return events, episode.submit()


def returned(events: list[AgentEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Returned)]


def test_a_model_that_learns_from_what_it_sees_passes(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """It writes a wrong file, runs the task's command, corrects the file by what was printed, looks at it, and submits: reward 1."""
    model = serve_model(careful)
    events, result = played(client, make, options(model))
    names = [event.name for event in events if isinstance(event, Called)]
    assert names == ["write_file", "run_command", "write_file", "read_file", "submit"]
    assert b"".join(event.data for event in events if isinstance(event, Printed)) == b"word-1\n"
    assert events[-1] == Stopped(Stop.SUBMITTED)
    assert (result.outcome, result.reward.value) == (Outcome.PASSED, 1.0)


def test_what_a_model_is_told(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """First the sandbox and the budget, then task and test; then each result with the steps that are left."""
    model = serve_model(careful)
    events, _ = played(client, make, options(model))
    system, task = (event.text for event in events if isinstance(event, Prompted))
    assert "You have 11 tool calls" in system
    assert "killed after 5 s" in system
    assert "Run `echo word-1`" in task
    assert "must hold exactly that" in task
    assert returned(events)[1] == "word-1\n[exit code 0]\n[9 tool calls left]"
    assert model.talks[-1].messages[0]["content"] == system
    assert [tool["function"]["name"] for tool in model.bodies[0]["tools"]][-1] == "submit"


def test_a_model_that_only_talks_is_reminded_twice_and_then_submitted(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """Three replies without a tool call: two reminders, then the work is judged as it is."""
    model = serve_model(lazy)
    events, result = played(client, make, options(model))
    assert len([event for event in events if isinstance(event, Said)]) == 3
    assert len([event for event in events if isinstance(event, Prompted) and "You called no tool" in event.text]) == 2
    assert events[-1] == Stopped(Stop.SILENT)
    assert result.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "mistake",
    [
        ("run_command", '{"command": "echo', "no valid JSON"),
        ("run_command", "{}", "needs the argument 'command'"),
        ("run_command", '{"command": "true", "sudo": 1}', "has no argument 'sudo'"),
        ("run_command", '{"command": "true", "timeout_s": -1}', "must be above 0"),
        ("write_file", '{"path": "a", "content": "\\ud800"}', "half a surrogate pair"),
        ("read_file", '{"path": 3}', "must be of type string"),
        ("dance", "{}", "There is no tool 'dance'"),
    ],
)
def test_a_call_that_makes_no_sense_is_explained(
    client: Client, make: AgentFactory, serve_model: ServeModel, mistake: tuple[str, str, str]
) -> None:
    """Malformed calls cost a tool call of the budget and no step; the model is told what was wrong, and can go on."""
    name, arguments, told = mistake

    def confused(talk: Talk) -> Turn:
        results = talk.results
        return [(name, arguments)] if not results else call("submit")

    model = serve_model(confused)
    with client.reset("1") as episode:
        assert episode.task is not None
        events = list(make(options(model)).play(episode.task, episode))
        assert episode.status().budget.steps_taken == 0
    assert told in returned(events)[0]
    assert events[-1] == Stopped(Stop.SUBMITTED)


def test_arguments_that_are_no_object_are_explained(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """A list for arguments is the model's mistake, never a failure of the endpoint: it is told so (LangChain can't even pass it on)."""

    def confused(talk: Talk) -> Turn:
        return [("run_command", "[1]")] if len(talk.messages) == 2 else call("submit")

    model = serve_model(confused)
    events, result = played(client, make, options(model))
    told = " ".join(event.text for event in events if isinstance(event, Returned | Prompted))
    assert "must be one JSON object" in told or "You called no tool" in told
    assert events[-1] == Stopped(Stop.SUBMITTED)
    assert model.calls == 2
    assert result.outcome is Outcome.FAILED


def test_several_calls_in_one_reply_are_carried_out_in_order(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """Each gets its own answer; what is too many is refused."""

    def eager(talk: Talk) -> Turn:
        if talk.results:
            return call("submit")
        return [("run_command", json.dumps({"command": f"echo {number}"})) for number in range(4)]

    model = serve_model(eager)
    events, _ = played(client, make, options(model, settings=replace(QUICK, calls_per_reply=3)))
    assert [text.partition("\n")[0] for text in returned(events)[:3]] == ["0", "1", "2"]
    assert returned(events)[3].startswith("Refused: at most 3")


def test_an_episode_never_runs_out_of_steps_unjudged(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """A model that never submits has one step kept back, so that its work is judged."""

    def restless(talk: Talk) -> Turn:
        return call("run_command", command="true") if len(talk.results) >= 4 else careful(talk)

    model = serve_model(restless)
    events, result = played(client, make, options(model))
    assert events[-1] == Stopped(Stop.STEPS)
    assert len(returned(events)) == 11
    assert returned(events)[-1].endswith("[0 tool calls left]")
    assert result.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "case",
    [(Budget(steps=2), Stop.STEPS, 2), (Budget(tokens=200), Stop.TOKENS, 2), (Budget(seconds=0), Stop.TIME, 0)],
)
def test_a_budget_that_is_used_up_ends_the_play(
    client: Client, make: AgentFactory, serve_model: ServeModel, case: tuple[Budget, Stop, int]
) -> None:
    """Steps, tokens and time are looked at before each reply; the work is then judged as it is."""
    budget, why, replies = case
    model = serve_model(careful)
    events, result = played(client, make, options(model, budget=budget))
    assert events[-1] == Stopped(why)
    assert model.calls == replies
    if why is Stop.STEPS:
        assert [text.splitlines()[-1] for text in returned(events)] == ["[1 tool calls left]", "[0 tool calls left]"]
    assert result.outcome is Outcome.FAILED


def test_tokens_are_the_endpoints_or_said_to_be_estimated(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """Where usage is reported it is counted, else estimated from the size of what was sent."""
    model = serve_model(hasty)
    events, _ = played(client, make, options(model))
    assert [event for event in events if isinstance(event, Used)] == [Used(100, 10, estimated=False)]
    silent = serve_model(hasty, usage=False)
    events, _ = played(client, make, options(silent))
    (used,) = (event for event in events if isinstance(event, Used))
    assert used.estimated
    assert 200 < used.prompt_tokens < 2000


def test_long_output_is_shown_by_its_head_and_tail(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """All of it is streamed, the prompt has 1,000 bytes of it and says how much was cut."""

    def curious(talk: Talk) -> Turn:
        return call("submit") if talk.results else call("run_command", command="seq 1 20000")

    model = serve_model(curious)
    events, _ = played(client, make, options(model, settings=replace(QUICK, shown_bytes=1000)))
    printed = b"".join(event.data for event in events if isinstance(event, Printed))
    assert printed == b"".join(b"%d\n" % number for number in range(1, 20_001))
    text = returned(events)[0]
    assert text.startswith("1\n2\n3\n")
    assert "20000\n[exit code 0]" in text
    assert f"[... {len(printed) - 1000} bytes cut here ...]" in text
    assert len(text) < 1100


def test_a_file_is_read_on_by_offset(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """What does not fit the bound is read piece by piece, and nothing is lost between the pieces."""
    content = "".join(f"{number}\n" for number in range(1000))

    def reader(talk: Talk) -> Turn:
        results = talk.results
        if not results:
            return call("write_file", path="long.txt", content=content)
        if results[-1].name == "read_file" and "there is more" not in results[-1].text:
            return call("submit")
        return call("read_file", path="long.txt", offset=1000 * (len(results) - 1))

    model = serve_model(reader)
    events, _ = played(client, make, options(model, settings=replace(QUICK, shown_bytes=1000)))
    pieces = [text.rpartition("\n[1000 of")[0] or text.rpartition("\n[890 of")[0] for text in returned(events)[1:-1]]
    assert "".join(pieces) == content


def test_a_time_out_is_told_with_what_was_printed(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """The model learns that its command was killed, why, and that the shell is a new one; above the task's limit it is the limit."""

    def impatient(talk: Talk) -> Turn:
        results = talk.results
        if not results:
            return call("run_command", command="echo kept; sleep 60", timeout_s=0.2)
        return call("run_command", command="echo fine", timeout_s=1e6) if len(results) == 1 else call("submit")

    model = serve_model(impatient)
    events, _ = played(client, make, options(model))
    text = returned(events)[0]
    assert text.startswith("kept\n[killed: it ran longer than 0.2 s]\n[The shell is a new one")
    assert returned(events)[1].startswith("fine\n[exit code 0]")


def test_a_long_conversation_leaves_out_its_oldest_results(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """Beyond the bound old tool results are replaced by a note; the last ones and the task stay."""

    def talkative(talk: Talk) -> Turn:
        return call("submit") if len(talk.results) >= 8 else call("run_command", command="seq 1 1000")

    model = serve_model(talkative)
    played(client, make, options(model, settings=replace(QUICK, context_bytes=15_000)))
    sent = [sum(len(message.get("content") or "") for message in talk.messages) for talk in model.talks]
    assert max(sent) < 15_000
    last = model.talks[-1]
    assert last.results[0].text == ELIDED
    assert "997\n998\n" in last.results[-1].text
    assert "echo word-1" in last.task


def test_a_model_whose_context_is_full_is_judged(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """An endpoint that says that the conversation is too long ends the play, and the work is judged as it is."""
    model = serve_model(careful)
    model.failures.append(error(400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded"))
    events, result = played(client, make, options(model))
    assert events[-1] == Stopped(Stop.CONTEXT)
    assert result.outcome is Outcome.FAILED


def test_an_episode_that_ends_under_the_agent_stops_it(client: Client, make: AgentFactory, serve_model: ServeModel) -> None:
    """When a step says that the episode is over, nothing more is asked of the model."""
    model = serve_model(lambda _talk: call("run_command", command="true"))
    with client.reset("1") as episode:
        assert episode.task is not None
        for _ in range(9):
            episode.run("true").result()
        playing = make(options(model)).play(episode.task, episode)
        events = [next(playing) for _ in range(2)]
        for _ in range(2):
            episode.run("true").result()
        events += list(playing)
        assert episode.outcome is Outcome.OUT_OF_STEPS
    assert events[-1] == Stopped(Stop.EPISODE_OVER)
