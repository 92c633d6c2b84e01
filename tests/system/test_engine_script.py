"""images/engine.sh and images/apt.sh, in a world of fake programs: nothing is installed, no real engine is touched."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

IMAGES = Path(__file__).parents[2] / "images"
REAL_PROGRAMS = ("cat", "cp", "cut", "date", "dirname", "env", "flock", "mkdir", "rm", "sed", "setsid", "sh", "sleep", "tail", "touch")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the scripts only print what to do")

FAKE_DOCKERD = f"""#!{os.path.realpath(sys.executable)} -IS
import os, signal, socket
link = socket.socket(socket.AF_UNIX)
link.bind(os.environ["CODECRAFT_ENGINE_RUN"] + "/docker.sock")
link.listen()
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
while True:
    peer, _ = link.accept()
    peer.recv(4096)
    peer.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nOK")
    peer.close()
"""


class World:
    """A machine as the scripts see it: PATH, user, run folder, remembered state."""

    def __init__(self, root: Path) -> None:
        """All of it under `root`; its user is root on Debian without an engine until told otherwise."""
        self.bin, self.run, self.state, self.calls = root / "bin", root / "run", root / "state", root / "calls"
        self.bin.mkdir()
        self.run.mkdir()
        self.socket = self.run / "docker.sock"
        for name in REAL_PROGRAMS:
            real = shutil.which(name)
            assert real, name
            (self.bin / name).symlink_to(real)
        (self.bin / "python3").symlink_to(os.path.realpath(sys.executable))
        self.program("id", "echo 0")
        self.program("uname", "echo Linux")
        self.program("dpkg", "exit 0")
        self.environment = {"PATH": str(self.bin), "CODECRAFT_ENGINE_STATE": str(self.state), "CODECRAFT_ENGINE_RUN": str(self.run)}

    def program(self, name: str, script: str) -> None:
        """Put a program of this name on PATH; its calls are written down."""
        self.executable(name, f'#!/bin/sh\necho "{name} $*" >>"{self.calls}"\n{script}\n')

    def executable(self, name: str, text: str) -> Path:
        """Put this file on PATH."""
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def called(self, name: str) -> list[str]:
        """The arguments of each call of a fake program."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]

    def popen(self, script: str, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """Start one of the scripts."""
        return subprocess.Popen(
            # A shell can't trap what was ignored when it started, as under nohup. A `preexec_fn` would do, but fork what gRPC left here.
            ["/usr/bin/env", "--default-signal=HUP", "/bin/sh", str(IMAGES / script), *arguments],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def engine(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run engine.sh to its end."""
        return self.finish(self.popen("engine.sh", *arguments, **environment))

    @staticmethod
    def finish(process: "subprocess.Popen[str]") -> "subprocess.CompletedProcess[str]":
        """Wait for a script and take what it printed."""
        out, err = process.communicate(timeout=30)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def dockerd_pid(self) -> int:
        """The one that engine.sh remembers to have started."""
        return int((self.state / "dockerd.pid").read_text().split()[0])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.engine("stop")


@pytest.fixture
def answering(world: World) -> Iterator[World]:
    """A world where an engine that is not ours answers at the default socket."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(world.socket))
        listener.listen()
        thread = threading.Thread(target=_answer, args=(listener, b"200 OK"))
        thread.start()
        yield world
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _answer(listener: socket.socket, status: bytes) -> None:
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer:
            peer.recv(4096)
            peer.sendall(b"HTTP/1.1 " + status + b"\r\n\r\n")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


# --- an engine is there ---


def test_an_engine_that_answers_is_left_alone_silently_and_fast(answering: World) -> None:
    """Where an engine answers, `ensure` prints nothing, calls nothing, and takes less than 0.3 s at its best."""
    took = []
    for _ in range(5):
        started = time.monotonic()
        result = answering.engine("ensure")
        took.append(time.monotonic() - started)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert min(took) < 0.3
    assert not answering.calls.exists()
    assert not answering.state.exists()


def test_an_engine_is_found_at_docker_host(world: World) -> None:
    """A TCP engine named by DOCKER_HOST counts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener, b"200 OK"))
        thread.start()
        result = world.engine("ensure", DOCKER_HOST=f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert (result.returncode, result.stderr) == (0, "")


def test_something_that_is_no_engine_does_not_count(world: World) -> None:
    """A server that answers with an error is not taken for an engine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener, b"404 Not Found"))
        thread.start()
        result = world.engine("ensure", DOCKER_HOST=f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert result.returncode == 1


# --- no engine, and not ours to start one ---


@pytest.mark.parametrize(
    ("system", "programs", "remedy"),
    [
        ("Darwin", [], "start Docker Desktop"),
        ("MINGW64_NT-10.0", [], "start Docker Desktop"),
        ("Linux", ["apt-get"], "sudo apt-get install docker.io"),
        ("Linux", ["dnf"], "sudo dnf install moby-engine"),
        ("Linux", ["pacman"], "sudo pacman -S docker"),
        ("Linux", ["apk"], "sudo apk add docker"),
        ("Linux", [], "https://docs.docker.com/engine/install/"),
        ("Linux", ["apt-get", "dockerd"], "sudo systemctl start docker"),
    ],
)
def test_without_the_right_to_start_one_the_remedy_is_printed(world: World, system: str, programs: list[str], remedy: str) -> None:
    """A user who is not root is told what to do, by system, and nothing is run."""
    world.program("id", "echo 1000")
    world.program("uname", f"echo {system}")
    for name in programs:
        world.program(name, "exit 0")
    result = world.engine("ensure")
    assert result.returncode == 1
    assert remedy in result.stderr
    assert all(world.called(name) == [] for name in programs)


def test_root_on_another_linux_is_told_too(world: World) -> None:
    """Only Debian's and Ubuntu's packages are installed by us."""
    world.program("dnf", "exit 0")
    result = world.engine("ensure")
    assert result.returncode == 1
    assert "sudo dnf install" in result.stderr
    assert world.called("dnf") == []


def test_a_docker_host_that_does_not_answer_is_not_replaced(world: World) -> None:
    """Whoever names an engine wants that one: none is installed in its place."""
    world.program("apt-get", "exit 0")
    result = world.engine("ensure", DOCKER_HOST="unix:///nowhere/docker.sock")
    assert result.returncode == 1
    assert "DOCKER_HOST=unix:///nowhere/docker.sock" in result.stderr
    assert world.called("apt-get") == []


def test_with_does_not_run_the_command_without_an_engine(world: World) -> None:
    """`with` ends with the remedy instead of running the command in vain."""
    world.program("id", "echo 1000")
    world.program("precious", "exit 0")
    assert world.engine("with", "--", "precious").returncode == 1
    assert world.called("precious") == []


# --- starting and stopping our own ---


def test_ensure_starts_an_engine_and_stop_ends_it(world: World) -> None:
    """A started engine is waited for, found by the next call, remembered, and ended by `stop`."""
    world.program("apt-get", "exit 0")
    world.executable("dockerd", FAKE_DOCKERD)
    first = world.engine("ensure")
    assert first.returncode == 0, first.stderr
    assert "starting dockerd" in first.stderr
    pid = world.dockerd_pid()
    second = world.engine("ensure")
    assert (second.returncode, second.stderr) == (0, "")
    assert world.dockerd_pid() == pid
    assert world.engine("stop").returncode == 0
    assert not is_alive(pid)
    assert "nothing to stop" in world.engine("stop").stderr


@pytest.mark.parametrize("status", [0, 1], ids=["installed", "installed, but its own start failed"])
def test_a_missing_engine_is_installed_first(world: World, status: int) -> None:
    """As root on Debian docker.io is installed, saying so; that its own start script fails does not matter."""
    hidden = world.executable("dockerd", FAKE_DOCKERD).rename(world.bin.parent / "dockerd")
    world.program("apt-get", f'case "$*" in *docker.io*) cp {hidden} {world.bin}/dockerd ;; esac; exit {status}')
    result = world.engine("ensure")
    assert result.returncode == 0, result.stderr
    assert "installing" in result.stderr
    assert any("--no-install-recommends" in call and "docker.io iptables" in call for call in world.called("apt-get"))


def test_an_engine_that_cannot_be_installed_is_an_error(world: World) -> None:
    """No dockerd after the installation: no success."""
    world.program("apt-get", "echo E: no such package >&2; exit 100")
    result = world.engine("ensure")
    assert result.returncode == 1
    assert "no such package" in result.stderr
    assert "could not be installed" in result.stderr


def test_install_only_installs(world: World) -> None:
    """`install` starts nothing, and what is installed is not installed again."""
    hidden = world.executable("dockerd", FAKE_DOCKERD).rename(world.bin.parent / "dockerd")
    world.program("apt-get", f'case "$*" in *docker.io*) cp {hidden} {world.bin}/dockerd ;; esac')
    first, second = world.engine("install"), world.engine("install")
    assert (first.returncode, second.returncode, second.stderr) == (0, 0, "")
    assert len([call for call in world.called("apt-get") if "docker.io" in call]) == 1
    assert not (world.state / "dockerd.pid").exists()
    assert not world.socket.exists()


def test_install_leaves_what_is_not_ours_to_do(answering: World) -> None:
    """Where an engine answers, where one is named, and for who is not root: not a word, and nothing is installed."""
    answering.program("apt-get", "exit 0")
    elsewhere = answering.engine("install", DOCKER_HOST="tcp://127.0.0.1:1")
    there = answering.engine("install")
    answering.program("id", "echo 1000")
    others = answering.engine("install", CODECRAFT_ENGINE_RUN=str(answering.run.parent))
    assert [(done.returncode, done.stderr) for done in (elsewhere, there, others)] == [(0, "")] * 3
    assert not answering.called("apt-get")


def test_an_engine_that_ends_at_once_shows_its_log(world: World) -> None:
    """A dockerd that fails is not waited for to the deadline; the end of its log is the message."""
    world.program("apt-get", "exit 0")
    world.program("dockerd", "echo failed to mount the storage >&2; exit 1")
    started = time.monotonic()
    result = world.engine("ensure")
    assert time.monotonic() - started < 20
    assert result.returncode == 1
    assert "failed to mount the storage" in result.stderr
    assert not (world.state / "dockerd.pid").exists()


def test_a_pid_file_of_a_crashed_engine_is_removed(world: World) -> None:
    """Its number may belong to any process by now, and dockerd would refuse to start."""
    world.program("apt-get", "exit 0")
    world.executable("dockerd", FAKE_DOCKERD)
    stale = world.run / "docker.pid"
    stale.write_text(str(os.getpid()))
    assert world.engine("ensure").returncode == 0
    assert not stale.exists()


def test_an_engine_that_is_starting_already_is_waited_for(world: World) -> None:
    """A dockerd of somebody else that does not answer yet is neither doubled nor later stopped."""
    world.program("apt-get", "exit 0")
    dockerd = world.executable("dockerd", FAKE_DOCKERD)
    with subprocess.Popen([dockerd], env=world.environment) as other:
        (world.run / "docker.pid").write_text(str(other.pid))
        result = world.engine("with", "--", "sh", "-c", "exit 0")
        assert result.returncode == 0, result.stderr
        assert "starting dockerd" not in result.stderr
        assert other.poll() is None
        other.terminate()


def test_an_engine_that_was_faster_than_ours_will_do(world: World) -> None:
    """Ours ends because another one has begun to start: that one is waited for, and is not ours to stop."""
    world.program("apt-get", "exit 0")
    other = world.executable("dockerd", FAKE_DOCKERD).rename(world.run / "dockerd")
    world.program("dockerd", f'setsid {other} >/dev/null 2>&1 & echo "$!" >{world.run}/docker.pid; exit 1')
    result = world.engine("with", "--", "sh", "-c", "exit 0")
    pid = int((world.run / "docker.pid").read_text())
    try:
        assert result.returncode == 0, result.stderr
        assert is_alive(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_two_at_once_start_one_engine(world: World) -> None:
    """The second `ensure` finds what the first one started."""
    world.program("apt-get", "exit 0")
    world.executable("dockerd", FAKE_DOCKERD)
    results = [world.finish(process) for process in (world.popen("engine.sh", "ensure"), world.popen("engine.sh", "ensure"))]
    assert [result.returncode for result in results] == [0, 0]
    assert sum("starting dockerd" in result.stderr for result in results) == 1


def test_with_systemd_the_service_is_started_and_never_stopped(world: World) -> None:
    """Where systemd runs, the engine is the system's: we ask for it, and it is not ours to end."""
    world.program("apt-get", "exit 0")
    (world.run / "systemd/system").mkdir(parents=True)
    dockerd = world.executable("dockerd", FAKE_DOCKERD)
    world.program("systemctl", f'setsid {dockerd} >/dev/null 2>&1 & echo "$!" >{world.run}/service.pid')
    result = world.engine("with", "--", "sh", "-c", "exit 0")
    pid = int((world.run / "service.pid").read_text())
    try:
        assert result.returncode == 0, result.stderr
        assert world.called("systemctl") == ["start docker"]
        assert is_alive(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


# --- ending only what is ours ---


@pytest.mark.parametrize("program", ["dockerd", "other"])
def test_stop_spares_a_process_that_only_has_the_remembered_number(world: World, program: str) -> None:
    """The number of an engine that is gone may be anybody's, even another dockerd's: its start time tells."""
    path = world.executable(program, FAKE_DOCKERD)
    world.state.mkdir()
    with subprocess.Popen([path], env=world.environment) as other:
        (world.state / "dockerd.pid").write_text(f"{other.pid} 1\n")
        result = world.engine("stop")
        assert (result.returncode, "nothing to stop" in result.stderr) == (0, True)
        assert other.poll() is None
        other.terminate()


def test_stop_spares_an_engine_we_did_not_start(answering: World) -> None:
    """An engine that answers but is not remembered is none of ours."""
    assert "nothing to stop" in answering.engine("stop").stderr
    assert answering.engine("ensure").returncode == 0


# --- with ---


@pytest.mark.parametrize("status", [0, 7])
def test_with_runs_a_command_and_ends_the_engine_it_started(world: World, status: int) -> None:
    """The command finds an engine; its status is passed on; the engine is gone afterwards."""
    world.program("apt-get", "exit 0")
    world.executable("dockerd", FAKE_DOCKERD)
    command = f"cat {world.state}/dockerd.pid; [ -S {world.socket} ] && exit {status}; exit 99"
    result = world.engine("with", "--", "sh", "-c", command)
    assert result.returncode == status
    assert not is_alive(int(result.stdout.split()[0]))


def test_with_leaves_an_engine_that_was_there(answering: World) -> None:
    """The status is passed on, and the engine still answers."""
    assert answering.engine("with", "--", "sh", "-c", "exit 5").returncode == 5
    assert answering.engine("ensure").returncode == 0


def test_with_leaves_an_engine_that_an_earlier_call_started(world: World) -> None:
    """Even our own engine is only ended by the call that started it."""
    world.program("apt-get", "exit 0")
    world.executable("dockerd", FAKE_DOCKERD)
    world.engine("ensure")
    assert world.engine("with", "--", "sh", "-c", "exit 0").returncode == 0
    assert is_alive(world.dockerd_pid())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_with_passes_a_signal_on_and_still_cleans_up(world: World, number: signal.Signals) -> None:
    """The command decides how it ends; the engine that was started for it ends in any case."""
    world.program("apt-get", "exit 0")
    world.executable("dockerd", FAKE_DOCKERD)
    command = f"trap 'exit 42' {number.name[3:]}; echo ready; while :; do sleep 0.05; done"
    process = world.popen("engine.sh", "with", "--", "sh", "-c", command)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    pid = world.dockerd_pid()
    process.send_signal(number)
    assert world.finish(process).returncode == 42
    assert not is_alive(pid)


def test_with_lets_the_command_have_ctrl_c(world: World) -> None:
    """INT is not ignored in the command, as a shell's background children would have it."""
    world.program("apt-get", "exit 0")
    world.executable("dockerd", FAKE_DOCKERD)
    program = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert world.engine("with", "--", "python3", "-c", program).stdout == "True\n"


# --- apt.sh ---


def test_packages_are_installed_without_reading_the_lists_again(world: World) -> None:
    """The lists are only fetched where the installation fails without."""
    world.program("apt-get", "exit 0")
    assert world.finish(world.popen("apt.sh", "python3-venv")).returncode == 0
    assert [call.split()[0] for call in world.called("apt-get")] == ["install"]


def test_old_lists_are_read_again(world: World) -> None:
    """A package that is not found is looked for in new lists, even if some of them could not be had."""
    world.program("apt-get", f"[ $1 = update ] && {{ touch {world.run}/fresh; exit 100; }}; [ -e {world.run}/fresh ]")
    assert world.finish(world.popen("apt.sh", "python3-venv")).returncode == 0
    assert [call.split()[0] for call in world.called("apt-get")] == ["install", "update", "install"]


def test_only_root_installs_packages(world: World) -> None:
    """Status 3 tells the caller that it's not ours to do."""
    world.program("apt-get", "exit 0")
    world.program("id", "echo 1000")
    assert world.finish(world.popen("apt.sh", "python3-venv")).returncode == 3
    assert world.called("apt-get") == []
