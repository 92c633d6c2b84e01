"""Clients and processes that fork, each in a program of its own: what a fork breaks must not break the tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("forking_program.py")


def run(mode: str, target: str, *, support: bool) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_ENABLE_FORK_SUPPORT"}
    if support:
        environment["GRPC_ENABLE_FORK_SUPPORT"] = "1"
    done = subprocess.run(
        [sys.executable, str(PROGRAM), mode, target], env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("support", [False, True])
def test_a_client_that_was_not_used_is_free(target: str, *, support: bool) -> None:
    """A client made before the fork and used only after it works in every child and in the parent."""
    assert run("unused", target, support=support) == "ok | 1"


@pytest.mark.parametrize("support", [False, True])
def test_a_client_that_was_closed_does_no_harm(target: str, *, support: bool) -> None:
    """Where every client was closed before the fork, children may use new ones."""
    assert run("closed", target, support=support) == "ok"


def test_an_open_channel_is_refused_in_the_child(target: str) -> None:
    """Without gRPC's fork support a child of a process with an open channel gets an error that names the remedy, the parent goes on."""
    assert run("inherited", target, support=False) == "refused | refused | 1"


def test_with_fork_support_children_use_what_they_inherit(target: str) -> None:
    """With GRPC_ENABLE_FORK_SUPPORT=1 an inherited client opens a channel of its own in each child, and the parent keeps its own."""
    assert run("inherited", target, support=True) == "ok | ok | 1"


def test_a_running_stream_survives_the_fork(target: str) -> None:
    """A stream that is open in the parent goes on there, complete, while children talk for themselves or are refused."""
    assert run("streaming", target, support=True) == "ok | 5000"
    assert run("streaming", target, support=False) == "refused | 5000"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_process_pools(target: str, method: str) -> None:
    """A client sent to the workers of a pool works there, whichever way they are started."""
    assert run(f"pool-{method}", target, support=False) == "1 | 1 | 1 | 1"
