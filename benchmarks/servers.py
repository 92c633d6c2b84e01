"""The two servers a run measures: the real one and the floor that does nothing, each a process of its own."""

import asyncio
import contextlib
import os
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from codecraft_server import GRPC_EXPERIMENTS

READY_S = 60.0
STOP_S = 30.0
LAST_WORDS_BYTES = 8192
ROOT = Path(__file__).parent.parent
CURRICULUM = Path(__file__).with_name("curriculum.json")


class ServerError(Exception):
    """A server did not come up, or did not go down."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where a server listens, and its process id."""

    target: str
    pid: int


@contextlib.asynccontextmanager
async def codecraft(curriculum: Path = CURRICULUM) -> AsyncIterator[Running]:
    """The real server, as an operator starts it."""
    async with _started("-m", "codecraft_server", "serve", "--listen", "127.0.0.1:0", "--curriculum", str(curriculum)) as running:
        yield running


@contextlib.asynccontextmanager
async def floor() -> AsyncIterator[Running]:
    """The server that does nothing, with gRPC as the real one has it."""
    async with _started("-m", "benchmarks.floor_server") as running:
        yield running


@contextlib.asynccontextmanager
async def _started(*arguments: str) -> AsyncIterator[Running]:
    with tempfile.TemporaryFile() as log:
        environment = {"GRPC_EXPERIMENTS": GRPC_EXPERIMENTS, **os.environ}
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE, stderr=log, cwd=ROOT, env=environment)
        try:
            try:
                yield Running(await _address(process, arguments), process.pid)
            finally:
                await _stop(process)
        except BaseException:
            _show_end(log)
            raise


def _show_end(log: IO[bytes]) -> None:
    """What the server logged last, where something broke; else its log is no one's business."""
    log.seek(max(log.seek(0, os.SEEK_END) - LAST_WORDS_BYTES, 0))
    sys.stderr.write(log.read().decode(errors="replace"))


async def _address(process: asyncio.subprocess.Process, arguments: tuple[str, ...]) -> str:
    assert process.stdout is not None  # noqa: S101 - asked for above; for the type checker
    try:
        async with asyncio.timeout(READY_S):
            async for line in process.stdout:
                text = line.decode().strip()
                if text.startswith("listening on "):
                    return text.removeprefix("listening on ")
    except TimeoutError:
        pass
    message = f"`python {' '.join(arguments)}` did not say that it listens; what it logged stands above"
    raise ServerError(message)


async def _stop(process: asyncio.subprocess.Process) -> None:
    """SIGTERM first: the server removes its sandboxes."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        message = f"the server did not end within {STOP_S:.0f} s of SIGTERM"
        raise ServerError(message) from None
