"""The command line, as a user runs it."""

import json
import os
import subprocess
import sys
from importlib.metadata import version

import pytest
from scripted_service import Script


def codecraft(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codecraft_client.cli", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CODECRAFT_")}
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", [[], ["demo"], ["info"], ["tasks"], ["stats"], ["play"]])
def test_help_is_everywhere(command: list[str]) -> None:
    """Each command explains itself with status 0."""
    done = codecraft(*command, "--help")
    assert done.returncode == 0
    assert "usage: codecraft" in done.stdout


def test_the_version_is_told() -> None:
    """Without a server, as by `codecraft-server --version`."""
    done = codecraft("--version")
    assert (done.returncode, done.stdout) == (0, f"codecraft {version('codecraft')}\n")


@pytest.mark.parametrize("arguments", [[], ["dance"], ["info", "--colour"]])
def test_wrong_usage_has_status_2(arguments: list[str]) -> None:
    """What can't be understood is status 2 and a line of usage."""
    done = codecraft(*arguments)
    assert done.returncode == 2
    assert "usage: codecraft" in done.stderr


@pytest.mark.parametrize("command", ["info", "tasks", "stats"])
def test_no_server_is_one_line(command: str) -> None:
    """Where nobody answers: status 1, and one line that names the remedy."""
    done = codecraft(command, "--target", "127.0.0.1:1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "codecraft: no server at 127.0.0.1:1; start one with `make serve` or `codecraft-server serve`\n"


def test_the_demo_starts_no_server_for_another_machine() -> None:
    """A target that is not this machine is never replaced by a server of our own."""
    done = codecraft("demo", "--target", "codecraft.invalid:50051")
    assert done.returncode == 1
    assert "no server at codecraft.invalid:50051" in done.stderr


def test_info_tells_what_the_server_is(target: str) -> None:
    """Version, protocol and the number of tasks are in it; the target comes from the environment."""
    done = codecraft("info", CODECRAFT_TARGET=target)
    assert done.returncode == 0, done.stderr
    assert "9 (protocol 1), worker w" in done.stdout
    assert "3, catalog" in done.stdout


def test_a_target_without_a_port_is_refused() -> None:
    """Wherever it came from, that is named: no server was looked for."""
    for done, origin in (
        (codecraft("info", "--target", "foo"), "--target"),
        (codecraft("info", CODECRAFT_TARGET="foo"), "CODECRAFT_TARGET"),
    ):
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"codecraft: {origin}: 'foo' is no HOST:PORT, such as 127.0.0.1:50051\n"


def test_tasks_lists_all(target: str) -> None:
    """Each task has a row, from all pages."""
    done = codecraft("tasks", "--target", target)
    assert done.returncode == 0, done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith(("│", "|"))] == ["1", "2", "3"]


def test_the_token_comes_from_the_environment(target: str, script: Script) -> None:
    """CODECRAFT_TOKEN is sent; without it the refusal is one line."""
    script.token = "s3cret"
    assert codecraft("info", "--target", target, CODECRAFT_TOKEN="s3cret").returncode == 0
    refused = codecraft("info", "--target", target)
    assert refused.returncode == 1
    assert refused.stderr.startswith("codecraft: ")
    assert len(refused.stderr.splitlines()) == 1


def test_stats_tells_how_it_went(target: str) -> None:
    """Each task has a row, from all pages, however narrow the terminal; what can't be known is left blank."""
    done = codecraft("stats", "--target", target, COLUMNS="20")
    assert done.returncode == 0, done.stderr
    heads, *rows = [line.split() for line in done.stdout.splitlines()]
    assert " ".join(heads) == "task started passed failed gave up out left faults score return steps recent grading"
    assert rows == [
        ["1", "12", "0", "0", "0", "0", "0", "0", "0.50", "25%", "of", "4"],
        ["2", "12", "0", "0", "0", "0", "0", "0"],
        ["3", "12", "0", "0", "0", "0", "0", "0"],
    ]


def test_stats_for_machines(target: str) -> None:
    """One JSON object a line, with null for what can't be known, of the trainer that was named."""
    done = codecraft("stats", "--json", "--trainer", "t", CODECRAFT_TARGET=target)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["task_id"], one["started"], one["mean_score"]) for one in told] == [("1", 7, 0.5), ("2", 7, None), ("3", 7, None)]


def test_episodes_lists_what_is_open(target: str) -> None:
    """Each open episode has a row, from all pages."""
    done = codecraft("episodes", "--target", target)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["episode", "w-0", "w-1", "w-2"]


def test_stats_sends_the_control_token(target: str, script: Script) -> None:
    """It comes from a variable of its own, which is not the agents'."""
    script.token = "control"
    assert codecraft("stats", "--target", target, CODECRAFT_CONTROL_TOKEN="control").returncode == 0
    refused = codecraft("stats", "--target", target, CODECRAFT_TOKEN="control")
    assert (refused.returncode, refused.stdout) == (1, "")
