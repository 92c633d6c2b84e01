"""Results survive whatever happens to the process that writes them."""

import json
import os
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from codecraft_client.agents.command import _Results
from codecraft_client.agents.result import TaskResult
from codecraft_client.agents.store import Store
from codecraft_client.agents.summary import as_json, by_category, by_difficulty, group
from codecraft_client.errors import UsageError
from codecraft_client.types import Limits, Task

LIMITS = Limits(10, 1.0, 1.0, 1.0, 1.0, 1, 1, 1, 1, 1)
RUN = {"agent": "light", "model": "m"}
RESULT = TaskResult(
    task_id="1",
    task_digest="d1",
    title="T",
    category="C",
    difficulty=2,
    judged=True,
    passed=True,
    outcome="passed",
    problem="",
    score=1.0,
    episode_return=1.0,
    steps=3,
    seconds=1.5,
    attempts=1,
    began_at=0.0,
    calls=3,
    replies=3,
    prompt_tokens=10,
    completion_tokens=5,
    estimated_tokens=False,
    retries=0,
    stopped="submitted",
    transcript="1.1.jsonl",
)


def a_task(task_id: str = "1", digest: str = "d1") -> Task:
    return Task(
        *(task_id, "T", "C", (), 2, (), "", "", "", b"", b""),
        root_user=False,
        network=False,
        limits=LIMITS,
        digest=digest,
        gradable=True,
        milestone_count=0,
        milestone_share=0.5,
    )


def test_results_are_found_again(tmp_path: Path) -> None:
    """What was added is what a resumed run finds, field by field."""
    with Store(tmp_path / "run", RUN, resume=False) as store:
        store.add(RESULT)
    with Store(tmp_path / "run", RUN, resume=True) as store:
        assert store.finished(a_task()) == RESULT
        assert store.finished(a_task("2")) is None


def test_a_torn_line_is_nothing(tmp_path: Path) -> None:
    """What a killed run was writing is cut off, and the next result stands on a line of its own."""
    with Store(tmp_path, RUN, resume=False) as store:
        store.add(RESULT)
    with (tmp_path / "results.jsonl").open("a") as file:
        file.write('{"task_id": "2", "task_di')
    with Store(tmp_path, RUN, resume=True) as store:
        store.add(replace(RESULT, task_id="3"))
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["task_id"] for line in lines] == ["1", "3"]


def test_what_was_not_judged_or_has_changed_is_played_again(tmp_path: Path) -> None:
    """Only the very task, and only if it was judged, counts as finished; the last word counts."""
    with Store(tmp_path, RUN, resume=False) as store:
        store.add(replace(RESULT, judged=False))
        assert store.finished(a_task()) is None
        store.add(RESULT)
        assert store.finished(a_task()) == RESULT
        assert store.finished(a_task(digest="d2")) is None


def test_a_directory_with_results_is_not_overwritten(tmp_path: Path) -> None:
    """Starting anew where results are needs another directory; the message names both ways."""
    with Store(tmp_path, RUN, resume=False) as store:
        store.add(RESULT)
    with pytest.raises(UsageError, match=r"--resume.*--out"), Store(tmp_path, RUN, resume=False):
        pass


def test_another_run_is_not_resumed(tmp_path: Path) -> None:
    """Results of different models never end up in one table."""
    with Store(tmp_path, RUN, resume=False) as store:
        store.add(RESULT)
    with pytest.raises(UsageError, match="model was 'm' and is 'other'"), Store(tmp_path, {**RUN, "model": "other"}, resume=True):
        pass


def test_two_runs_do_not_share_a_directory(tmp_path: Path) -> None:
    """The second one is refused while the first goes on."""
    with (
        Store(tmp_path, RUN, resume=False),
        pytest.raises(UsageError, match="another run is using"),
        Store(tmp_path, RUN, resume=True),
    ):
        pass


def test_a_line_that_is_no_result_is_named(tmp_path: Path) -> None:
    """Somebody else's file is not taken for a run."""
    (tmp_path / "results.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(UsageError, match="no result"), Store(tmp_path, RUN, resume=True):
        pass


def test_a_directory_that_can_not_be_made_is_wrong_usage(tmp_path: Path) -> None:
    """The message says where and why."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="can't be kept"), Store(tmp_path / "file" / "run", RUN, resume=False):
        pass


def test_rates_are_over_what_was_judged() -> None:
    """A task that could not be judged lowers no rate, and is counted apart; one without a score scores 0."""
    failed = replace(RESULT, task_id="2", passed=False, score=None, outcome="out_of_steps", category="D", difficulty=10)
    unjudged = replace(RESULT, task_id="3", passed=False, score=None, judged=False)
    results = [RESULT, failed, unjudged]
    whole = group(results)
    assert (whole.tasks, whole.judged, whole.passed, whole.pass_rate, whole.mean_score, whole.mean_steps) == (3, 2, 1, 0.5, 0.5, 3.0)
    assert group([unjudged]).pass_rate is None
    assert {name: part.tasks for name, part in by_category(results).items()} == {"C": 2, "D": 1}
    assert list(by_difficulty(results)) == ["2", "10"]
    assert as_json(RUN, results)["total"]["tokens"] == 45


def test_an_interrupt_on_the_way_to_the_disk_does_not_hide_what_gets_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table that is shown then has all that a resumed run finds."""
    with Store(tmp_path, RUN, resume=False) as store:
        results = _Results(store, [Mock(task_id=RESULT.task_id)])
        monkeypatch.setattr(os, "fsync", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            results.add(RESULT)
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 1
    assert results.known == [RESULT]
