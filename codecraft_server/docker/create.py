"""What a sandbox's container is made with: its walls, limits, mounts and labels. Pure; the tests of the promises are in tests/docker.

Owns every choice of isolation (docs/guest-protocol.md and the Engine API, "Create a container"). Must not know links, pools or episodes.
"""

import math
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codecraft_server.docker.frames import pack_bytes
from codecraft_server.errors import SandboxStartError
from codecraft_server.sandbox import SandboxSpec

LABEL = "codecraft.sandbox"  # "1" on every container of ours
OWNER_LABEL = "codecraft.owner"  # the server instance
PLACE_LABEL = "codecraft.place"  # where that instance can be seen to be alive
EXPIRY_LABEL = "codecraft.expires"  # seconds since 1970
NAME_LABEL = "codecraft.name"
ROLE_LABEL = "codecraft.role"
LIFE_S = 24 * 3600.0  # a sandbox whose owner nobody can see may be removed after this

HOST_NAME = "sandbox"
GUEST_DIRECTORY = "/.codecraft"
GUEST_PROGRAM = "codecraft-guest"
GUEST_CAPABILITIES = ("KILL", "SETUID", "SETGID", "CHOWN", "DAC_OVERRIDE", "FOWNER", "SETPCAP")
FORBIDDEN_CAPABILITIES = frozenset({"SYS_PTRACE", "SYS_ADMIN"})

AGENT_UID = 1000
HOME = "/home/agent"
PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_MAX_DESCRIPTORS = 16_384  # enough for any build or server; kernel memory for them is charged to the sandbox
_BYTES_PER_INODE = 4096  # small files: a tmpfs holds no more of them than it has pages
# Memory that no process holds is not given back when all processes are killed: with it an agent could have its guest killed instead of
# being graded, or have its grading take long. So a segment goes with the last process that has it, queues hold 256 KiB in all and no more
# than 16 MiB of messages that are empty, and 8000 semaphores half a MiB (sysvipc(7), 64 bytes each).
_SYSCTLS = {"kernel.shm_rmid_forced": "1", "kernel.msgmni": "16", "kernel.sem": "250 8000 100 64"}
_SHARES = {"/tmp": 0.25, HOME: 0.125, "/dev/shm": 0.125}  # noqa: S108 - mount points in the sandbox; the working directory has the rest


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose a container is: this server instance, where it runs, and the worker's name that begins all names."""

    worker: str
    owner: str
    place: str


@dataclass(frozen=True, slots=True)
class Tag:
    """What one container is called and for: its sandbox's name, "episode", "warm" or "filler", and labels of others."""

    name: str
    role: str
    labels: Mapping[str, str]


def container_name(worker: str, name: str) -> str:
    """The container's name: found again whatever happened in between. What the engine does not take in a name becomes a dash."""
    return _NOT_IN_NAMES.sub("-", f"codecraft-{worker}-{name}")


def labels(mark: Mark, tag: Tag, now: float) -> dict[str, str]:
    """What a container says of itself; ours win over others'."""
    ours = {
        LABEL: "1",
        OWNER_LABEL: mark.owner,
        PLACE_LABEL: mark.place,
        NAME_LABEL: tag.name,
        ROLE_LABEL: tag.role,
        EXPIRY_LABEL: str(int(now + LIFE_S)),
    }
    return {f"codecraft.{key}": value for key, value in tag.labels.items()} | ours


def tmpfs_sizes(spec: SandboxSpec) -> dict[str, int]:
    """The writable mounts of a sandbox and their sizes, in bytes; they add up to at most `disk_bytes`."""
    working_dir = posixpath.normpath(spec.working_dir.decode("utf-8", "surrogateescape"))
    shm = int(spec.limits.disk_bytes * _SHARES["/dev/shm"])  # noqa: S108 - as above
    if spec.writable_rootfs:
        return {"/dev/shm": shm}  # noqa: S108 - as above
    sizes = {path: int(spec.limits.disk_bytes * share) for path, share in _SHARES.items()}
    rest = spec.limits.disk_bytes - sum(sizes.values())
    below = next((path for path in sizes if working_dir == path or working_dir.startswith(f"{path}/")), None)
    sizes[below or working_dir] = sizes.get(below or "", 0) + rest
    return sizes


def _tmpfs_option(path: str, size: int) -> str:
    mode, uid = ("1777", 0) if path in {"/tmp", "/dev/shm"} else ("755", AGENT_UID)  # noqa: S108 - as above
    return f"rw,exec,nosuid,nodev,size={size},nr_inodes={max(256, size // _BYTES_PER_INODE)},mode={mode},uid={uid},gid={uid}"


def check(spec: SandboxSpec) -> None:
    """Refuse what would make a hole or could never start. Raises SandboxStartError."""
    forbidden = FORBIDDEN_CAPABILITIES.intersection(name.removeprefix("CAP_") for name in spec.capabilities)
    if forbidden:
        raise SandboxStartError(f"no sandbox may have the capability {min(forbidden)}")
    if spec.capabilities and not spec.root_user:
        raise SandboxStartError("only a sandbox whose agent is root may have capabilities")
    working_dir = spec.working_dir
    if not working_dir.startswith(b"/") or not working_dir.strip(b"/"):
        raise SandboxStartError("the working directory must be an absolute path below /")
    if any(byte in working_dir for byte in b":,\0\n"):
        raise SandboxStartError("the working directory's path may not hold a colon, a comma, a line's end or a NUL")
    if 2 * spec.limits.disk_bytes > spec.limits.memory_bytes:
        raise SandboxStartError("disk must be at most half of memory, for it is memory")


