"""How the guest gets into containers: a volume per content of its binary, filled once per engine, mounted read-only everywhere.

Owns finding the binary and filling the volume. Must not know sandboxes. Filling is serialised per engine by a container of a fixed
name that is never started: the engine makes a name once. The last file of the archive says that the first is whole, so that what a
crashed server left half-filled is seen and filled again; a whole one is never touched.
"""

import functools
import hashlib
import io
import tarfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
import docker.errors

from codecraft_server.docker.create import GUEST_DIRECTORY, GUEST_PROGRAM, LABEL, Mark, Tag, labels
from codecraft_server.docker.engine import create_container
from codecraft_server.errors import ConfigurationError, SandboxStartError

VOLUME_PREFIX = "codecraft-guest-"
FILLER_ROLE = "filler"
_WHOLE = "whole"  # the file that is written last
_FILL_TIMEOUT_S = 60.0  # a filler older than this was left by a server that died
_POLL_S = 0.05
_CONFLICT = 409
_MACHINES = {"amd64": "amd64", "x86_64": "amd64", "arm64": "arm64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Guest:
    """The guest's binary for one architecture."""

    content: bytes
    digest: str  # SHA-256, hex

    @property
    def volume(self) -> str:
        """The name of the volume that holds it."""
        return f"{VOLUME_PREFIX}{self.digest[:24]}"


@functools.cache
def guest_for(architecture: str) -> Guest:
    """The binary for an image's architecture. Blocks. ConfigurationError: it has not been built; SandboxStartError: there is none."""
    machine = _MACHINES.get(architecture)
    if machine is None:
        raise SandboxStartError(f"there is no guest for the image's architecture {architecture!r}; amd64 and arm64 are supported")
    path = _binaries() / f"codecraft-guest-linux-{machine}"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(f"the guest for {machine} has not been built; run `make guest`") from None
    return Guest(content, hashlib.sha256(content).hexdigest())


def _binaries() -> Path:
    package = Path(__file__).resolve().parent.parent
    in_wheel = package / "_guest"
    return in_wheel if in_wheel.is_dir() else package.parent / "guest" / "bin"


def fill(client: docker.DockerClient, guest: Guest, image_id: str, mark: Mark) -> None:
    """See to it that the guest's volume exists and is whole. Blocks; safe to call from several servers at once.

    Raises:
        SandboxStartError: Another server has been filling it for too long.
    """
    deadline = time.monotonic() + 2 * _FILL_TIMEOUT_S
    while (filler := _make_filler(client, guest, image_id, mark)) is None:
        if time.monotonic() > deadline:
            raise SandboxStartError(
                "the guest's volume could not be filled: another server has been at it for too long; `codecraft-server gc` helps"
            )
        time.sleep(_POLL_S)
    try:
        if not _is_whole(filler):
            filler.put_archive(GUEST_DIRECTORY, _archive(guest))
    finally:
        filler.remove(force=True)


def _filler_name(guest: Guest) -> str:
    return f"{guest.volume}-{FILLER_ROLE}"


def _make_filler(client: docker.DockerClient, guest: Guest, image_id: str, mark: Mark) -> Any:
    """The container by which the volume is filled; None while another server has it."""
    config = {
        "Image": image_id,
        "Entrypoint": [f"{GUEST_DIRECTORY}/{GUEST_PROGRAM}"],
        "Labels": labels(mark, Tag(_filler_name(guest), FILLER_ROLE, {}), time.time()),
        "NetworkDisabled": True,
        "HostConfig": {
            "Mounts": [{"Type": "volume", "Source": guest.volume, "Target": GUEST_DIRECTORY, "VolumeOptions": {"NoCopy": True}}]
        },
    }
    try:
        client.volumes.create(guest.volume, labels={LABEL: "1"})
        made = create_container(client, config, _filler_name(guest))
    except docker.errors.APIError as error:
        if error.status_code != _CONFLICT:
            raise
        _remove_stale(client, _filler_name(guest))
        return None
    return client.containers.get(made)


def _remove_stale(client: docker.DockerClient, name: str) -> None:
    try:
        other = client.containers.get(name)
        created = datetime.fromisoformat(other.attrs["Created"][:19]).replace(tzinfo=UTC)
        if (datetime.now(UTC) - created).total_seconds() > _FILL_TIMEOUT_S:
            other.remove(force=True)
    except docker.errors.NotFound:
        return


def _is_whole(filler: Any) -> bool:
    try:
        filler.client.api.get_archive(filler.id, f"{GUEST_DIRECTORY}/{_WHOLE}")[0].close()
    except docker.errors.NotFound:
        return False
    return True


def _archive(guest: Guest) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content, mode in ((GUEST_PROGRAM, guest.content, 0o755), (_WHOLE, guest.digest.encode(), 0o444)):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def collect(client: docker.DockerClient, kept: frozenset[str]) -> list[str]:
    """Remove volumes of other guests that no container uses; returns their names. Blocks."""
    removed = []
    for volume in client.volumes.list(filters={"name": VOLUME_PREFIX}):
        if not volume.name.startswith(VOLUME_PREFIX) or volume.name in kept:
            continue
        try:
            volume.remove()
        except docker.errors.APIError:  # in use, or just removed by somebody else
            continue
        removed.append(volume.name)
    return removed
