"""The floors of the engine: what `docker exec`, a bare shell on an attach stream, and create + start cost without us."""

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import docker
from docker.types import LogConfig

IMAGE = "codecraft/busybox:1"
_END = b"the-end-of-it"
_CHUNK = 1 << 20
_TAIL = 64


@contextlib.contextmanager
def engine() -> Iterator[docker.DockerClient]:
    """The engine that docker-py finds."""
    client = docker.from_env()
    try:
        yield client
    finally:
        client.close()


@contextlib.contextmanager
def container(client: docker.DockerClient, *command: str, **options: Any) -> Iterator[Any]:
    """A started container that is removed afterwards."""
    made = _create(client, *command, **options)
    try:
        made.start()
        yield made
    finally:
        made.remove(force=True)


def _create(client: docker.DockerClient, *command: str, **options: Any) -> Any:
    network = {"network_mode": "none"} if options.pop("own_network", False) else {"network_disabled": True}
    return client.containers.create(
        IMAGE, list(command), **network, log_config=LogConfig(type="none"), mem_limit="256m", memswap_limit="256m", **options
    )


def create_and_start(client: docker.DockerClient, *, own_network: bool) -> float:
    """Seconds that the engine needs to create and start a container; its removal is not counted.

    `own_network`: with the network `none`, which the engine sets up as it does any network; else with networking disabled, which is faster.
    """
    began = time.perf_counter()
    made = _create(client, "sleep", "600", own_network=own_network)
    try:
        made.start()
        return time.perf_counter() - began
    finally:
        made.remove(force=True)


def exec_true(running: Any) -> float:
    """Seconds of one `docker exec` of `true`, as docker-py's users do it."""
    began = time.perf_counter()
    running.exec_run("true")
    return time.perf_counter() - began


class AttachedShell:
    """A plain shell as process 1 of a container, spoken to over one hijacked attach stream, with nothing around it."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._container = _create(client, "sh", stdin_open=True)
        stream = client.api.attach_socket(self._container.id, {"stdin": 1, "stdout": 1, "stream": 1})
        self._stream = stream
        self._socket: socket.socket = getattr(stream, "_sock", stream)
        self._socket.settimeout(60)
        self._container.start()

    def run(self, command: bytes) -> tuple[float, int]:
        """Seconds and bytes until the shell has come to the end of a command."""
        began = time.perf_counter()
        self._socket.sendall(command + b"; echo " + _END + b"\n")
        total, tail = 0, b""
        while _END not in tail:
            data = self._socket.recv(_CHUNK)
            if not data:
                raise ConnectionError("the attached shell has ended")
            total += len(data)
            tail = (tail + data[-_TAIL:])[-_TAIL:]
        return time.perf_counter() - began, total

    def close(self) -> None:
        """Remove it."""
        self._stream.close()
        self._container.remove(force=True)


@contextlib.contextmanager
def attached_shell(client: docker.DockerClient) -> Iterator[AttachedShell]:
    """One that is removed afterwards."""
    shell = AttachedShell(client)
    try:
        yield shell
    finally:
        shell.close()


def memory_bytes(client: docker.DockerClient, container_id: str) -> int:
    """Memory that a container is charged with, without the page cache that the kernel may take back."""
    usage = client.api.stats(container_id, stream=False)["memory_stats"]
    details = usage.get("stats", {})
    return int(usage["usage"]) - int(details.get("total_inactive_file", details.get("inactive_file", 0)))