def has_own_etc(spec: SandboxSpec) -> bool:
    """Whether a sandbox's /etc is a volume: it has no network, nobody can write there, and nothing is to be mounted within."""
    return not spec.network and not spec.writable_rootfs and not any(f"{path}/".startswith("/etc/") for path in tmpfs_sizes(spec))


def container_config(
    spec: SandboxSpec, image_id: str, volumes: Mapping[str, str], container_labels: Mapping[str, str], *, runtime: str, bounded_rootfs: bool
) -> dict[str, Any]:
    """The body of `POST /containers/create`.

    Args:
        spec: Of the sandbox.
        image_id: Of the image.
        volumes: Directories of the sandbox and the volumes to mount there.
        container_labels: See `labels`.
        runtime: The engine's name of one; "" for its default.
        bounded_rootfs: The storage driver can limit a writable root file system.
    """
    without_network = not spec.network and (spec.writable_rootfs or has_own_etc(spec))
    host_config = _host_config(spec, volumes, runtime, bounded_rootfs=bounded_rootfs)
    if not spec.network and not without_network:
        host_config["NetworkMode"] = "none"  # with it the engine mounts an /etc/hosts
    return {
        "Image": image_id,
        "Entrypoint": [f"{GUEST_DIRECTORY}/{GUEST_PROGRAM}", "init"],
        "Cmd": [],
        "Env": [],
        "User": "0:0",
        "WorkingDir": "/",
        "Hostname": HOST_NAME,
        "Labels": dict(container_labels),
        "Tty": False,
        "OpenStdin": True,
        "StdinOnce": False,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Healthcheck": {"Test": ["NONE"]},
        "NetworkDisabled": without_network,
        "HostConfig": host_config,
    }


def _host_config(spec: SandboxSpec, volumes: Mapping[str, str], runtime: str, *, bounded_rootfs: bool) -> dict[str, Any]:
    config: dict[str, Any] = {
        "AutoRemove": True,
        "LogConfig": {"Type": "none", "Config": {}},
        "Privileged": False,
        "CapDrop": ["ALL"],
        "CapAdd": sorted({*GUEST_CAPABILITIES, *(name.removeprefix("CAP_") for name in spec.capabilities)}),
        "SecurityOpt": ["no-new-privileges"],
        "IpcMode": "private",
        "Init": False,
        "ReadonlyRootfs": not spec.writable_rootfs,
        "Tmpfs": {path: _tmpfs_option(path, size) for path, size in tmpfs_sizes(spec).items()},
        "Sysctls": dict(_SYSCTLS),
        "Mounts": [
            {"Type": "volume", "Source": volume, "Target": target, "ReadOnly": True, "VolumeOptions": {"NoCopy": target == GUEST_DIRECTORY}}
            for target, volume in volumes.items()
        ],
        "Memory": spec.limits.memory_bytes,
        "MemorySwap": spec.limits.memory_bytes,
        "NanoCpus": math.ceil(spec.limits.cpus * 1e9),
        "PidsLimit": spec.limits.pids,
        "Ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": _MAX_DESCRIPTORS, "Hard": _MAX_DESCRIPTORS},
        ],
    }
    if runtime:
        config["Runtime"] = runtime
    if spec.writable_rootfs and bounded_rootfs:
        config["StorageOpt"] = {"size": str(spec.limits.disk_bytes)}
    return config


def configuration(spec: SandboxSpec, image_environment: Mapping[str, str], lease_s: float) -> dict[str, Any]:
    """The header of the guest's CONFIGURE."""
    uid = 0 if spec.root_user else AGENT_UID
    home = "/root" if spec.root_user and spec.writable_rootfs else HOME
    plain = {"PATH": PATH, "LANG": "C.UTF-8"}
    return {
        "agent": {
            "uid": uid,
            "gid": uid,
            "groups": [],
            "capabilities": [name.removeprefix("CAP_") for name in spec.capabilities],
            "home_b64": pack_bytes(home.encode()),
            "name": "root" if spec.root_user else "agent",
        },
        "shell_b64": pack_bytes(spec.shell),
        "working_dir_b64": pack_bytes(spec.working_dir),
        "env": plain | dict(image_environment) | dict(spec.environment),
        "roots": [
            _root(b"/tmp", 0o1777, 0),
            _root(home.encode(), 0o755, uid),
            _root(spec.working_dir, 0o755, uid),
        ],
        "hosts": not spec.network and spec.writable_rootfs,
        "lease_ms": int(lease_s * 1000),
    }


def _root(path: bytes, mode: int, uid: int) -> dict[str, Any]:
    return {"path_b64": pack_bytes(path), "mode": mode, "uid": uid, "gid": uid}
