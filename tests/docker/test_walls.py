"""The walls of a sandbox, each looked at from inside: one test per promise."""

import asyncio
import re
import socket
from dataclasses import replace

import docker
import pytest
import pytest_asyncio
from contract.sandbox_contract import KEPT, MIB, SPEC, execute, program, run
from docker_helpers import WORKER, Opener

from codecraft_server.docker.create import container_name
from codecraft_server.sandbox import EndReason, Sandbox, SandboxSpec

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

DEBIAN = replace(SPEC, image="codecraft/debian:1", shell=b"/bin/bash")  # noqa: S604 - `shell` is a path in the sandbox
ROOT = replace(DEBIAN, root_user=True)
WRITABLE = replace(DEBIAN, writable_rootfs=True)
NETWORK = replace(DEBIAN, network=True)
EMPTY_SET = "0000000000000000"


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(opened: Opener) -> Sandbox:
    """An agent's sandbox with the usual tools."""
    return await opened(DEBIAN)


async def text(sandbox: Sandbox, line: str, timeout_s: float = 10.0) -> str:
    """What a line prints, both streams."""
    return (await run(sandbox, line.encode(), timeout_s=timeout_s)).text().decode()


async def status(sandbox: Sandbox, name: str) -> str:
    """A field of the agent's own /proc/self/status."""
    found = re.search(rf"^{name}:[ \t]*(.*)$", await text(sandbox, "cat /proc/self/status"), re.MULTILINE)
    assert found is not None
    return found[1].strip()


# Who the agent is


async def test_the_agent_is_not_root(sandbox: Sandbox) -> None:
    """The agent is uid and gid 1000 in every respect, without further groups."""
    assert (await status(sandbox, "Uid")).split() == ["1000"] * 4
    assert (await status(sandbox, "Gid")).split() == ["1000"] * 4
    assert await status(sandbox, "Groups") in {"", "1000"}


@pytest.mark.parametrize("kind", ["Inh", "Prm", "Eff", "Bnd", "Amb"])
async def test_the_agent_has_no_capability(sandbox: Sandbox, kind: str) -> None:
    """Every capability set of the agent is empty, the bounding set too."""
    assert await status(sandbox, f"Cap{kind}") == EMPTY_SET


async def test_a_root_agent_has_no_capability_that_was_not_declared(opened: Opener) -> None:
    """Root in a sandbox is uid 0 and has exactly what its task declares."""
    bare = await opened(ROOT, "bare")
    assert (await status(bare, "Uid")).split() == ["0"] * 4
    assert [await status(bare, f"Cap{kind}") for kind in ("Eff", "Prm", "Bnd")] == [EMPTY_SET] * 3
    raw = await opened(replace(ROOT, capabilities=("CHOWN",)), "raw")
    assert [await status(raw, f"Cap{kind}") for kind in ("Eff", "Prm", "Bnd")] == ["0000000000000001"] * 3


async def test_no_program_gives_new_rights(sandbox: Sandbox) -> None:
    """No-new-privileges is set, so that setuid programs give nothing."""
    assert await status(sandbox, "NoNewPrivs") == "1"
    assert (await run(sandbox, b"/usr/bin/mount -t tmpfs none /tmp")).end.exit_code != 0
    assert "must be superuser" in await text(sandbox, "/usr/bin/umount /tmp; /usr/bin/mount -t tmpfs none /tmp")


async def test_system_calls_are_filtered(sandbox: Sandbox) -> None:
    """The engine's default seccomp filter is in force: a new user namespace is refused."""
    assert await status(sandbox, "Seccomp") == "2"
    assert (await run(sandbox, b"unshare --user true")).end.exit_code != 0


async def test_the_agent_is_killed_before_the_guest(sandbox: Sandbox) -> None:
    """The agent's processes have an oom_score_adj of 500, the guest has 0."""
    assert await text(sandbox, "cat /proc/self/oom_score_adj /proc/1/oom_score_adj") == "500\n0\n"


# What it can write


async def test_the_root_file_system_is_read_only(sandbox: Sandbox) -> None:
    """Nothing outside the writable mounts can be written, whoever tries."""
    mounted = await text(sandbox, "grep ' / ' /proc/self/mounts")
    assert re.search(r" / \S+ ro[, ]", mounted)
    for path in ("/etc/x", "/usr/bin/x", "/var/x", "/x", "/root/x"):
        assert (await run(sandbox, f"touch {path}".encode())).end.exit_code != 0, path


