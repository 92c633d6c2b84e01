"""The sandbox of a task and what bounds its episodes: the one place where limits get their defaults."""

from collections.abc import Mapping
from enum import Enum

from codecraft_server.curriculum import values
from codecraft_server.curriculum.documents import Node, did_you_mean
from codecraft_server.sandbox import Limits, SandboxSpec
from codecraft_server.settings import KIB, MIB, TaskDefaults
from codecraft_server.task import TaskLimits

KEYS = ("docker", "shell", "working_dir", "user", "capabilities", "rootfs", "network", "limits")

_LIMITS = ("steps", "episode_s", "command_s", "grading_s", "cpus", "memory_mb", "disk_mb", "pids", "output_kb")
_OUR_IMAGES = "codecraft/"
_WEEK_S = 7 * 24 * 3600.0
_MAX_OUTPUT_KB = 768  # a step's result is one message, and none is above 1 MiB
_LEAST_PIDS = 64  # the guest alone has about 50 threads
_FORBIDDEN = frozenset({"SYS_PTRACE", "SYS_ADMIN"})
_CAPABILITIES = (
    *("AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID"),
    *("IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM"),
)


class _User(Enum):
    AGENT = "agent"
    ROOT = "root"


class _Rootfs(Enum):
    READ_ONLY = "read-only"
    WRITABLE = "writable"


class _Network(Enum):
    NONE = "none"
    BRIDGE = "bridge"


def limits(node: Node | None, defaults: TaskDefaults) -> tuple[TaskLimits, Limits]:
    """Return what bounds the episode and what bounds its sandbox."""
    fields = {} if node is None else node.fields(_LIMITS)

    def seconds(key: str, default: float) -> float:
        return values.number(fields.get(key), default, least=0, most=_WEEK_S, above=True)

    def whole(key: str, default: int, least: int, most: int) -> int:
        return values.integer(fields.get(key), default, least=least, most=most)

    memory = whole("memory_mb", defaults.memory_mb, 16, 1024 * 1024)
    disk = whole("disk_mb", min(defaults.disk_mb, memory // 2), 1, 1024 * 1024)
    if disk > memory // 2:
        fields["disk_mb"].problem(f"must be at most half of memory_mb ({memory}): it is charged to memory")
    episode = TaskLimits(
        steps=whole("steps", defaults.steps, 1, 1_000_000),
        episode_s=seconds("episode_s", defaults.episode_s),
        command_s=seconds("command_s", defaults.command_s),
        grading_s=seconds("grading_s", defaults.grading_s),
        output_bytes=whole("output_kb", defaults.output_kb, 1, _MAX_OUTPUT_KB) * KIB,
    )
    cpus = values.number(fields.get("cpus"), defaults.cpus, least=0, most=1024, above=True)
    return episode, Limits(cpus, memory * MIB, disk * MIB, whole("pids", defaults.pids, _LEAST_PIDS, 1_000_000))


def spec(fields: Mapping[str, Node], bounds: Limits) -> SandboxSpec:
    """Return the sandbox. Images of others get a writable root file system, as in gym-codecraft; ours a read-only one."""
    image = _image(fields.get("docker"))
    root = values.choice(fields.get("user"), _User.AGENT) is _User.ROOT
    rootfs = _Rootfs.READ_ONLY if image.startswith(_OUR_IMAGES) else _Rootfs.WRITABLE
    return SandboxSpec(
        image=image,
        shell=_absolute(fields.get("shell"), "/bin/sh"),
        working_dir=_absolute(fields.get("working_dir"), "/workspace"),
        limits=bounds,
        root_user=root,
        capabilities=_capabilities(fields.get("capabilities"), root=root),
        writable_rootfs=values.choice(fields.get("rootfs"), rootfs) is _Rootfs.WRITABLE,
        network=values.choice(fields.get("network"), _Network.NONE) is _Network.BRIDGE,
    )


def _image(node: Node | None) -> str:
    image = values.text(node, most=512)
    if node is not None and any(character.isspace() for character in image):
        node.problem("must be an image's name without blanks")
    return image


def _absolute(node: Node | None, default: str) -> bytes:
    if node is None:
        return default.encode()
    path = values.path(node, node.value, absolute=True)
    if path == "/":
        node.problem("must not be the root directory")
    return path.encode(errors="replace")


def _capabilities(node: Node | None, *, root: bool) -> tuple[str, ...]:
    if node is None:
        return ()
    if not root:
        node.problem('only a task with "user": "root" has capabilities')
    names = values.names(node)
    for name, item in zip(names, node.items(len(names)), strict=False):
        plain = name.upper().removeprefix("CAP_")
        if plain in _FORBIDDEN:
            item.problem(f"no sandbox ever has {plain}")
        elif name not in _CAPABILITIES:
            item.problem(f"{name!r} is unknown{did_you_mean(plain, _CAPABILITIES)}")
    return tuple(sorted(names))
