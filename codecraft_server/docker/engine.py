"""The Docker Engine: finding it, calling it without blocking the loop, opening streams to it.

Owns docker-py's client and the threads it is called in. Must not know what is asked of the engine. docker-py's `APIError`s pass, for
they are answers; everything that means "nobody answers" becomes `EngineUnavailableError`.
"""

import asyncio
import concurrent.futures
import contextlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import docker
import docker.context
import docker.errors
import docker.tls
import docker.utils
import requests
import urllib3.exceptions

from codecraft_server.docker.hijack import Address, HijackedStream, hijack
from codecraft_server.errors import EngineUnavailableError

T = TypeVar("T")

CALL_S = 60.0  # docker-py's own default: the longest silence of the engine within one call
_SPARE_CONNECTIONS = 4  # for pulls, which have threads of their own
_DEFAULT_SOCKET = Path("/var/run/docker.sock")
_DESKTOP_SOCKETS = (".docker/run/docker.sock", ".docker/desktop/docker.sock")  # Docker Desktop on macOS and on Linux, below the home
_REMEDY = (
    "Start it (on Linux `sudo systemctl start docker`, elsewhere Docker Desktop), or set DOCKER_HOST where it listens elsewhere; "
    "`docker version` must show a Server"
)
_DENIED = "This user may not talk to the Docker Engine. Add it to the group with `sudo usermod -aG docker $USER` and log in again"
_SILENCE = (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError, TimeoutError)


def find_client(**options: Any) -> docker.DockerClient:
    """A client of the engine that docker-py would find, else of the current `docker context`, else of Docker Desktop. Blocks.

    Raises:
        EngineUnavailableError: None answers; the message names the remedy.
    """
    try:
        return docker.DockerClient(version="auto", **(_where() | options))
    except (docker.errors.DockerException, *_SILENCE) as error:
        raise EngineUnavailableError(_why(error)) from error
    except ValueError as error:  # an address that is none, such as "tcp://[" in DOCKER_HOST
        raise EngineUnavailableError(f"the Docker Engine can't be looked for: {error}; see DOCKER_HOST or `docker context ls`") from error


@contextlib.contextmanager
def connected() -> Iterator[docker.DockerClient]:
    """The same for the length of a block. EngineUnavailableError."""
    client = find_client()
    try:
        yield client
    finally:
        client.close()


def _where() -> dict[str, Any]:
    named: dict[str, Any] = dict(docker.utils.kwargs_from_env())
    if named.get("base_url"):
        return named
    context = docker.context.ContextAPI.get_current_context()
    if context is not None and context.Name != "default" and context.Host:
        return {"base_url": context.Host, "tls": context.TLSConfig or False}
    if not _DEFAULT_SOCKET.exists():
        for socket in (Path.home() / name for name in _DESKTOP_SOCKETS):
            if socket.exists():
                return {"base_url": f"unix://{socket}"}
    return named


def _why(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, PermissionError) or "Permission denied" in str(error):
            return f"the Docker Engine does not answer: {_DENIED}"
        error = error.__cause__ or error.__context__
    return f"the Docker Engine does not answer. {_REMEDY}"


def address_of(client: docker.DockerClient) -> Address:
    """Where this client's engine listens, for streams of our own. EngineUnavailableError where only docker-py can get there."""
    api = client.api
    adapter = getattr(api, "_custom_adapter", None)
    path = getattr(adapter, "socket_path", None)
    if path is not None:
        return Address(path=str(path))
    parts = urlsplit(str(api.base_url))
    if parts.scheme not in ("http", "https") or parts.hostname is None:
        raise EngineUnavailableError(
            "the Docker Engine must be reached over a unix socket, TCP or TLS; for SSH forward its socket with `ssh -L`"
        )
    tls = _tls_context(api.verify, api.cert) if parts.scheme == "https" else None
    return Address(host=parts.hostname, port=parts.port or (2376 if tls else 2375), tls=tls)


def _tls_context(verify: bool | str | None, certificate: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(*certificate)
    return context


def create_container(client: docker.DockerClient, config: dict[str, Any], name: str) -> str:
    """Create a container from the body of the API's request; returns its id. Blocks. docker-py's typed ways lack half of the options."""
    return str(client.api.create_container_from_config(config, name)["Id"])  # type: ignore[no-untyped-call]


class Engine:
    """One engine. `connect` first, `close` last; everything else in between, on one loop."""

    def __init__(self, threads: int) -> None:
        """`threads` bounds the docker-py calls that run at once."""
        self._threads = threads
        self._pool = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="docker")
        self._client: docker.DockerClient | None = None
        self._address = Address()

    async def connect(self) -> None:
        """Find the engine. Raises EngineUnavailableError."""
        self._client, self._address = await asyncio.get_running_loop().run_in_executor(self._pool, self._connect)

    def _connect(self) -> tuple[docker.DockerClient, Address]:
        client = find_client(timeout=CALL_S, max_pool_size=self._threads + _SPARE_CONNECTIONS)
        return client, address_of(client)

    @property
    def client(self) -> docker.DockerClient:
        """For blocking calls in threads of the caller's."""
        if self._client is None:
            raise EngineUnavailableError("the Docker Engine has not been connected to")
        return self._client

    def submit(self, work: Callable[[docker.DockerClient], T]) -> "asyncio.Future[T]":
        """Start a call that runs to its end whoever waits for it. Its future raises what `call` raises."""
        client = self.client
        future = asyncio.get_running_loop().run_in_executor(self._pool, _guarded, work, client)
        future.add_done_callback(_take_note)
        return future

    async def call(self, work: Callable[[docker.DockerClient], T]) -> T:
        """Run a docker-py call in a thread. Raises EngineUnavailableError, and docker-py's APIError for the caller to judge."""
        return await asyncio.shield(self.submit(work))

    async def attach(
        self, container_id: str, on_data: Callable[[bytes], None], on_lost: Callable[[Exception | None], None]
    ) -> HijackedStream:
        """Open the one stream to a container's PID 1: its input, output and errors. Raises as `hijack`."""
        target = f"{self._version_path()}/containers/{container_id}/attach?stream=1&stdin=1&stdout=1&stderr=1"
        return await hijack(self._address, "POST", target, on_data, on_lost, upgrade=True)

    async def listen(self, target: str, on_data: Callable[[bytes], None], on_lost: Callable[[Exception | None], None]) -> HijackedStream:
        """Open an endless answer, such as the events. Raises as `hijack`."""
        return await hijack(self._address, "GET", self._version_path() + target, on_data, on_lost, upgrade=False)

    def _version_path(self) -> str:
        return f"/v{self.client.api.api_version}"

    async def close(self, timeout_s: float = CALL_S) -> None:
        """Wait for the calls under way, at most this long, and let go of the engine."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(self._pool.shutdown), timeout_s)
        if self._client is not None:
            self._client.close()


def _guarded(work: Callable[[docker.DockerClient], T], client: docker.DockerClient) -> T:
    try:
        return work(client)
    except docker.errors.APIError:
        raise
    except (docker.errors.DockerException, *_SILENCE) as error:
        raise EngineUnavailableError(_why(error)) from error


def _take_note(future: "asyncio.Future[Any]") -> None:
    """A failure that nobody waits for any more is no news."""
    if not future.cancelled():
        future.exception()