@pytest.mark.parametrize("path", ["/workspace", "/tmp", "/home/agent", "/dev/shm"])  # noqa: S108 - in the sandbox
async def test_some_directories_are_writable(sandbox: Sandbox, path: str) -> None:
    """Working directory, /tmp, home and /dev/shm can be written, are nosuid and nodev, and start empty."""
    assert (await run(sandbox, f"touch {path}/x && rm {path}/x".encode())).end.exit_code == 0
    options = (await text(sandbox, f"grep ' {path} ' /proc/self/mounts")).split()[3].split(",")
    assert {"rw", "nosuid", "nodev"} <= set(options)
    assert await text(sandbox, f"ls -A {path}") == ""


async def test_programs_of_ones_own_can_be_run(sandbox: Sandbox) -> None:
    """What the agent writes in its working directory and in /tmp can be executed."""
    for path in ("/workspace/p", "/tmp/p"):  # noqa: S108 - in the sandbox
        assert await text(sandbox, f"printf '#!/bin/sh\\necho ran' >{path} && chmod +x {path} && {path}") == "ran\n"


async def test_the_disk_is_bounded(sandbox: Sandbox) -> None:
    """All writable mounts together hold no more than the task's disk, and say so when full."""
    fill = "for d in /workspace /tmp /home/agent /dev/shm; do head -c 1G /dev/zero >$d/big 2>/dev/null; stat -c %s $d/big; done"
    sizes = [int(line) for line in (await text(sandbox, fill)).split()]
    assert len(sizes) == 4
    assert min(sizes) > 0
    assert 0.9 * SPEC.limits.disk_bytes < sum(sizes) <= SPEC.limits.disk_bytes
    assert "No space left" in await text(sandbox, "echo more >/workspace/more")


async def test_the_number_of_files_is_bounded(sandbox: Sandbox) -> None:
    """Empty files use up a mount too."""
    done = await run(sandbox, b"cd /tmp && seq 1 100000 | xargs touch 2>&1 | tail -1", timeout_s=30)
    assert b"No space left" in done.text()


async def test_a_writable_root_file_system_is_writable(opened: Opener) -> None:
    """Where the task asks for it, everything its user may write can be written."""
    sandbox = await opened(replace(WRITABLE, root_user=True, capabilities=("DAC_OVERRIDE",)))
    assert (await run(sandbox, b"touch /etc/x /usr/bin/x /root/x")).end.exit_code == 0


async def test_the_guest_cant_be_changed(opened: Opener) -> None:
    """The guest's volume is mounted read-only, for root with DAC_OVERRIDE too."""
    sandbox = await opened(replace(WRITABLE, root_user=True, capabilities=("DAC_OVERRIDE",)))
    for line in ("touch /.codecraft/more", "rm -f /.codecraft/codecraft-guest", "chmod 777 /.codecraft/codecraft-guest"):
        assert "Read-only file system" in await text(sandbox, line), line


# What it can see


async def test_there_is_no_docker_socket(sandbox: Sandbox) -> None:
    """No socket of the engine is anywhere in the sandbox."""
    assert await text(
        sandbox, "find / -xdev -name '*docker*.sock' -o -xdev -name '*containerd*.sock' 2>/dev/null; ls /var/run/docker.sock"
    ) == ("ls: cannot access '/var/run/docker.sock': No such file or directory\n")


async def test_no_path_of_the_operators_is_mounted(sandbox: Sandbox) -> None:
    """Besides the guest's volume, the one with the image's /etc and the host name, which the engine makes, nothing is mounted."""
    mounts = [line.split()[:3] for line in (await text(sandbox, "cat /proc/self/mounts")).splitlines()]
    disks = {target for source, target, _ in mounts if source.startswith("/")}
    assert disks == {"/.codecraft", "/etc", "/etc/hostname"}


async def test_the_guest_cant_be_looked_into_by_root(opened: Opener) -> None:
    """A root agent can neither read the guest's memory and environment nor open its descriptors."""
    sandbox = await opened(ROOT)
    for path in ("mem", "environ", "fd/0", "fd/1", "maps"):
        assert (await run(sandbox, f"head -c 1 /proc/1/{path}".encode())).end.exit_code != 0, path
    assert (await run(sandbox, b"echo x >/proc/1/fd/1")).end.exit_code != 0


