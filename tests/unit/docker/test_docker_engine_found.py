"""Finding the engine and what is said when there is none; streams over TCP and TLS."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import docker
import docker.tls
import pytest
from each import each

from codecraft_server.docker.engine import Engine, address_of, connected, find_client
from codecraft_server.docker.hijack import Address, hijack
from codecraft_server.errors import EngineUnavailableError

UPGRADED = b"HTTP/1.1 101 UPGRADED\r\n\r\n"


@each(
    ("url", "address"),
    [
        ("unix:///run/some.sock", Address(path="/run/some.sock")),
        ("tcp://engine.example:2375", Address(host="engine.example", port=2375)),
        ("tcp://[::1]:99", Address(host="::1", port=99)),
    ],
)
def test_streams_go_where_docker_py_goes(url: str, address: Address) -> None:
    """Path, or host and port, are those of docker-py's client."""
    client = docker.DockerClient(base_url=url, version="1.41")
    assert address_of(client) == address
    client.close()


def test_an_engine_that_only_docker_py_can_reach_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over SSH there is no stream of our own; the message names the way round."""
    client = docker.DockerClient(base_url="tcp://engine.example:22", version="1.41")
    monkeypatch.setattr(client.api, "base_url", "http+docker://ssh")
    with pytest.raises(EngineUnavailableError, match="ssh -L"):
        address_of(client)
    client.close()


def test_no_engine_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where DOCKER_HOST leads nowhere the error says what to start and what to set, and no path of the host."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailableError, match="systemctl start docker") as caught, connected():
        pytest.fail("connected to nothing")
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize("address", ["tcp://[", "tcp://127.0.0.1:99999", "tcp://127.0.0.1:x"])
def test_an_address_that_is_none_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in DOCKER_HOST is an engine that can't be found, not a crash."""
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineUnavailableError, match="DOCKER_HOST"):
        find_client()


def test_a_user_without_rights_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that this user may not open is a matter of the docker group."""

    def refuse(*_args: object, **_options: object) -> None:
        raise docker.errors.DockerException("Error while fetching server API version") from PermissionError(13, "Permission denied")

    monkeypatch.setattr(docker, "DockerClient", refuse)
    with pytest.raises(EngineUnavailableError, match="usermod -aG docker"):
        find_client()


async def test_calls_need_a_connection() -> None:
    """Before it is connected an engine is unavailable, not a crash."""
    engine = Engine(threads=1)
    with pytest.raises(EngineUnavailableError):
        await engine.call(lambda client: client.ping())
    await engine.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost and its key, good for a day."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl to make a certificate")
    key, made = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1", "-nodes"]
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", str(key), "-out", str(made)]
    subprocess.run(["openssl", "req", "-x509", *new_key, *subject], check=True, capture_output=True)
    return made, key


async def exchanged(address: Address) -> bytes:
    """What comes back for four bytes."""
    got = bytearray()
    lost = asyncio.Event()
    opening = asyncio.create_task(hijack(address, "POST", "/x", got.extend, lambda _: lost.set(), upgrade=True))
    stream = await asyncio.wait_for(opening, 5)
    stream.write(b"ping")
    await asyncio.wait_for(lost.wait(), 5)
    return bytes(got)


async def answer_then_echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(UPGRADED)
    writer.write(await reader.readexactly(4))
    writer.close()


async def test_a_stream_over_tcp() -> None:
    """Bytes go both ways over TCP."""
    async with await asyncio.start_server(answer_then_echo, "127.0.0.1", 0) as server:
        assert await exchanged(Address(host="127.0.0.1", port=server.sockets[0].getsockname()[1])) == b"ping"


async def test_a_stream_over_tls(certificate: tuple[Path, Path]) -> None:
    """With docker-py's TLS settings bytes go both ways, and an engine of another name is not trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    trusting = docker.tls.TLSConfig(client_cert=tuple(map(str, certificate)), ca_cert=str(certificate[0]), verify=True)
    async with await asyncio.start_server(answer_then_echo, "localhost", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        client = docker.DockerClient(base_url=f"tcp://localhost:{port}", version="1.41", tls=trusting)
        address = address_of(client)
        client.close()
        assert address.tls is not None
        assert await exchanged(address) == b"ping"
        with pytest.raises(EngineUnavailableError):
            await exchanged(Address(host="127.0.0.1", port=port, tls=address.tls))
