"""What checking makes of attempts: rows, problems, reports; and which tasks and cheats are chosen. No sandbox is needed for that."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from each import each
from fakes.tasks import a_task

from codecraft_server.checking import Plan, Summary, chosen, reports
from codecraft_server.checking.attempt import Attempt
from codecraft_server.checking.cheats import CHEATS, named
from codecraft_server.checking.cheats.guesses import functions, modules, named_files
from codecraft_server.checking.cheats.probes import SECRET
from codecraft_server.checking.controls import Controls
from codecraft_server.checking.findings import COLUMNS, Row
from codecraft_server.checking.jobs import Job, Kind, alone, jobs, load
from codecraft_server.checking.weighing import Tried, weigh, wrong_with
from codecraft_server.errors import ConfigurationError
from codecraft_server.grading.verdict import CheckResult
from codecraft_server.task import Check, FileCheck, ScriptCheck, Task, TaskFile, Visibility, WrongAnswer

TASK = replace(a_task(), solution=("make",), wrong=(WrongAnswer("near", ("miss",), 0.5),))
CHEAT = next(iter(CHEATS.values()))
PLAN = Plan(cheats=(CHEAT,))
RIGHT, NOTHING = Attempt(score=1.0, passed=True, grading_s=0.1), Attempt(score=0.0)


def milestone(name: str) -> Check:
    return Check(name, "", 0.5, 1.0, Visibility.RESULT, FileCheck(name))


def row(task: Task = TASK, plan: Plan = PLAN, **came: Attempt) -> Row:
    """The row of a task whose attempts came well but for those that are named by kind."""
    good = {"SOLUTION": RIGHT, "NOTHING": NOTHING, "EMPTY": NOTHING, "WRONG": NOTHING, "CHEAT": NOTHING}
    attempts = {**good, **came}
    return weigh(task, [Tried(job, attempts[job.kind.name]) for job in jobs(task, plan, plan.cheats)], plan)


def shown(found: Row) -> dict[str, str]:
    return {name: cell.text for name, cell in zip(COLUMNS, found.cells, strict=True)}


def test_a_good_task_has_a_row_without_problems() -> None:
    """Each column says what was seen."""
    found = row()
    assert found.problems == ()
    assert shown(found) == {
        "schema": "ok",
        "oracle": "1",
        "repeats": "-",
        "no-op": "0",
        "empty": "0",
        "wrong": "1/1",
        "cheats": "1/1",
        "milestones": "-",
        "budget": f"{0.1 / TASK.limits.grading_s:.0%}",
        "offline": "yes",
    }


def test_a_grading_that_shared_the_machine_is_not_called_slow_yet() -> None:
    """Among others it may take long; alone it may not, and a failure is one in any company."""
    slow = replace(RIGHT, grading_s=0.9 * TASK.limits.grading_s)
    together = next(iter(load(TASK, replace(PLAN, load=2))))
    assert wrong_with(TASK, Tried(together, slow), PLAN) == ()
    assert [problem.column for problem in wrong_with(TASK, Tried(alone(TASK), slow), PLAN)] == ["budget"]
    assert [problem.column for problem in wrong_with(TASK, Tried(together, NOTHING), PLAN)] == ["repeats"]


@each(
    ("kind", "attempt", "column", "said"),
    [
        ("SOLUTION", Attempt(score=0.0, checks=(CheckResult("c", "", False, 1.0, False, "it is red"),)), "oracle", "it is red"),
        ("SOLUTION", Attempt(stopped="out_of_steps"), "oracle", "limits.steps"),
        ("SOLUTION", Attempt(fault="The sandbox was lost."), "oracle", "The sandbox was lost."),
        ("SOLUTION", replace(RIGHT, grading_s=0.3 * TASK.limits.grading_s), "budget", "raise limits.grading_s"),
        ("NOTHING", RIGHT, "no-op", "ask for nothing"),
        ("NOTHING", Attempt(fault="lost"), "no-op", "a fault: lost"),
        ("EMPTY", RIGHT, "empty", "ask for nothing"),
        ("WRONG", Attempt(score=0.6), "wrong", "at most 0.5"),
        ("CHEAT", RIGHT, "cheats", "a hole in the grader"),
        ("CHEAT", Attempt(fault="Grading took too long."), "cheats", "need not fear 0"),
    ],
)
def test_what_comes_otherwise_is_a_problem_of_its_column(kind: str, attempt: Attempt, column: str, said: str) -> None:
    """It says the task, the proof, what was expected, what came and what to do; a fault is told as one and never as 0."""
    problems = row(**{kind: attempt}).problems
    assert {problem.column for problem in problems} == {column}
    assert all(said in problem.text and problem.text.startswith(f"task {TASK.task_id}, ") for problem in problems)


def test_a_task_of_which_no_episode_can_be_had_has_one_problem() -> None:
    """However many attempts found that out."""
    refused = Attempt(refused="setup command 1 of 1 exited 1: no")
    found = row(SOLUTION=refused, NOTHING=refused)
    (problem,) = found.problems
    assert "exited 1: no" in problem.came
    assert "/bin/sh" in problem.remedy


def test_milestones_are_reached_in_their_order_and_not_before() -> None:
    """One that holds at the start, one that comes too soon and one that never comes are told apart."""
    task = replace(TASK, milestones=tuple(map(milestone, "abcd")))
    found = row(task, SOLUTION=replace(RIGHT, reached=(("a", "c"), ("b",))), NOTHING=replace(NOTHING, reached=(("a",),)))
    assert [problem.expected for problem in found.problems] == [
        'milestone "a" not to hold at the start',
        'milestone "d" to be reached',
        'milestone "b" to be reached before "c"',
    ]


def test_a_hidden_line_that_a_search_prints_is_a_leak() -> None:
    """What the agent is shown anyway is none."""
    line = "assert the_answer() == 'forty-two'"
    script = Check("s", "", 1.0, 1.0, Visibility.HIDDEN, ScriptCheck(f"import x\n{line}\n"))
    task, peeking = replace(TASK, checks=(script,)), Plan(cheats=named(["search-disk"]))
    attempt = replace(NOTHING, output=f"x {line} y".encode())
    assert [problem.column for problem in row(task, peeking, CHEAT=attempt).problems] == ["cheats"]
    given = replace(task, files=(TaskFile("a.py", line.encode(), 0o644),))
    assert row(given, peeking, CHEAT=attempt).problems == ()


def test_reports_say_the_same_as_the_table() -> None:
    """JSON has every problem; JUnit has a case for each column, failed where there is a problem, whatever characters it has."""
    bad = row(SOLUTION=Attempt(score=0.0, checks=(CheckResult("c", "", False, 1.0, False, "\x00 \x1b <&"),)))
    summary = Summary(rows=[bad, replace(row(), task="other")], complete=True)
    said = json.loads(reports.as_json(summary))
    assert [problem["column"] for problem in said["problems"]] == ["oracle"]
    suites = list(ET.fromstring(reports.as_junit(summary)))  # noqa: S314 - our own
    assert [(suite.get("name"), suite.get("failures")) for suite in suites] == [(TASK.task_id, "1"), ("other", "0")]
    assert {case.get("name") for case in suites[0]} == set(COLUMNS)


def test_tasks_are_chosen_by_id_glob_category_and_seed() -> None:
    """A sample is the same for the same seed, and what fits nothing is an error that says so."""
    tasks = {name: replace(TASK, task_id=name, category=f"C{name[0]}") for name in ("a1", "a2", "b1", "b2")}
    assert [task.task_id for task in chosen(tasks, ["a*", "b2"], [], 0, 0)] == ["a1", "a2", "b2"]
    assert [task.task_id for task in chosen(tasks, [], ["cb"], 0, 0)] == ["b1", "b2"]
    assert chosen(tasks, [], [], 2, 7) == chosen(tasks, [], [], 2, 7)
    assert len(chosen(tasks, [], [], 2, 7)) == 2
    for patterns, categories in ((["z*"], []), ([], ["none"]), (["a1"], ["cb"])):
        with pytest.raises(ConfigurationError):
            chosen(tasks, patterns, categories, 0, 0)


def test_cheats_are_named_one_by_one_by_glob_or_not_at_all() -> None:
    """And what names none is an error."""
    assert named(["none"]) == ()
    assert named(["all"]) == tuple(CHEATS.values())
    assert {cheat.name for cheat in named(["git-*", "daemon"])} >= {"git-hooks", "daemon"}
    with pytest.raises(ConfigurationError):
        named(["no-such-cheat"])
    with pytest.raises(ConfigurationError, match=r"no cheat is called 'deamon'; did you mean 'daemon'.*\? `.* --help` names all"):
        named(["deamon"])


def test_every_cheat_says_what_it_aims_at_and_no_deed_knows_the_secret() -> None:
    """Names are unique, and whoever wrote the deeds could not know what only the checks of a probe know."""
    assert len({cheat.name for cheat in CHEATS.values()}) == len(CHEATS)
    for cheat in CHEATS.values():
        deeds = cheat.deeds(cheat.control.probe)
        assert deeds, cheat.name
        assert cheat.aim
        assert not any(SECRET in (deed if isinstance(deed, str) else deed.content.decode(errors="replace")) for deed in deeds)


def test_spread_cheats_are_each_tried_once() -> None:
    """All of them, whatever the number of tasks."""
    plan = Plan(cheats=tuple(CHEATS.values()), spread=True)
    tried = [cheat.name for position in range(3) for cheat in plan.cheats_at(position, 3)]
    assert sorted(tried) == sorted(CHEATS)


@each(
    ("idle", "weakened", "real", "expected"),
    [
        (NOTHING, RIGHT, NOTHING, []),
        (RIGHT, RIGHT, NOTHING, ["to refuse work in which nothing was done"]),
        (NOTHING, NOTHING, NOTHING, ["to pay for it"]),
        (NOTHING, RIGHT, RIGHT, ["the real grader to give a grade below the pass mark"]),
        (NOTHING, RIGHT, Attempt(fault="lost"), ["the real grader to give a grade below the pass mark"]),
    ],
)
def test_a_control_works_when_only_its_weakness_is_paid(idle: Attempt, weakened: Attempt, real: Attempt, expected: list[str]) -> None:
    """The weakened grader pays for the cheat and for nothing else, the real one does not; all else is a problem."""
    controls, came = Controls([CHEAT]), {"right": RIGHT, "idle": idle, "weakened": weakened, "real": real}
    for trial in controls.trials():
        controls.add(trial, came[trial.what])
    cell, problems = controls.weigh()
    assert cell.text == ("0/1" if expected else "1/1")
    assert len(problems) == len(expected)
    assert all(said in problem.expected for said, problem in zip(expected, problems, strict=True))


def test_guesses_use_what_the_agent_is_shown() -> None:
    """File names and functions that the text quotes, then given files; never a path that leads out."""
    task = replace(
        TASK,
        description="Write `src/tool.py` with `run(x)`, not `/etc/passwd.txt` or `../up.txt`.",
        test="`make` must work by the `Makefile`.",
        files=(TaskFile("data.csv", b"", 0o644),),
    )
    assert named_files(task) == ["src/tool.py", "Makefile", "data.csv"]
    assert modules(task) == ["src/tool.py"]
    assert functions(task) == ["run"]
    assert modules(TASK) == ["solution.py"]


def test_the_solution_is_tried_first() -> None:
    """So that a task that can't be played costs one attempt."""
    first, *others = jobs(TASK, replace(PLAN, repeats=3), PLAN.cheats)
    assert isinstance(first, Job)
    assert first.kind is Kind.SOLUTION
    assert [job.kind for job in others[:2]] == [Kind.SOLUTION] * 2
