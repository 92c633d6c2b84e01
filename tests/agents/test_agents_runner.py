"""Many tasks at once: what is judged, what is tried again, and how it ends."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.tasks import FakeGrader
from helpers import QUICK, Papers, Watch, options
from players import careful
from scripted_openai import ScriptedOpenAI, Talk, Turn, error
from world import LIMITS, word_world

from codecraft_client import Client, Episode, RetryPolicy, Task
from codecraft_client.agents import AgentEvent, AgentFactory, AgentOptions, Called, ModelRefusedError, light
from codecraft_client.agents.errors import AgentBrokenError
from codecraft_client.agents.result import TaskResult
from codecraft_client.agents.runner import Runner
from codecraft_client.errors import TransportError
from codecraft_client.trajectory import read, record
from codecraft_server.grading.verdict import FaultKind, GradingFault
from codecraft_server.settings import EpisodeSettings

ServeModel = Callable[..., ScriptedOpenAI]


def run(
    address: str, make: AgentFactory, how: AgentOptions, papers: Path, *, parallel: int = 4, watch: Watch | None = None
) -> dict[str, TaskResult]:
    """Play all tasks of a server."""
    with Client(address) as client:
        runner = Runner(client, make, how, Papers(papers), watch or Watch(), parallel=parallel)
        return {result.task_id: result for result in runner.play(client.tasks())}


BROKEN = GradingFault(FaultKind.GRADER_FAILED, "The grader is broken.")


class Broken(FakeGrader):
    """A grader that fails the first `times` times it judges task 1."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    async def grade(self, task: Any, subject: Any, report: Any) -> Any:
        """As the real one."""
        if task.task_id == "1" and self.left:
            self.left -= 1
            raise BROKEN
        return await super().grade(task, subject, report)


def test_all_tasks_are_played_at_once_within_the_bound(serve_model: ServeModel, make: AgentFactory, tmp_path: Path) -> None:
    """Eight tasks, three at a time: all pass, each with its cost and a transcript."""
    watch = Watch()
    with word_world(8) as address:
        results = run(address, make, options(serve_model(careful)), tmp_path, parallel=3, watch=watch)
    assert sorted(results) == [str(number) for number in range(1, 9)]
    assert all(result.passed and result.score == 1.0 and result.judged for result in results.values())
    one = results["1"]
    assert (one.steps, one.calls, one.replies, one.tokens, one.stopped, one.attempts) == (4, 5, 5, 550, "submitted", 1)
    assert watch.most == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(result.transcript for result in results.values())


@pytest.mark.parametrize(("times", "attempts"), [(2, 1), (3, 2)])
def test_a_broken_grader_is_no_failure_of_the_agent(serve_model: ServeModel, tmp_path: Path, times: int, attempts: int) -> None:
    """The kept work is judged again; where that does not help, a new episode is opened, and what counts is what that comes to."""
    with word_world(2, grader=Broken(times)) as address:
        results = run(address, light.agent, options(serve_model(careful)), tmp_path)
    assert all(result.passed for result in results.values())
    assert (results["1"].attempts, results["2"].attempts) == (attempts, 1)
    if attempts > 1:
        first = (tmp_path / "1.1.jsonl").read_text()
        assert '"type": "unjudged"' in first
        assert "grader_failed" in first


def test_what_never_works_is_not_judged(serve_model: ServeModel, tmp_path: Path) -> None:
    """A task whose every attempt ends in a fault has no score and is no failure; the others are played all the same."""
    with word_world(2, grader=Broken(1000)) as address:
        results = run(address, light.agent, options(serve_model(careful)), tmp_path)
    assert (results["1"].judged, results["1"].score, results["1"].attempts) == (False, None, 3)
    assert "grader_failed" in results["1"].problem
    assert results["2"].passed


def test_a_model_that_does_not_reply_is_no_failure_of_the_agent(serve_model: ServeModel, tmp_path: Path) -> None:
    """An episode whose model fell silent is played once more."""
    model = serve_model(careful)
    model.failures.extend([error(500, "Oops.")] * 2)
    with word_world(1) as address:
        results = run(address, light.agent, options(model, settings=replace(QUICK, attempts=2)), tmp_path)
    assert (results["1"].passed, results["1"].attempts) == (True, 2)


def test_a_refusing_endpoint_ends_the_run(serve_model: ServeModel, make: AgentFactory, tmp_path: Path) -> None:
    """A wrong key is not tried once for each task."""
    with word_world(8) as address, pytest.raises(ModelRefusedError, match="Incorrect API key"):
        run(address, make, options(serve_model(careful, key="right"), api_key="wrong"), tmp_path, parallel=2)
    assert len(list(tmp_path.iterdir())) <= 4


def test_the_lease_is_kept_while_a_model_thinks(serve_model: ServeModel, tmp_path: Path) -> None:
    """A model may take longer than the episode's lease for a reply."""
    lease_s = 1.5  # on a busy machine a program may not have a turn for half a second

    def slow(talk: Talk) -> Turn:
        if not talk.results:
            threading.Event().wait(1.7 * lease_s)
        return careful(talk)

    with word_world(1, episodes=EpisodeSettings(lease_s=lease_s, reattach_grace_s=0.2, drain_s=0.2)) as address:
        results = run(address, light.agent, options(serve_model(slow)), tmp_path)
    assert (results["1"].passed, results["1"].attempts) == (True, 1)


