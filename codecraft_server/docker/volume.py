"""Volumes that containers share, filled once per engine and mounted read-only: one with the guest, and for each image its /etc.

Owns finding the guest's binary and filling volumes. Must not know sandboxes. Filling is serialised per engine by a container of a fixed
name that is never started: the engine makes a name once. The last file that is written says that a volume is whole, so that what a crashed
server left half-filled is seen and filled again; a whole one is never touched.

The engine mounts an /etc/hosts only where it sets up a network, which takes more than half of a start even if that is the network `none`;
and into a read-only root file system nobody can write one. So such sandboxes have no network of the engine's, and an /etc that is the
image's with the names of a machine without a network.
"""

import contextlib
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

from codecraft_server.docker.create import GUEST_DIRECTORY, GUEST_PROGRAM, HOST_NAME, LABEL, Mark, Tag, labels
from codecraft_server.docker.engine import create_container
from codecraft_server.errors import ConfigurationError, SandboxStartError

GUEST_PREFIX = "codecraft-guest-"
NAMES_PREFIX = "codecraft-etc-"
ETC = "/etc"
FILLER_ROLE = "filler"
_FILL_TIMEOUT_S = 60.0  # a filler older than this was left by a server that died
_POLL_S = 0.05
_CONFLICT = 409
_ID_LENGTH = 24  # of a digest, in names
_NAMES = (
    ("resolv.conf", b"", 0o644),
    ("hosts", f"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 {HOST_NAME}\n".encode(), 0o644),
)
_MACHINES = {"amd64": "amd64", "x86_64": "amd64", "arm64": "arm64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Filling:
    """What a volume is filled with, and where containers have it.

    Attributes:
        volume: Its name.
        target: The directory of containers.
        files: Name, content and mode, in the order in which they are written; the last one has content.
        beside: The image's own files in that directory come first.
    """

    volume: str
    target: str
    files: tuple[tuple[str, bytes, int], ...]
    beside: bool


@dataclass(frozen=True, slots=True)
class Guest:
    """The guest's binary for one architecture."""

    content: bytes
    digest: str  # SHA-256, hex

    @property
    def volume(self) -> str:
        """The name of the volume that holds it."""
        return f"{GUEST_PREFIX}{self.digest[:_ID_LENGTH]}"

    @property
    def filling(self) -> Filling:
        """What that volume is filled with."""
        files = ((GUEST_PROGRAM, self.content, 0o755), ("whole", self.digest.encode(), 0o444))
        return Filling(self.volume, GUEST_DIRECTORY, files, beside=False)


def names_volume(image_id: str) -> str:
    """The name of the volume with the /etc of this image (`sha256:…`)."""
    return f"{NAMES_PREFIX}{image_id.removeprefix('sha256:')[:_ID_LENGTH]}"


def names(image_id: str) -> Filling:
    """What that volume is filled with."""
    return Filling(names_volume(image_id), ETC, _NAMES, beside=True)


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


def fill(client: docker.DockerClient, filling: Filling, image_id: str, mark: Mark) -> None:
    """See to it that a volume exists and is whole. Blocks; safe to call from several servers at once.

    Raises:
        SandboxStartError: Others have been filling it for too long, or keep a broken one in use.
    """
    deadline = time.monotonic() + 2 * _FILL_TIMEOUT_S
    while not _fill(client, filling, image_id, mark):
        if time.monotonic() > deadline:
            raise SandboxStartError(
                f"the volume {filling.volume} could not be filled: another server has been at it for too long; `codecraft-server gc` helps"
            )
        time.sleep(_POLL_S)


def _fill(client: docker.DockerClient, filling: Filling, image_id: str, mark: Mark) -> bool:
    """Try to; False when that must be tried again."""
    is_new = not _exists(client, filling.volume)
    filler = _make_filler(client, filling, image_id, mark)
    if filler is None:
        return False
    try:
        done = _is_whole(filler, filling)
        if not done and (is_new or not filling.beside):
            filler.put_archive(filling.target, _archive(filling))
            done = True
    finally:
        filler.remove(force=True)
    if not done:  # it may lack some of the image's files, for the engine copies them into an empty volume only
        _drop(client, filling.volume)
    return done


def _exists(client: docker.DockerClient, volume: str) -> bool:
    try:
        client.volumes.get(volume)
    except docker.errors.NotFound:
        return False
    return True


def _drop(client: docker.DockerClient, volume: str) -> None:
    with contextlib.suppress(docker.errors.APIError):  # still in use, or just removed by somebody else
        client.volumes.get(volume).remove()


def _make_filler(client: docker.DockerClient, filling: Filling, image_id: str, mark: Mark) -> Any:
    """The container by which a volume is filled; None while another server has it."""
    name = f"{filling.volume}-{FILLER_ROLE}"
    options = {"NoCopy": not filling.beside, "Labels": {LABEL: "1"}}
    config = {
        "Image": image_id,
        "Entrypoint": [f"{GUEST_DIRECTORY}/{GUEST_PROGRAM}"],
        "Labels": labels(mark, Tag(name, FILLER_ROLE, {}), time.time()),
        "NetworkDisabled": True,
        "HostConfig": {"Mounts": [{"Type": "volume", "Source": filling.volume, "Target": filling.target, "VolumeOptions": options}]},
    }
    try:
        made = create_container(client, config, name)
    except docker.errors.APIError as error:
        if error.status_code != _CONFLICT:
            raise
        _remove_stale(client, name)
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


def _is_whole(filler: Any, filling: Filling) -> bool:
    name, content, _ = filling.files[-1]
    try:
        stream, found = filler.client.api.get_archive(filler.id, f"{filling.target}/{name}")
    except docker.errors.NotFound:
        return False
    stream.close()
    return bool(found["size"] == len(content))


def _archive(filling: Filling) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content, mode in filling.files:
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def collect(client: docker.DockerClient, kept: frozenset[str]) -> list[str]:
    """Remove volumes of other guests, and of images that are gone, if no container uses them; returns their names. Blocks."""
    images = {names_volume(str(image["Id"])) for image in client.api.images(all=True)}
    removed = []
    for volume in client.volumes.list():
        if not volume.name.startswith((GUEST_PREFIX, NAMES_PREFIX)) or volume.name in kept | images:
            continue
        try:
            volume.remove()
        except docker.errors.APIError:  # in use, or just removed by somebody else
            continue
        removed.append(volume.name)
    return removed