async def test_other_processes_of_the_host_are_not_seen(sandbox: Sandbox) -> None:
    """The sandbox has a process table of its own, in which the guest is number 1."""
    names = (await text(sandbox, "cat /proc/[0-9]*/comm")).split()
    assert set(names) <= {"codecraft-guest", "exe", "bash", "cat"}  # exe: the guest's own, one per session
    assert (await text(sandbox, "cat /proc/1/comm")).strip() == "codecraft-guest"


async def test_the_host_has_no_name_here(sandbox: Sandbox) -> None:
    """The host name is the same everywhere and not the host's."""
    assert await text(sandbox, "cat /proc/sys/kernel/hostname") == "sandbox\n"
    assert socket.gethostname() != "sandbox"


async def test_the_environment_says_nothing_of_the_host(sandbox: Sandbox) -> None:
    """Variables are those of the image, the task and the shell."""
    names = {line.partition("=")[0] for line in (await text(sandbox, "env")).splitlines()}
    assert {"PATH", "HOME", "LANG"} <= names
    assert not {name for name in names if "DOCKER" in name or "CODECRAFT" in name}


# The network


async def test_there_is_no_network_from_the_first_moment(sandbox: Sandbox) -> None:
    """The very first command finds no interface but loopback and no route."""
    assert await text(sandbox, "ls /sys/class/net; tail -n +2 /proc/net/route") == "lo\n"


@pytest.mark.parametrize("spec", [DEBIAN, WRITABLE], ids=["read-only", "writable"])
async def test_nobody_outside_can_be_reached(opened: Opener, spec: SandboxSpec) -> None:
    """A connection to the host or beyond is refused at once."""
    sandbox = await opened(spec)
    for address in ("172.17.0.1", "1.1.1.1", "169.254.169.254"):
        attempt = f"import socket; s = socket.socket(); s.settimeout(3); s.connect(('{address}', 53))"
        assert "Network is unreachable" in await text(sandbox, f'python3 -c "{attempt}"'), address


@pytest.mark.parametrize("spec", [SPEC, DEBIAN, WRITABLE, NETWORK], ids=["busybox", "read-only", "writable", "network"])
async def test_localhost_resolves_and_works(opened: Opener, spec: SandboxSpec) -> None:
    """`localhost` is 127.0.0.1, with whatever kind of network, and a server there can be reached."""
    sandbox = await opened(spec)
    assert "127.0.0.1" in await text(sandbox, "grep -w localhost /etc/hosts")
    if spec is not SPEC:
        serve = "import socket; s = socket.create_server(('localhost', 0)); c = socket.create_connection(s.getsockname()); print('reached')"
        assert await text(sandbox, f'python3 -c "{serve}"') == "reached\n"


async def test_a_network_is_there_where_asked_for(opened: Opener) -> None:
    """Where task and operator agree there is an interface besides loopback."""
    assert "eth0" in (await text(await opened(NETWORK), "ls /sys/class/net")).split()


# How much it can use


async def test_processes_are_bounded(sandbox: Sandbox) -> None:
    """A fork bomb ends at the task's limit, the guest lives, and the next command runs."""
    await run(sandbox, b"bomb() { bomb | bomb & }; bomb; sleep 1", timeout_s=3.0)
    await sandbox.kill_all()
    done = await run(sandbox, b"for i in $(seq 1 300); do sleep 5 & done 2>&1; echo still here", timeout_s=20.0)
    assert b"Resource temporarily unavailable" in done.text() or done.end.reason is not EndReason.EXITED
    await sandbox.kill_all()
    assert await text(sandbox, "echo on") == "on\n"


async def test_memory_is_bounded(sandbox: Sandbox) -> None:
    """A program that takes more than the task's memory is killed, and that is told as its cause."""
    done = await run(sandbox, b"python3 -c 'x = bytearray(1 << 30)'", timeout_s=20.0)
    assert done.end.reason is EndReason.OUT_OF_MEMORY
    assert await text(sandbox, "echo on") == "on\n"


