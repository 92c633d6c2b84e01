"""What a container is made with. That the engine keeps these promises is tested on real ones (tests/docker/test_walls.py)."""

from dataclasses import replace
from typing import Any

import pytest
from contract.sandbox_contract import SPEC
from each import each

from codecraft_server.docker import create
from codecraft_server.docker.create import Mark, Tag
from codecraft_server.errors import SandboxStartError
from codecraft_server.sandbox import SandboxSpec

MARK = Mark("w1", "owner1", "place1")
VOLUMES = {"/.codecraft": "guest", "/etc": "names"}
WRITABLE = replace(SPEC, writable_rootfs=True)
SPECS = {
    "agent": SPEC,
    "root": replace(SPEC, root_user=True, capabilities=("NET_RAW",)),
    "writable": WRITABLE,
    "network": replace(SPEC, network=True),
    "below tmp": replace(SPEC, working_dir=b"/tmp/work"),
    "home": replace(SPEC, working_dir=b"/home/agent"),
    "shm": replace(SPEC, working_dir=b"/dev/shm/x"),
}


def config(spec: SandboxSpec, **options: Any) -> dict[str, Any]:
    return create.container_config(spec, "sha256:1", VOLUMES, {}, **({"runtime": "", "bounded_rootfs": False} | options))


@each("spec", SPECS)
def test_the_walls_stand_whatever_the_task_asks_for(spec: SandboxSpec) -> None:
    """Every sandbox is unprivileged, limited, without host paths, logs and foreign namespaces, and goes when its guest goes."""
    host = config(spec)["HostConfig"]
    assert host["Privileged"] is False
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["CapDrop"] == ["ALL"]
    assert not create.FORBIDDEN_CAPABILITIES & set(host["CapAdd"])
    assert host["AutoRemove"] is True
    assert host["LogConfig"]["Type"] == "none"
    assert host["IpcMode"] == "private"
    assert host["Sysctls"].keys() == {"kernel.shm_rmid_forced", "kernel.msgmni", "kernel.sem"}
    assert host["Memory"] == host["MemorySwap"] == spec.limits.memory_bytes
    assert host["PidsLimit"] == spec.limits.pids
    assert host["NanoCpus"] == spec.limits.cpus * 1e9
    assert {mount["Target"]: mount["Source"] for mount in host["Mounts"]} == VOLUMES
    assert all(mount["Type"] == "volume" and mount["ReadOnly"] is True for mount in host["Mounts"])
    assert {"Name": "core", "Soft": 0, "Hard": 0} in host["Ulimits"]
    assert not {"Binds", "Devices", "PidMode", "UTSMode", "UsernsMode", "VolumesFrom", "PortBindings", "OomKillDisable"} & set(host)


def test_the_guest_has_exactly_its_capabilities() -> None:
    """Seven for an agent's sandbox, plus what the task declares for a root one."""
    seven = {"KILL", "SETUID", "SETGID", "CHOWN", "DAC_OVERRIDE", "FOWNER", "SETPCAP"}
    assert set(config(SPEC)["HostConfig"]["CapAdd"]) == seven
    assert set(config(SPECS["root"])["HostConfig"]["CapAdd"]) == seven | {"NET_RAW"}


@each("spec", SPECS)
def test_mounts_stay_within_the_disk(spec: SandboxSpec) -> None:
    """All writable tmpfs mounts together hold at most `disk_bytes`, and each is nosuid, nodev and bounded in files too."""
    host = config(spec)["HostConfig"]
    sizes = create.tmpfs_sizes(spec)
    assert sum(sizes.values()) <= spec.limits.disk_bytes
    assert sizes["/dev/shm"] > 0  # noqa: S108 - in the sandbox
    for path, options in host["Tmpfs"].items():
        assert {"nosuid", "nodev", "exec", f"size={sizes[path]}"} <= set(options.split(","))
        assert "nr_inodes=" in options


def test_a_read_only_sandbox_can_write_where_it_must() -> None:
    """Working directory, /tmp and home are writable mounts; one that lies in another is not mounted again."""
    assert set(config(SPEC)["HostConfig"]["Tmpfs"]) == {"/workspace", "/tmp", "/home/agent", "/dev/shm"}  # noqa: S108 - in the sandbox
    assert set(config(SPECS["below tmp"])["HostConfig"]["Tmpfs"]) == {"/tmp", "/home/agent", "/dev/shm"}  # noqa: S108 - in the sandbox
    assert config(SPEC)["HostConfig"]["ReadonlyRootfs"] is True
    assert config(WRITABLE)["HostConfig"]["ReadonlyRootfs"] is False
    assert config(WRITABLE)["HostConfig"]["Tmpfs"].keys() == {"/dev/shm"}  # noqa: S108 - in the sandbox


