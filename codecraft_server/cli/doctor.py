"""Finds out whether this machine can serve. Looks at everything, changes nothing, and names a remedy for each thing that is wrong."""

import asyncio
import platform
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from codecraft_server import curriculum
from codecraft_server.cli.commands import say, table
from codecraft_server.docker import image_base, images, volume
from codecraft_server.docker.engine import Engine
from codecraft_server.errors import CodecraftError, EngineUnavailableError
from codecraft_server.settings import Settings

_CLOSE_S = 5.0
_PYTHON = (3, 11)
_ENGINE = (20, 10)
_LIMITS = {"MemoryLimit": "memory", "PidsLimit": "processes", "CpuCfsQuota": "cpu"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and found; `remedy` empty: it is in order."""

    subject: str
    found: str
    remedy: str = ""


def run(settings: Settings) -> int:
    """Write a table of findings. 1 when something is wrong."""
    findings = list(_findings(settings))
    marks = [("ok" if not finding.remedy else "WRONG", finding.subject, finding.found) for finding in findings]
    for line, finding in zip(table(marks), findings, strict=True):
        say(line)
        if finding.remedy:
            say(f"       remedy: {finding.remedy}")
    return 1 if any(finding.remedy for finding in findings) else 0


def _findings(settings: Settings) -> Iterator[Finding]:
    yield _python()
    yield _curriculum(settings)
    yield _port(settings)
    try:
        facts, missing = asyncio.run(_look_at_engine())
    except EngineUnavailableError as error:
        yield Finding("engine", "does not answer", error.message)
        yield _guest(platform.machine())
        return
    yield _engine(facts)
    yield Finding("storage", f"driver {facts.get('Driver')}")
    yield _cgroup(facts)
    yield _runtime(facts, settings.sandbox.runtime)
    yield _guest(str(facts.get("Architecture")))
    yield _images(missing)


async def _look_at_engine() -> tuple[Mapping[str, Any], list[str]]:
    """What the engine says of itself, and which images of ours it lacks."""
    engine = Engine(threads=1)
    try:
        await engine.connect()
        facts: Mapping[str, Any] = await engine.call(lambda client: client.info())
        references = [recipe.reference for recipe in images.recipes().values()]
        missing = await engine.call(lambda client: [name for name in references if image_base.inspect(client, name) is None])
        return facts, missing
    finally:
        await engine.close(_CLOSE_S)


def _python() -> Finding:
    old = sys.version_info[:2] < _PYTHON
    return Finding("python", platform.python_version(), "use Python 3.11 or newer" if old else "")


def _curriculum(settings: Settings) -> Finding:
    try:
        catalog = curriculum.load(settings.curriculum, settings.defaults)
    except CodecraftError as error:
        return Finding("curriculum", "can't be used", error.message)
    return Finding("curriculum", f"{len(catalog.tasks)} tasks")


def _port(settings: Settings) -> Finding:
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return Finding("port", f"{where}: {error.strerror}", "stop what listens there, or choose another one with --listen HOST:PORT")
    return Finding("port", f"{where} is free")


def _engine(facts: Mapping[str, Any]) -> Finding:
    said = str(facts.get("ServerVersion", ""))
    numbers = tuple(int(part) for part in said.split(".")[:2] if part.isdecimal())
    found = f"Docker Engine {said}, {facts.get('OperatingSystem')}, {facts.get('Architecture')}"
    return Finding("engine", found, "install Docker Engine 20.10 or newer" if numbers and numbers < _ENGINE else "")


def _cgroup(facts: Mapping[str, Any]) -> Finding:
    lacking = [name for key, name in _LIMITS.items() if not facts.get(key)]
    found = f"version {facts.get('CgroupVersion', '1')}, driver {facts.get('CgroupDriver')}"
    if lacking:
        remedy = f"the kernel can't limit {', '.join(lacking)}; switch these controllers on (docs of the engine: `docker info` warnings)"
        return Finding("cgroup", found, remedy)
    return Finding("cgroup", found)


def _runtime(facts: Mapping[str, Any], wanted: str) -> Finding:
    there = sorted(facts.get("Runtimes") or {})
    if wanted and wanted not in there:
        return Finding("runtime", f"{wanted} is not known to the engine", f"choose one of {', '.join(there)} with --runtime, or install it")
    return Finding("runtime", wanted or f"{facts.get('DefaultRuntime')} (the engine's default)")


def _guest(architecture: str) -> Finding:
    try:
        guest = volume.guest_for(architecture)
    except CodecraftError as error:
        return Finding("guest", f"none for {architecture}", error.message)
    return Finding("guest", f"{architecture}, {len(guest.content)} bytes, {guest.digest[:12]}")


def _images(missing: list[str]) -> Finding:
    if missing:
        return Finding("images", f"missing: {', '.join(missing)}", "codecraft-server images")
    return Finding("images", ", ".join(recipe.reference for recipe in images.recipes().values()))