def test_a_run_that_is_left_closes_its_episodes(serve_model: ServeModel, tmp_path: Path) -> None:
    """Whoever stops taking results, as Ctrl-C does, has agents stopped and episodes closed, also amidst a command."""
    running = threading.Event()

    def endless(talk: Talk) -> Turn:
        if "word-1`" in talk.task:
            return careful(talk)
        return [("run_command", '{"command": "echo begun; sleep 60"}')]

    class Seen(Watch):
        def happened(self, _task: Task, event: AgentEvent) -> None:
            if isinstance(event, Called) and "sleep" in event.arguments:
                running.set()

    limits = {"limits": replace(LIMITS, command_s=60.0)}
    with word_world(2, **limits) as address, Client(address) as client:
        how = options(serve_model(endless))
        with closing(Runner(client, light.agent, how, Papers(tmp_path), Seen(), parallel=2).play(client.tasks())) as results:
            assert next(results).task_id == "1"
            assert running.wait(20)
        assert client.server_info().capacity.episodes == 0
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("codecraft-")]


def test_a_server_that_is_gone_ends_the_run(tmp_path: Path) -> None:
    """When the server does not come back the run ends with that, instead of going through all tasks; nothing counts as failed."""
    with ExitStack() as world:
        address = world.enter_context(word_world(8))

        class Last:
            def play(self, _task: Task, episode: Episode) -> Iterator[AgentEvent]:
                world.close()
                episode.write_file("answer.txt", "too late")
                yield from ()

        client = Client(address, retry=RetryPolicy(window_s=0.1))
        runner = Runner(client, lambda _options: Last(), AgentOptions(settings=QUICK), Papers(tmp_path), Watch())
        with client, pytest.raises(TransportError):
            list(runner.play([client.task(str(number)) for number in range(1, 9)]))


def test_an_agent_of_ones_own_needs_no_model(tmp_path: Path) -> None:
    """Whatever has `play` can be run; it need not submit, tell anything or know of models."""

    class Mine:
        def play(self, task: Task, episode: Episode) -> Iterator[AgentEvent]:
            episode.write_file("answer.txt", f"word-{task.task_id}!")
            yield from ()

    with word_world(2) as address:
        results = run(address, lambda _options: Mine(), AgentOptions(settings=QUICK), tmp_path)
    assert all(result.passed and result.stopped == "" for result in results.values())


def test_an_agent_of_ones_own_may_record_its_episode(tmp_path: Path) -> None:
    """The trajectory is whole, the submission included, though the run keeps transcripts only."""

    class Recording:
        def play(self, task: Task, episode: Episode) -> Iterator[AgentEvent]:
            with Client(address) as client:
                record(episode, tmp_path / f"{episode.episode_id}.jsonl", client.server_info())
            episode.write_file("answer.txt", f"word-{task.task_id}!")
            yield from ()

    with word_world(1) as address:
        results = run(address, lambda _options: Recording(), AgentOptions(settings=QUICK), tmp_path / "transcripts")
    assert results["1"].passed
    (file,) = tmp_path.glob("*.jsonl")
    assert read(file).end is not None


def test_an_agent_that_uses_up_its_steps_has_failed(tmp_path: Path) -> None:
    """Running out of steps is the agent's doing: judged, not passed, without a score."""

    class Restless:
        def play(self, _task: Task, episode: Episode) -> Iterator[AgentEvent]:
            while episode.outcome is None:
                episode.run("true").result()
                yield Called("1", "run_command", "")

    with word_world(1) as address:
        results = run(address, lambda _options: Restless(), AgentOptions(settings=QUICK), tmp_path)
    one = results["1"]
    assert (one.judged, one.passed, one.outcome, one.score, one.steps) == (True, False, "out_of_steps", None, 12)


def test_a_defect_of_an_agent_is_seen(tmp_path: Path) -> None:
    """An exception that is no known failure leaves its task unjudged, with a trace; the others are played."""

    class Broken:
        def play(self, task: Task, episode: Episode) -> Iterator[AgentEvent]:
            if task.task_id == "1":
                raise ValueError("boom")
            episode.write_file("answer.txt", f"word-{task.task_id}!")
            yield from ()

    with word_world(2) as address:
        results = run(address, lambda _options: Broken(), AgentOptions(settings=QUICK), tmp_path)
    one = results["1"]
    assert (one.judged, one.attempts, one.stopped) == (False, 1, "raised")
    assert re.fullmatch(r"agent raised ValueError: boom \(test_agents_runner.py:\d+\)", one.problem)
    assert "Traceback" in (tmp_path / one.transcript).read_text()
    assert results["2"].passed


def test_an_agent_that_can_play_nothing_ends_the_run(tmp_path: Path) -> None:
    """Five tasks in which it raised, and none that was judged, are enough; they are results all the same."""

    class Broken:
        def play(self, _task: Task, _episode: Episode) -> Any:
            return ["no event"]

    finished = []
    with word_world(7) as address, Client(address) as client:
        runner = Runner(client, lambda _options: Broken(), AgentOptions(settings=QUICK), Papers(tmp_path), Watch())
        with pytest.raises(AgentBrokenError, match="5 tasks: agent raised TypeError: play yielded a str"):
            finished.extend(runner.play(client.tasks()))
    assert [(result.judged, result.stopped) for result in finished] == [(False, "raised")] * 5
