"""The server as operators start it, on the real engine: its one line, its signals, its refusals, and that nothing of it is left."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from served import END_S, START_S, Served, all_running, containers_of, gone_after_s, served, started
from watchdogs import kill_with_watchdog

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import control_pb2_grpc as control_rpc
from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import types_pb2 as types

pytestmark = pytest.mark.docker

READY_S = 2.0
GONE_S = 45.0  # link lease of 30 s, and the engine's time to remove


def test_an_episode_from_the_listening_line_to_the_exit() -> None:
    """It says where it listens and grades an episode in a real sandbox; SIGTERM ends it with 0, one line said, nothing left."""
    with served() as server:
        episode = server.reset()
        call = episode.begin(b"echo 'print(\"Hello, World!\")' > hello.py; python3 hello.py")
        *_, last = call
        assert last.result.observation.command_end.exit_code == 0
        result = episode.submit()
        assert (result.reward.value, result.outcome) == (1.0, types.OUTCOME_PASSED)
        assert server.end(signal.SIGTERM) == 0
        assert server.process.stdout is not None
        assert server.process.stdout.read() == ""
        assert containers_of(server.worker) == []


def test_it_is_ready_within_two_seconds_when_the_images_are_there() -> None:
    """Two seconds of a processor, that is: how much of one the machine has left at this moment is not the server's doing."""
    with served() as server:
        assert server.ready_cpu_s <= READY_S
        assert server.end(signal.SIGINT) == 0


def test_sigterm_lets_a_running_step_end() -> None:
    """The client gets the result of a step that ends in time; then the server exits 0 and its sandboxes are gone."""
    with served() as server:
        call = server.reset().begin(b"echo on; sleep 1; echo off")
        server.process.send_signal(signal.SIGTERM)
        *_, last = call
        assert last.result.observation.command_end.reason == types.END_REASON_EXITED
        assert server.process.wait(END_S) == 0
        assert containers_of(server.worker) == []


def test_a_second_signal_interrupts_what_runs() -> None:
    """It does not wait for the step: exit 0 at once, and nothing is left."""
    with served() as server:
        server.reset().begin(b"echo on; sleep 600")
        server.process.send_signal(signal.SIGTERM)
        while "draining" not in server.logged():
            assert server.process.poll() is None
        assert server.end(signal.SIGTERM) == 0
        assert containers_of(server.worker) == []


def test_a_port_in_use_is_one_line_with_a_remedy() -> None:
    """Exit 2, nothing on standard output, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with started("--listen", address) as process:
            out, err = process.communicate(timeout=END_S)
    assert (process.returncode, out) == (2, "")
    assert err.count("\n") == 1
    assert address in err
    assert "--listen" in err


def test_remote_listening_must_be_asked_for() -> None:
    """Exit 2, and the option is named."""
    with started("--listen", "0.0.0.0:0") as process:
        _, err = process.communicate(timeout=END_S)
    assert process.returncode == 2
    assert "--allow-remote" in err


def test_without_an_engine_it_says_so_and_ends(tmp_path: Path) -> None:
    """Exit 1 with the remedy in one line, and no traceback."""
    with started(DOCKER_HOST=f"unix://{tmp_path}/dead.sock") as process:
        out, err = process.communicate(timeout=END_S)
    assert (process.returncode, out) == (1, "")
    assert "Docker Engine does not answer" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("options", [(), ("--no-images",)])
def test_a_signal_before_it_is_ready_ends_it(tmp_path: Path, options: tuple[str, ...]) -> None:
    """While the engine keeps it waiting, SIGTERM ends it with 0, and sooner than the engine's silence would."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(f"{tmp_path}/silent.sock")
        silent.listen()
        silent.settimeout(END_S)
        with started(*options, DOCKER_HOST=f"unix://{tmp_path}/silent.sock") as process, silent.accept()[0]:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=END_S)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


