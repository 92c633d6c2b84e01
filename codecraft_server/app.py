"""The composition root: makes a server with Docker sandboxes from settings, serves until a signal, and ends in order."""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import NoReturn

from codecraft_server import curriculum, grading
from codecraft_server.curriculum import Curriculum
from codecraft_server.docker import DockerSandboxes, images
from codecraft_server.docker.engine import connected
from codecraft_server.errors import CodecraftError
from codecraft_server.serving import Serving, is_loopback, serving
from codecraft_server.settings import Settings
from codecraft_server.terminal import Terminal

_log = logging.getLogger(__name__)
_OURS = "codecraft/"  # images that we build; all others are pulled when a task wants them


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; running steps get `drain_s` then, and a second signal cuts that short.

    Raises:
        ConfigurationError: The settings or the curriculum can't be used.
        SandboxError: The engine or its images can't be used.
    """
    catalog = curriculum.load(settings.curriculum, settings.defaults)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_until_signalled(settings, catalog))


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return libuv's, on which a step takes a twentieth less time; Python's own where there is no uvloop, as on Windows."""
    try:
        import uvloop  # noqa: PLC0415 - it may be missing
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class _Signals:
    """What the operator has asked for so far. The first signal means stop; one before the server is ready, or a second one: at once."""

    def __init__(self, starting: asyncio.Task[None]) -> None:
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()
        self.ready = False
        self._starting = starting

    def arrived(self) -> None:
        """Take note of a signal."""
        if self.stop.is_set():
            self.hurry.set()
        self.stop.set()
        if not self.ready:
            self._starting.cancel()


async def _until_signalled(settings: Settings, catalog: Curriculum) -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine that runs is in a task
    signals = _Signals(task)
    with _listening(signals.arrived):
        try:
            await _serve(settings, catalog, signals)
        except asyncio.CancelledError:
            if not signals.stop.is_set():
                raise
            _log.info("stopped before it was ready")
    if signals.hurry.is_set() or not signals.ready:
        _exit_now()


def _exit_now() -> NoReturn:
    """End with 0. Threads that wait for a silent engine would hold up the interpreter for a minute, and nothing is left to be done."""
    logging.shutdown()
    os._exit(0)


async def _serve(settings: Settings, catalog: Curriculum, signals: _Signals) -> None:
    worker = settings.worker or f"w{secrets.token_hex(3)}"
    sandboxes = DockerSandboxes(settings.sandbox, worker)

    async def prepare() -> None:
        if settings.build_images:
            await _in_thread(lambda: _ensure_images(catalog))

    grader = grading.Grader(sandboxes, settings.grading)
    async with (
        serving(settings, sandboxes, catalog, grader, worker=worker, prepare=prepare) as server,
        _reloading(settings, server, signals),
    ):
        _warn(settings)
        signals.ready = True
        _log.info("listening", extra={"address": server.address, "worker": worker, "tasks": len(catalog.tasks)})
        _announce(f"listening on {server.address}\n")
        await signals.stop.wait()
        _log.info(
            "draining",
            extra={"episodes": server.episodes.load().episodes, "at_most_s": settings.episodes.drain_s, "to_hurry": "a second signal"},
        )
        await server.drain(signals.hurry)
    _log.info("stopped")


@contextlib.asynccontextmanager
async def _reloading(settings: Settings, server: Serving, signals: _Signals) -> AsyncIterator[None]:
    """Load the curriculum anew at every SIGHUP. One that can't be used is logged, and the old one stays.

    Where SIGHUP says that the terminal was closed it means stop.
    """
    wanted, loop, terminal = asyncio.Event(), asyncio.get_running_loop(), Terminal()

    def hung_up() -> None:
        if terminal.is_gone:
            signals.arrived()
        else:
            wanted.set()

    async def reload() -> None:
        while True:
            await wanted.wait()
            wanted.clear()
            await _reload(settings, server)

    loop.add_signal_handler(signal.SIGHUP, hung_up)
    task = asyncio.create_task(reload(), name="curriculum")
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        task.cancel()
        await asyncio.wait({task})


async def _reload(settings: Settings, server: Serving) -> None:
    loaded: list[Curriculum] = []

    def load() -> None:
        loaded.append(curriculum.load(settings.curriculum, settings.defaults))
        if settings.build_images:
            _ensure_images(loaded[0])

    try:
        await _in_thread(load)
        server.replace_curriculum(loaded[0])
    except CodecraftError as error:
        _log.error("the curriculum was not loaded anew; the old one stays", extra={"reason": str(error)})
    except Exception:  # noqa: BLE001 - a defect in what is loaded now must not keep the next one from being loaded
        _log.exception("the curriculum was not loaded anew; the old one stays")
    else:
        _log.info("curriculum loaded anew", extra={"tasks": len(loaded[0].tasks), "digest": loaded[0].digest})


def _announce(line: str) -> None:
    """Tell whoever reads standard output. Where it is closed, full or read by nobody the log has said it, and serving goes on."""
    if sys.stdout is None:  # so it is when the process was started without one
        return
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
    except OSError as error:
        _log.warning("standard output can't be written to", extra={"reason": error.strerror})
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - else the line is tried again at exit, and fails that


def _ensure_images(catalog: Curriculum) -> None:
    named = {task.sandbox.image for task in catalog.tasks.values()}
    if ours := sorted(name for name in named if name.startswith(_OURS)):
        with connected() as client:
            images.ensure(client, ours, lambda line: _log.info("images", extra={"progress": line}))


def _warn(settings: Settings) -> None:
    if is_loopback(settings.host):
        return
    for token, kind, option in (
        (settings.agent_token, "episodes", "--agent-token-file"),
        (settings.control_token, "control", "--control-token-file"),
    ):
        if not token:
            _log.warning(
                "ANYBODY WHO REACHES THIS ADDRESS MAY USE IT: no token guards it",
                extra={"host": settings.host, "open": kind, "remedy": option},
            )


@contextlib.contextmanager
def _listening(arrived: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    kinds = (signal.SIGTERM, signal.SIGINT)
    for kind in kinds:
        loop.add_signal_handler(kind, arrived)
    try:
        yield
    finally:
        for kind in kinds:
            loop.remove_signal_handler(kind)


async def _in_thread(work: Callable[[], None]) -> None:
    """Do blocking work in a thread that does not hold up the end of the process, for a build may take minutes."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def body() -> None:
        failure: BaseException | None = None
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed over to the loop
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(finish, failure)

    threading.Thread(target=body, name="images", daemon=True).start()
    await done
