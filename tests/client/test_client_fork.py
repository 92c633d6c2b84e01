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
def test_children_use_what_they_inherit(target: str, *, support: bool) -> None:
    """A client that was in use when the process forked works in each child, a new one does, too, and the parent's goes on."""
    assert run("inherited", target, support=support) == "ok | ok | 1"


@pytest.mark.parametrize("support", [False, True])
def test_calls_and_forks_in_turn(target: str, *, support: bool) -> None:
    """Sixty times a call and a fork right behind it: neither side hangs."""
    assert run("again", target, support=support) == "1 ok"


@pytest.mark.parametrize("support", [False, True])
def test_a_running_stream_survives_the_fork(target: str, *, support: bool) -> None:
    """A stream that is open in the parent goes on there, complete, while children talk for themselves."""
    assert run("streaming", target, support=support) == "ok | 5000"


@pytest.mark.parametrize("support", [False, True])
def test_forks_amid_traffic(target: str, *, support: bool) -> None:
    """Sixty forks while other threads stream and ask: no child crashes or hangs, no byte is lost, no call fails."""
    assert run("busy", target, support=support) == "ok | 100000 | 1"


@pytest.mark.parametrize("support", [False, True])
def test_forks_amid_steps(target: str, *, support: bool) -> None:
    """Sixty forks while a thread takes steps over its stream: none is lost or taken twice, and what a child inherits serves there, too."""
    assert run("stepping", target, support=support) == "ok | ok | 00000000\n"


@pytest.mark.parametrize("support", [False, True])
def test_a_rollout_is_opened_in_each_process(target: str, *, support: bool) -> None:
    """Sixty forks with a request on the way: each child plays on a stream of its own, and the parent's requests are all answered."""
    assert run("rollout", target, support=support) == "ok | Ready"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_process_pools(target: str, method: str) -> None:
    """A client sent to the workers of a pool works there, whichever way they are started."""
    assert run(f"pool-{method}", target, support=False) == "1 | 1 | 1 | 1"