@pytest.mark.parametrize("target", ["&-", "/dev/full"])
def test_it_serves_without_a_standard_output(target: str) -> None:
    """Started by something that closed it, or onto a full disk: the log says where it listens, and its end is in order."""
    command = ["sh", "-c", f'exec "$@" >{target}', "sh", sys.executable, "-m", "codecraft_server", "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        assert any("event=listening" in line for line in server.stderr)
        time.sleep(0.2)
        server.send_signal(signal.SIGTERM)
        _, rest = server.communicate(timeout=END_S)
        assert (server.returncode, "Traceback" in rest) == (0, False)


def test_output_that_nobody_reads_on_is_no_crash() -> None:
    """`codecraft-server tasks list | true`."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "codecraft_server", "tasks", "list"]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=END_S, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_after_kill_9_nothing_is_left_within_45_seconds(tmp_path: Path) -> None:
    """Ten open episodes, idle and busy, and a warm sandbox that may just be in the making: all containers are gone at once."""
    with served("--warm", "1", XDG_RUNTIME_DIR=str(tmp_path)) as server:
        _keep_busy(server)
        server.process.kill()
        assert gone_after_s(server.worker, GONE_S) < GONE_S


def test_after_kill_9_sandboxes_go_without_the_help_of_others(tmp_path: Path) -> None:
    """The same where nobody is left who could see the server's death. All sandboxes run, for what never ran could not end itself."""
    with served("--warm", "1", XDG_RUNTIME_DIR=str(tmp_path)) as server:
        _keep_busy(server)
        all_running(server.worker, 11, START_S)
        kill_with_watchdog(server.process.pid)
        assert gone_after_s(server.worker, GONE_S) < GONE_S


def _keep_busy(server: Served) -> None:
    episodes = [server.reset() for _ in range(10)]
    for episode in episodes[::2]:
        episode.begin(b"echo on; while :; do echo busy; sleep 0.1; done")


@pytest.mark.alone
def test_gc_removes_what_the_dead_left_and_leaves_the_living_alone() -> None:
    """After kill -9 `gc` does at once what the lease would do later, says so, and another server's episode plays on."""
    with served() as living, served() as dead:
        episode = living.reset()
        dead.reset()
        (left,) = containers_of(dead.worker)
        kill_with_watchdog(dead.process.pid)
        dead.process.wait(END_S)
        done = _run("gc")
        assert done.returncode == 0
        assert f"removed container {left.lstrip('/')}" in done.stdout
        assert containers_of(dead.worker) == []
        *_, last = episode.begin(b"echo alive")
        assert last.result.observation.command_end.exit_code == 0
        living.stub.Close(pb.CloseRequest(**episode.address))
        assert living.end(signal.SIGTERM) == 0


def test_doctor_finds_this_machine_in_order() -> None:
    """Exit 0, and every line is ok."""
    done = _run("doctor", "--listen", "127.0.0.1:0")
    assert done.returncode == 0, done.stdout
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"ok"}
    assert {"engine", "guest", "images", "cgroup"} <= {line.split()[1] for line in done.stdout.splitlines()}


def test_images_says_that_they_are_up_to_date() -> None:
    """With nothing to do it says just that; a name that is none of ours is refused with those that are."""
    done = _run("images", "codecraft/busybox")
    assert (done.returncode, done.stdout) == (0, "codecraft/busybox:1 is up to date\n")
    refused = _run("images", "codecraft/nonsense")
    assert refused.returncode == 1
    assert "codecraft/busybox" in refused.stderr


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codecraft_server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=END_S, check=False, env=dict(os.environ))


def test_sighup_loads_the_curriculum_anew_and_work_is_graded_again(tmp_path: Path) -> None:
    """A wrong check is put right in the file: new episodes and grading again go by it, old ones do not; a broken file changes nothing."""
    file = tmp_path / "curriculum.json"

    def write(path: str) -> None:
        entry = {"title": "T", "category": "C", "docker": "codecraft/busybox:1", "shell": "/bin/sh", "description": "d", "test": "t"}
        file.write_text(json.dumps({"tasks": {"1": {**entry, "checks": [{"id": "c", "kind": "file", "path": path}]}}}))

    def digest() -> str:
        return str(server.stub.GetServerInfo(pb.GetServerInfoRequest(), timeout=20).catalog_digest)

    write("anser")
    with served("--curriculum", str(file)) as server:
        episode, before = server.reset(), digest()
        for _ in episode.begin(b"echo 42 > answer; echo done"):
            pass
        assert episode.submit().outcome == types.OUTCOME_FAILED
        write("answer")
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: digest() != before)
        after = digest()
        with grpc.insecure_channel(server.address) as channel:
            request = ctl.RegradeRequest(episode_id=episode.ready.episode_id)
            *_, last = control_rpc.ControlServiceStub(channel).Regrade(request, timeout=60)
        assert (last.result.grade.score, last.result.previous_grade.score) == (1.0, 0.0)
        file.write_text("{")
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: "the old one stays" in server.logged())
        assert digest() == after
        assert server.end(signal.SIGTERM) == 0


def test_a_closed_terminal_stops_it() -> None:
    """Who closes the window has stopped the server in it: exit 0, and its sandboxes are gone."""
    terminal, its_end = os.openpty()
    worker = "e2etty"
    command = ["setsid", "--ctty", sys.executable, "-m", "codecraft_server", "serve", "--listen", "127.0.0.1:0", "--worker", worker]
    with subprocess.Popen(command, stdin=its_end, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            os.close(its_end)
            assert process.stdout is not None
            assert process.stdout.readline().startswith("listening on ")
        finally:
            os.close(terminal)
        assert process.wait(END_S) == 0
    assert containers_of(worker) == []


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + END_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
