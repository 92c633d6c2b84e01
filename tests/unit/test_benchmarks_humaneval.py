"""The program that plays HumanEval: what it plays, what it calls a disagreement, and what it prints."""

from pathlib import Path

import pytest
from foreign import RECORDS, jsonl

from benchmarks.humaneval import CANONICAL, Answer, Played, _imported, answers, main, play, report
from codecraft_client import Client
from codecraft_client.retry import NEVER


def test_three_answers_to_each_problem_are_played(tmp_path: Path) -> None:
    """The solution for 1, the empty body and `return None` for 0."""
    todo = list(answers(_imported(jsonl(tmp_path, *RECORDS), tmp_path / "out.json")))
    expected = [(CANONICAL, 1.0), ("an empty body", 0.0), ("return None", 0.0)]
    assert [(each.kind, each.score) for each in todo] == 3 * expected
    assert all(each.deeds for each in todo)


def test_the_report_counts_agreement_and_names_who_disagrees() -> None:
    """A line for each kind of answer, the rate, and a line for each disagreement."""
    right = Answer("a", CANONICAL, (), 1.0)
    wrong = Answer("a", "return None", (), 0.0)
    played = [Played(right, ""), Played(right, "scored 0, rewarded 0.0, not 1"), Played(wrong, "")]
    assert [" ".join(line.split()) for line in report(played, 2.0, 4).splitlines()] == [
        "answer score agree",
        "canonical solution 1 1/2",
        "return None 0 1/1",
        "",
        "3 episodes in 2.0 s, 4 at once: 1.50 episodes/s",
        "DISAGREES a, canonical solution: scored 0, rewarded 0.0, not 1",
    ]


def test_a_file_that_can_not_be_imported_ends_it_before_anything_is_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1 and the reason; no server is started."""
    assert main([str(tmp_path / "none.jsonl.gz")]) == 1
    assert "none.jsonl.gz: top level: can't be read" in capsys.readouterr().err


def test_an_episode_that_breaks_is_told_and_ends_nothing_else(unused_tcp_port: int) -> None:
    """Where nobody answers the answer disagrees, with the error's name."""
    with Client(f"127.0.0.1:{unused_tcp_port}", retry=NEVER) as client:
        played = play(client, Answer("a", CANONICAL, (), 1.0))
    assert played.why.startswith("ServerUnavailableError: ")
