"""What to do about a problem, in a sentence or two for the author of a task."""

from dataclasses import replace

from codecraft_server.checking.attempt import Attempt
from codecraft_server.checking.findings import Problem

PASSES_WITHOUT_WORK = "The checks ask for nothing that is not there from the start: add one that only the work can fulfil."
WRONG_SCORES = "Add a check that tells this answer from a right one, or raise its max_score where a part of the score is deserved."
HOLE = "A cheat that passes is a hole in the grader (codecraft_server/grading), or the check asks too little: see which check passed."
LEAK = "Take it out of the sandbox: hidden things belong into checks."
DODGED = "Whoever can keep the grader from judging need not fear 0: the service must see this as the learner's failure."
MILESTONE_AT_START = "Have it ask for something that the untouched sandbox lacks."
MILESTONE_NEVER = "Have the solution pass by it, one step for each deed, or ask for what the solution really does."
MILESTONE_ORDER = "List milestones in the order in which the solution reaches them, or split the solution into more deeds."
SLOW = "Make the checks faster or raise limits.grading_s: a busy machine is several times slower than this one."
NETWORK = "Bring what it needs in files or the image, or say --allow-network."

_BY_WORD = (  # what a check's reason has in it, and what that means
    ("ran out of time", "Raise the check's timeout_s (and limits.grading_s), or make what it runs faster."),
    ("SyntaxError", "The hidden test files can't be read by Python: correct them."),
    ("NameError", "A name is misspelled, in the hidden tests or in the solution."),
    ("skipped", "A skipped test is no pass: take the mark off it."),
    ("did not run", "An id in `expected` names no test that runs: correct it, or leave `expected` out to have it taken from the files."),
    ("printed too much", "Have the program print less: what a check reads is bounded, whatever the task's limits."),
)


def for_failed_check(reason: str) -> str:
    """What to do where the solution fails a check."""
    found = [remedy for word, remedy in _BY_WORD if word in reason]
    return found[0] if found else "Correct the solution or the check: one of them does not do what the description says."


def for_no_verdict(attempt: Attempt) -> str:
    """What to do where there is no grade."""
    if attempt.stopped == "out_of_steps":
        return "Raise limits.steps: it must leave room for more deeds than the solution has."
    if attempt.stopped:
        return "Raise the limits of the task: the solution must fit into them several times over."
    return (
        "A fault is the task's or the service's, never the learner's: see the log "
        "with --log-level debug, and whether the image has what the checks need."
    )


def for_refusal(why: str) -> str:
    """What to do where no episode can be had."""
    if "setup" in why or "file " in why:
        return "Correct the files or the setup of the task; setup commands run with /bin/sh as the agent, in the working directory."
    if "image" in why:
        return "Correct `docker`, or get the image (`codecraft-server images` builds ours)."
    return "See what the task asks of its sandbox."


def flaky(problem: Problem) -> Problem:
    """The same problem where the solution is played again."""
    remedy = "The solution or a check depends on chance, time or order: make it do the same every time."
    return replace(problem, remedy=f"{remedy} {problem.remedy}" if "ran out of time" in problem.came else remedy)
