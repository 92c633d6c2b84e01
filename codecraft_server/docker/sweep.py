"""Removing what servers left that are no more: containers whose owner is dead or, where that can't be seen, which have expired.

Owns the decision and the doing. Must not know sandboxes that live. The watchdog, the link lease and AutoRemove take
nearly everything before a sweep does; it is for engines that were down and for machines that went away.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import docker
import docker.errors

from codecraft_server.docker import create, volume
from codecraft_server.docker.engine import Engine
from codecraft_server.docker.owner import Alive, Place

_CONFLICT = 409
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep did: names of containers and volumes removed, containers of ours left alone, and what could not be removed."""

    containers: tuple[str, ...]
    volumes: tuple[str, ...]
    left: int
    failed: tuple[str, ...]


def is_abandoned(labels: dict[str, str], alive: Callable[[str, str], Alive], now: float) -> bool:
    """Whether anybody may remove a container with these labels: never a living owner's; one whose owner can't be seen when expired."""
    if labels.get(create.LABEL) != "1":
        return False
    state = alive(labels.get(create.OWNER_LABEL, ""), labels.get(create.PLACE_LABEL, ""))
    if state is Alive.UNKNOWN:
        expiry = labels.get(create.EXPIRY_LABEL, "")
        return expiry.isdecimal() and int(expiry) < now
    return state is Alive.NO


def remove(client: docker.DockerClient, container: str) -> None:
    """Remove a container in whatever state. One that is gone or going is as good as removed. Blocks; APIError where it can't be."""
    try:
        client.api.remove_container(container, force=True, v=True)
    except docker.errors.APIError as error:
        if error.status_code == _NOT_FOUND or (error.status_code == _CONFLICT and "already in progress" in str(error.explanation)):
            return
        raise


def owned_by(client: docker.DockerClient, owner: str) -> list[str]:
    """Ids of all containers of an owner, in whatever state. Blocks."""
    filters = {"label": [f"{create.LABEL}=1", f"{create.OWNER_LABEL}={owner}"]}
    return [str(found["Id"]) for found in client.api.containers(all=True, filters=filters)]


def sweep_now(client: docker.DockerClient, place: Place, kept_volumes: frozenset[str]) -> SweepReport:
    """See `sweep`. Blocks."""
    removed, failed, left = [], [], 0
    for found in client.api.containers(all=True, filters={"label": [f"{create.LABEL}=1"]}):
        if not is_abandoned(found.get("Labels") or {}, place.alive, time.time()):
            left += 1
            continue
        name = _name(found)
        try:
            remove(client, found["Id"])
            removed.append(name)
        except docker.errors.APIError as error:
            failed.append(f"{name}: {' '.join(str(error.explanation).split())}")
    volumes = volume.collect(client, kept_volumes)
    return SweepReport(tuple(removed), tuple(volumes), left, tuple(failed))


def _name(found: dict[str, Any]) -> str:
    names = found.get("Names") or [found["Id"][:12]]
    return str(names[0]).lstrip("/")


async def sweep(engine: Engine, place: Place, kept_volumes: frozenset[str] = frozenset()) -> SweepReport:
    """Remove abandoned containers, and volumes of ours but `kept_volumes` that serve nobody any more. Raises EngineUnavailableError."""
    return await engine.call(lambda client: sweep_now(client, place, kept_volumes))
