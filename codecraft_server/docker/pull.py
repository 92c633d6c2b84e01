"""Images that are not there yet: pulled with progress per layer, one pull per image however many wait for it.

Owns pulls and what can be said when one fails. Must not know sandboxes. Images of our own (codecraft/…) are never pulled: nobody but
`make images` makes them, and a registry where somebody else took the name must not be trusted.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import docker
import docker.errors

from codecraft_server.docker.engine import Engine
from codecraft_server.errors import EngineUnavailableError, ImageUnavailableError
from codecraft_server.sandbox import PullProgress

OWN_PREFIX = "codecraft/"
_CONCURRENT_PULLS = 2  # decompressing is the engine's bottleneck, and a pull may take minutes of a thread
_DENIED_WORDS = ("denied", "unauthorized", "authentication required", "no basic auth")
_REACH_WORDS = (
    "no such host",
    "connection refused",
    "timeout",
    "deadline exceeded",
    "i/o",
    "unreachable",
    "dial tcp",
    "server misbehaving",
)


@dataclass(frozen=True, slots=True)
class Image:
    """What is needed to know of an image."""

    id: str  # sha256:…
    architecture: str
    environment: dict[str, str]


def inspect(client: docker.DockerClient, reference: str) -> Image | None:
    """The image as the engine has it, or None. Blocks."""
    try:
        found = client.api.inspect_image(reference)  # type: ignore[no-untyped-call]
    except docker.errors.ImageNotFound:
        return None
    variables = (str(entry).partition("=") for entry in (found.get("Config") or {}).get("Env") or ())
    return Image(str(found["Id"]), str(found["Architecture"]), {name: value for name, _, value in variables if name})


def progress_of(image: str, message: dict[str, Any]) -> PullProgress:
    """One message of the engine as progress. Raises ImageUnavailableError when the message says that the pull failed."""
    if "error" in message:
        raise unavailable(image, str(message["error"]))
    detail = message.get("progressDetail") or {}
    return PullProgress(
        image=image,
        layer=str(message.get("id", "")),
        status=str(message.get("status", "")),
        done=int(detail.get("current", 0)),
        total=int(detail.get("total", 0)),
    )


def unavailable(image: str, reason: str) -> ImageUnavailableError:
    """The error for an image that can't be had, with the remedy that fits the engine's reason."""
    reason = " ".join(reason.split())[:300].rstrip(".")
    words = reason.lower()
    if image.startswith(OWN_PREFIX):
        return ImageUnavailableError(image, reason, "It is made by `make images` (or `codecraft-server images`)")
    if any(word in words for word in _DENIED_WORDS):
        return ImageUnavailableError(image, reason, f"Check the name, or log in with `docker login` and try `docker pull {image}`")
    if any(word in words for word in _REACH_WORDS):
        return ImageUnavailableError(image, reason, f"The registry can't be reached from the engine; when it can: `docker pull {image}`")
    return ImageUnavailableError(image, reason, f"Check the name with `docker pull {image}`")


@dataclass(slots=True)
class _Pull:
    """One pull and those who wait for it."""

    done: "asyncio.Future[Image]"
    stop: threading.Event = field(default_factory=threading.Event)
    listeners: list[Callable[[PullProgress], None]] = field(default_factory=list)


class Images:
    """Where images come from. `close` after use."""

    def __init__(self, engine: Engine, timeout_s: float) -> None:
        """`timeout_s` bounds one pull."""
        self._engine = engine
        self._timeout_s = timeout_s
        self._pulls: dict[str, _Pull] = {}
        self._pool = concurrent.futures.ThreadPoolExecutor(_CONCURRENT_PULLS, thread_name_prefix="docker-pull")

    async def ensure(self, reference: str, progress: Callable[[PullProgress], None]) -> Image:
        """The image, pulled if need be. When the last who waits for a pull is cancelled, the pull is.

        Raises:
            ImageUnavailableError, EngineUnavailableError.
        """
        try:
            found = await self._engine.call(lambda client: inspect(client, reference))
        except docker.errors.APIError as error:
            raise unavailable(reference, str(error.explanation or error)) from error
        if found is not None:
            return found
        if reference.startswith(OWN_PREFIX):
            raise unavailable(reference, "the engine does not have it")
        return await self._join(reference, progress)

    async def _join(self, reference: str, progress: Callable[[PullProgress], None]) -> Image:
        pull = self._pulls.get(reference)
        if pull is None:
            pull = self._pulls[reference] = self._begin(reference)
        pull.listeners.append(progress)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.shield(pull.done)
        except TimeoutError:
            raise unavailable(reference, f"it was not pulled within {self._timeout_s:g} s") from None
        finally:
            pull.listeners.remove(progress)
            if not pull.listeners:
                pull.stop.set()
                if self._pulls.get(reference) is pull:
                    del self._pulls[reference]

    def _begin(self, reference: str) -> _Pull:
        loop = asyncio.get_running_loop()
        pull = _Pull(loop.create_future())

        def tell(news: PullProgress) -> None:
            for listener in tuple(pull.listeners):
                listener(news)

        def work() -> Image:
            return _pull(self._engine.client, reference, pull.stop, lambda news: _on_loop(loop, tell, news))

        pull.done = loop.run_in_executor(self._pool, work)
        pull.done.add_done_callback(lambda future: future.cancelled() or future.exception())
        return pull

    async def close(self) -> None:
        """Stop what is being pulled: at the engine's next word of it, which threads wait for on their own."""
        for pull in self._pulls.values():
            pull.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _on_loop(loop: asyncio.AbstractEventLoop, tell: Callable[[PullProgress], None], news: PullProgress) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(tell, news)


class _StoppedError(Exception):
    """Nobody waits for the pull any more."""


def _pull(client: docker.DockerClient, reference: str, stop: threading.Event, tell: Callable[[PullProgress], None]) -> Image:
    repository, tag = docker.utils.parse_repository_tag(reference)
    try:
        messages = client.api.pull(repository, tag=tag or "latest", stream=True, decode=True)
        _follow(reference, messages, stop, tell)
        found = inspect(client, reference)
    except docker.errors.APIError as error:
        raise unavailable(reference, str(error.explanation or error)) from error
    except (docker.errors.DockerException, OSError) as error:
        raise EngineUnavailableError("the Docker Engine was lost while it pulled an image") from error
    if found is None:
        raise unavailable(reference, "the engine does not have it though it was pulled")
    return found


def _follow(reference: str, messages: Iterable[dict[str, Any]], stop: threading.Event, tell: Callable[[PullProgress], None]) -> None:
    try:
        for message in messages:
            if stop.is_set():
                raise _StoppedError
            tell(progress_of(reference, message))
    finally:
        close = getattr(messages, "close", None)
        if close is not None:
            close()  # ends the connection, and with it the engine's pull
