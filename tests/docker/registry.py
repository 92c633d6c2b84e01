"""A real image registry on loopback, and an image in it that no engine has yet."""

import io
import os
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
import docker.errors
import pytest
from docker_helpers import remove_etc

LAYER_BYTES = 3 * 1024 * 1024  # large enough that the engine reports progress within a layer
START_WITHIN_S = 20.0


def registry_program() -> str:
    """The path of Debian's docker-registry, installed where that is possible; else the test is skipped with the reason."""
    if found := shutil.which("docker-registry"):
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("needs the program docker-registry: apt-get install docker-registry")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # RUNLEVEL: don't start its service
    subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "docker-registry"], env=quiet, check=False, capture_output=True)
    if found := shutil.which("docker-registry"):
        return found
    pytest.skip("docker-registry could not be installed with apt-get")


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Serve on 127.0.0.1 while the block runs; yields host:port. Engines take loopback for a registry without TLS."""
    program = registry_program()
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = folder / "registry.yml"
    config.write_text(
        f"version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {folder}/store\nhttp:\n  addr: {address}\n"
    )
    with (folder / "registry.log").open("wb") as log, subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log) as process:
        try:
            _wait_for(address, process)
            yield address
        finally:
            process.terminate()


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + START_WITHIN_S
    while True:
        with suppress(ConnectionRefusedError), socket.create_connection((host, int(port)), timeout=1.0):
            return
        assert process.poll() is None, "the registry did not start"
        assert time.monotonic() < deadline, "the registry does not listen"
        time.sleep(0.05)


@contextmanager
def pushed_image(client: docker.DockerClient, address: str, base: str) -> Iterator[str]:
    """`base` with two more layers of random bytes, in the registry and nowhere else; removed from the engine afterwards."""
    reference = f"{address}/codecraft-test/layers:1"
    layer = base
    for number in range(2):
        layer = _with_layer(client, layer, reference, f"layer{number}")
    failures = [event["error"] for event in client.api.push(reference, stream=True, decode=True) if "error" in event]
    assert not failures, failures
    client.images.remove(reference, force=True)
    try:
        yield reference
    finally:
        with suppress(docker.errors.ImageNotFound):
            pulled = client.images.get(reference)
            pulled.remove()  # not by force, which would only take the name away from one that is still used
            remove_etc(client, str(pulled.id))


def _with_layer(client: docker.DockerClient, base: str, reference: str, name: str) -> str:
    made = client.containers.create(base, command="true")
    try:
        made.put_archive("/", _tar(name))
        repository, _, tag = reference.rpartition(":")
        made.commit(repository, tag)
    finally:
        made.remove(force=True)
    return reference


def _tar(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = LAYER_BYTES
        archive.addfile(member, io.BytesIO(os.urandom(LAYER_BYTES)))
    return buffer.getvalue()