def test_the_engine_sets_up_a_network_only_where_it_must() -> None:
    """None is wanted: the guest writes /etc/hosts, or /etc is a volume; where something is mounted within it, the network `none` it is."""
    within = replace(SPEC, working_dir=b"/etc/work")
    kinds = {"agent": (True, None), "writable": (True, None), "network": (False, None), "within": (False, "none")}
    specs = {"agent": SPEC, "writable": WRITABLE, "network": SPECS["network"], "within": within}
    configs = {name: config(spec) for name, spec in specs.items()}
    assert {name: (made["NetworkDisabled"], made["HostConfig"].get("NetworkMode")) for name, made in configs.items()} == kinds
    assert [name for name, spec in specs.items() if create.has_own_etc(spec)] == ["agent"]
    assert [name for name, spec in specs.items() if create.configuration(spec, {}, 30)["hosts"]] == ["writable"]


def test_the_guest_is_all_that_is_started() -> None:
    """PID 1 is the guest as root on an open standard input, whatever the image says."""
    made = config(SPEC)
    assert (made["Entrypoint"], made["Cmd"], made["User"]) == (["/.codecraft/codecraft-guest", "init"], [], "0:0")
    assert (made["OpenStdin"], made["StdinOnce"], made["Tty"]) == (True, False, False)
    assert made["Healthcheck"] == {"Test": ["NONE"]}
    assert made["Hostname"] == "sandbox"


def test_runtime_and_layer_limit_only_where_wanted() -> None:
    """The runtime is named only when the operator did; a layer is limited only where the driver can."""
    assert "Runtime" not in config(SPEC)["HostConfig"]
    assert config(SPEC, runtime="runsc")["HostConfig"]["Runtime"] == "runsc"
    assert config(WRITABLE, bounded_rootfs=True)["HostConfig"]["StorageOpt"] == {"size": str(SPEC.limits.disk_bytes)}
    assert "StorageOpt" not in config(WRITABLE)["HostConfig"]


def test_labels_say_whose_and_until_when() -> None:
    """Owner, place, expiry, role and name are ours to say, whatever else is asked for."""
    labels = create.labels(MARK, Tag("e1", "episode", {"owner": "somebody", "episode": "e1"}), now=1000.5)
    assert labels == {
        "codecraft.sandbox": "1",
        "codecraft.owner": "owner1",
        "codecraft.place": "place1",
        "codecraft.name": "e1",
        "codecraft.role": "episode",
        "codecraft.episode": "e1",
        "codecraft.expires": str(1000 + 24 * 3600),
    }
    assert create.container_name("w1", "e1") == "codecraft-w1-e1"
    assert create.container_name("w/1", "é 1") == "codecraft-w-1---1"


HOLES = {
    "a forbidden capability": replace(SPEC, root_user=True, capabilities=("SYS_ADMIN",)),
    "the same by its long name": replace(SPEC, root_user=True, capabilities=("CAP_SYS_PTRACE",)),
    "capabilities for no root": replace(SPEC, capabilities=("NET_RAW",)),
    "a relative directory": replace(SPEC, working_dir=b"work"),
    "the root as directory": replace(SPEC, working_dir=b"/"),
    "options in a path": replace(SPEC, working_dir=b"/box:exec,suid"),
    "more disk than half of memory": replace(SPEC, limits=replace(SPEC.limits, disk_bytes=SPEC.limits.memory_bytes)),
}


@each("spec", HOLES)
def test_a_hole_is_refused(spec: SandboxSpec) -> None:
    """A spec that would weaken the walls never gets as far as the engine."""
    create.check(SPEC)
    with pytest.raises(SandboxStartError):
        create.check(spec)


def test_the_environment_of_the_image_is_kept_and_the_tasks_wins() -> None:
    """Variables come from the image, then from the task, with a PATH in any case."""
    spec = replace(SPEC, environment=(("B", "task"),))
    env = create.configuration(spec, {"A": "image", "B": "image"}, 30)["env"]
    assert (env["A"], env["B"]) == ("image", "task")
    assert "/bin" in env["PATH"].split(":")


def test_the_agent_is_configured_as_the_task_says() -> None:
    """Uid 1000 without capabilities, or root with the declared ones."""
    agent = create.configuration(SPEC, {}, 30)["agent"]
    assert (agent["uid"], agent["gid"], agent["groups"], agent["capabilities"], agent["name"]) == (1000, 1000, [], [], "agent")
    root = create.configuration(SPECS["root"], {}, 30)["agent"]
    assert (root["uid"], root["capabilities"], root["name"]) == (0, ["NET_RAW"], "root")
