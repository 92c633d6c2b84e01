"""What a server is, may do and has left. Values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server can do beyond the contract's core; `writable_rootfs_bounded`: the disk of writable sandboxes has a limit."""

    network: bool
    root_user: bool
    writable_rootfs_bounded: bool
    runtime: str


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Bounds that hold for every episode of a server; the schema says what each means."""

    episodes: int
    queued_resets: int
    episode_lease_s: float
    reattach_grace_s: float
    result_kept_s: float
    resume_window_bytes: int
    gradings: int
    work_kept_s: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """What of a server is in use."""

    episodes: int
    queued_resets: int
    warm_sandboxes: int
    gradings: int
    queued_gradings: int


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a server is, may do and has left. Digests are SHA-256 in hex."""

    server_version: str
    protocol_version: int
    guest_digest: str
    worker: str
    capabilities: Capabilities
    limits: ServerLimits
    capacity: Capacity
    catalog_digest: str
    task_count: int
