"""The trainer's side of the client: choosing tasks, statistics, grading again, against scripted and whole servers."""

import pickle
from collections.abc import Iterator

import pytest
from blocking import blocking_control_client
from google.rpc import code_pb2
from scripted_service import Script, refusal
from snippets import snippet
from worlds import fake_world

from codecraft_client import (
    CheckResult,
    ChoiceStrategy,
    Client,
    ControlClient,
    GradingPhase,
    Phase,
    RetryPolicy,
    TaskChoice,
    Timeouts,
    errors,
)


@pytest.fixture(params=[ControlClient, blocking_control_client], ids=["sync", "async"])
def control(target: str, request: pytest.FixtureRequest) -> Iterator[ControlClient]:
    """A control client of the scripted server that retries quickly: the synchronous one, and the asynchronous one behind its names."""
    with request.param(target, retry=RetryPolicy(window_s=5, first_s=0.001, longest_s=0.05), timeouts=Timeouts(call_s=5)) as client:
        yield client


def test_a_choice_is_sent_with_its_trainer(client: Client, script: Script) -> None:
    """Reset carries how to choose and for whom; a broken line repeats the very same request."""
    script.break_after = [0]
    with client.reset(choice=TaskChoice(ChoiceStrategy.ADAPTIVE, seed=3, categories=("Git",)), trainer="run 1"):
        first, again = script.resets
    assert first == again
    assert (first.trainer, first.choice.seed, list(first.choice.categories)) == ("run 1", 3, ["Git"])


def test_a_task_is_named_or_chosen(client: Client, script: Script) -> None:
    """Both at once is refused before anything is sent; a named task may have a trainer, too."""
    with pytest.raises(errors.UsageError, match="not both"):
        client.reset("1", choice=TaskChoice())
    assert script.resets == []
    with client.reset("1", trainer="t"):
        assert (script.resets[0].task_id, script.resets[0].trainer) == ("1", "t")


def test_lists_come_from_all_pages(control: ControlClient, script: Script) -> None:
    """Episodes and statistics are asked for a page at a time, without asking first what the server is."""
    assert [one.episode_id for one in control.list_episodes()] == ["w-0", "w-1", "w-2"]
    assert [(one.task_id, one.started, one.mean_score) for one in control.task_statistics()] == [
        ("1", 12, 0.5),
        ("2", 12, None),
        ("3", 12, None),
    ]
    assert {one.started for one in control.task_statistics("t")} == {7}
    assert set(script.calls) == {"ListEpisodes", "ListTaskStatistics"}


def test_prewarm_tells_what_stands_ready(control: ControlClient) -> None:
    """The number is the server's word."""
    assert control.prewarm("1", 4) == 3


def test_grading_again_tells_events_and_then_its_result(control: ControlClient) -> None:
    """Iterating gives phases and checks; the result has both grades and the digests."""
    regrading = control.regrade("w-7")
    assert list(regrading) == [
        Phase(GradingPhase.FREEZING, 1),
        Phase(GradingPhase.CHECKING, 1),
        CheckResult("c", "", passed=True, weight=1.0),
    ]
    result = regrading.result()
    assert (result.grade and result.grade.score, result.previous_grade and result.previous_grade.score) == (1.0, 0.5)
    assert (result.task_digest, result.fault) == ("w-7", None)


def test_a_broken_regrading_is_made_anew(control: ControlClient, script: Script) -> None:
    """A cut line grades once more, and what was told before is not told twice."""
    script.break_after = [1]
    events = list(control.regrade("w-7"))
    assert script.calls.count("Regrade") == 2
    assert len(events) == len(set(events)) == 3


def test_refusals_are_typed(control: ControlClient, script: Script) -> None:
    """What can't be graded again and a wrong token are errors of their own; the episode is named."""
    script.refuse["Regrade"] = refusal(code_pb2.FAILED_PRECONDITION, "WORK_NOT_KEPT")
    with pytest.raises(errors.WorkNotKeptError) as failure:
        control.regrade("w-7").result()
    assert failure.value.episode_id == "w-7"
    script.token = "secret"
    with pytest.raises(errors.WrongServiceTokenError):
        list(control.list_episodes())


def test_a_regrading_without_a_result_is_no_result(control: ControlClient, script: Script) -> None:
    """A server that ends the stream early does not keep the contract."""
    script.end_early = True
    with pytest.raises(errors.ProtocolError, match="Regrade without a result"):
        control.regrade("w-7").result()


def test_deadlines_are_ours(target: str, script: Script) -> None:
    """Every call ends within its time-out, also where nobody answers."""
    script.refuse["ListEpisodes"] = refusal(code_pb2.UNAVAILABLE, "ENGINE_UNAVAILABLE")
    with ControlClient(target, retry=RetryPolicy(window_s=0)) as client, pytest.raises(errors.EngineUnavailableError):
        list(client.list_episodes())
    with ControlClient("127.0.0.1:1", retry=RetryPolicy(window_s=0)) as nobody, pytest.raises(errors.ServerUnavailableError):
        nobody.prewarm("1", 1)


def test_a_control_client_is_pickled_as_what_it_is(target: str) -> None:
    """The copy is a control client with the same token, and works; the token is not shown."""
    with ControlClient(target, token="hidden") as client, pickle.loads(pickle.dumps(client)) as copy:
        assert type(copy) is ControlClient
        assert copy.prewarm("1", 2) == 1
        assert "hidden" not in repr(copy)


def test_tokens_of_a_whole_server() -> None:
    """A control client needs nothing but the control token, and an agent's token does not open the control side."""
    with fake_world(agent_token="the agents' token", control_token="the trainers' token") as address:
        with (
            Client(address, token="the agents' token") as agent,
            agent.reset(choice=TaskChoice(), trainer="t") as episode,
            ControlClient(address, token="the trainers' token") as control,
        ):
            assert [one.episode_id for one in control.list_episodes()] == [episode.episode_id]
            assert [one.started for one in control.task_statistics("t")] == [1]
            assert [one.started for one in control.task_statistics("u")] == [0]
        with ControlClient(address, token="the agents' token") as stranger, pytest.raises(errors.WrongServiceTokenError):
            list(stranger.task_statistics())


def test_no_fitting_task_is_an_error_of_its_own() -> None:
    """The server's words name the filter."""
    with fake_world() as address, Client(address) as client:
        with pytest.raises(errors.TaskNotFoundError, match="difficulty 9 to 10"):
            client.reset(choice=TaskChoice(min_difficulty=9))
        with pytest.raises(errors.InvalidFieldError) as failure:
            client.reset(choice=TaskChoice(categories=("nope",)))
        assert failure.value.refusal.violations[0].field == "choice.categories"


def test_the_page_shows_what_works(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The program of docs/curriculum-service.md runs as it stands, and its output is what it promises."""
    program = snippet("docs/curriculum-service.md", "choosing")
    with fake_world() as address:
        monkeypatch.setenv("CODECRAFT_TARGET", address)
        exec(compile(program, "curriculum-service.md", "exec"), {})  # noqa: S102 - our own page
    lines = capsys.readouterr().out.splitlines()
    assert lines[:8] == ["1 Outcome.PASSED"] * 8
    assert lines[8:] == ["1 8 1.0"]