async def test_files_count_as_memory(opened: Opener) -> None:
    """What lies in the writable mounts is charged to the sandbox, so that disk is no second memory."""
    sandbox = await opened(replace(DEBIAN, limits=replace(SPEC.limits, memory_bytes=128 * MIB, disk_bytes=64 * MIB)))
    line = "head -c 30M /dev/zero >/workspace/big; python3 -c 'x = bytearray(110 << 20)'; echo $?"
    assert (await text(sandbox, line, timeout_s=20.0)).strip().splitlines()[-1] in {"137", "1"}


async def test_files_have_no_extended_attributes(opened: Opener) -> None:
    """A list of access rights takes memory of the host that no limit counts; root is refused one too, in sessions and in checks."""
    line = "import os; os.setxattr('/tmp', 'system.posix_acl_access', b'')"
    for spec in (DEBIAN, ROOT):
        sandbox = await opened(spec, "root" if spec is ROOT else "agent")
        command = f'/usr/bin/python3 -c "{line}" 2>&1'
        assert "Operation not supported" in await text(sandbox, command)
        assert b"Operation not supported" in (await execute(sandbox, program(command.encode()))).text()
    assert await text(sandbox, "touch /tmp/a && cp -a /tmp/a /tmp/b && echo copied") == "copied\n"


async def test_processor_time_is_bounded(opened: Opener) -> None:
    """Two busy processes on half a processor get half a processor together."""
    sandbox = await opened(replace(DEBIAN, limits=replace(SPEC.limits, cpus=0.5)))
    done = await run(sandbox, b"timeout 2 sh -c 'while :; do :; done' & timeout 2 sh -c 'while :; do :; done' & wait", timeout_s=20.0)
    assert done.end.usage.cpu_s is not None
    assert done.end.usage.cpu_s < 0.75 * done.end.wall_s


async def test_no_core_is_dumped_and_descriptors_are_bounded(sandbox: Sandbox) -> None:
    """The limits on core files and on open files stand and can't be raised."""
    assert await text(sandbox, "ulimit -c; ulimit -Hc; ulimit -Hn") == "0\n0\n16384\n"


# What the engine was told


async def test_the_container_is_marked_and_logs_nothing(sandbox: Sandbox, engine_client: docker.DockerClient) -> None:
    """Labels say whose it is and for what, nothing is logged, nothing is published, and it goes with its guest."""
    made = await asyncio.to_thread(lambda: engine_client.containers.get(container_name(WORKER, sandbox.name)).attrs)
    labels, host = made["Config"]["Labels"], made["HostConfig"]
    assert {"codecraft.owner", "codecraft.place", "codecraft.expires", "codecraft.name", "codecraft.role"} <= set(labels)
    assert labels["codecraft.episode"] == "one"
    assert (host["LogConfig"]["Type"], host["AutoRemove"], host["Privileged"]) == ("none", True, False)
    assert (made["Config"]["Tty"], made["Config"]["OpenStdin"], made["Config"]["StdinOnce"]) == (False, True, False)
    assert made["NetworkSettings"]["Ports"] == {}


# The guest


async def test_the_guest_survives_every_signal_of_root(opened: Opener) -> None:
    """A root agent that may kill anything can't bring PID 1 down, by any signal there is."""
    sandbox = await opened(replace(ROOT, capabilities=("KILL",)))
    await run(sandbox, b"for s in $(seq 1 64); do kill -$s 1 2>/dev/null; done", timeout_s=10.0)
    await asyncio.sleep(0)
    assert await text(sandbox, "echo on") == "on\n"
    assert (await execute(sandbox, program(b"echo beside"))).text() == b"beside\n"


async def test_a_grader_is_somebody_else(sandbox: Sandbox) -> None:
    """A program run as another user is that user, without capabilities, and the agent can't read its hidden directory."""
    shown = await execute(sandbox, program(b"id -u; grep CapEff /proc/self/status; stat -c %a:%u $CHECK_DIR", uid=1001, hidden_dir=True))
    assert shown.text().decode().split() == ["1001", "CapEff:", EMPTY_SET, "700:1001"]


async def test_graded_output_is_kept_in_bounds(sandbox: Sandbox) -> None:
    """A check that prints without end is ended at its bound, with head and tail kept."""
    done = await execute(sandbox, program(b"yes", output=replace(KEPT, kept=1000, max_output=1_000_000)))
    assert done.end.reason is EndReason.OUTPUT_LIMIT
    assert sum(len(output.data) for output in done.outputs) <= 1000
