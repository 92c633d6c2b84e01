"""Whole servers for the client: over fake sandboxes in a thread of the test's own process, or as a process with real containers."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fake_server import fake_server

from codecraft_client.demo_server import own_server

SOON_S = 30


@contextmanager
def fake_world(**settings: Any) -> Iterator[str]:
    """Serve over fake sandboxes; yields the address. `settings` are fields of the server's Settings."""
    address: Future[str] = Future()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with fake_server(**settings) as server:
            address.set_result(server.serving.address)
            await over.wait()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        except Exception as error:
            if address.done():
                raise
            address.set_exception(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield address.result(SOON_S)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(SOON_S)


@contextmanager
def fake_world_process() -> Iterator[str]:
    """Serve over fake sandboxes in a process of its own (see fake_world_program); yields the address."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    program = Path(__file__).with_name("fake_world_program.py")
    with subprocess.Popen(
        [sys.executable, str(program)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.write("end\n")  # not only closed: a process that was forked meanwhile may hold the other end
            process.stdin.close()


@contextmanager
def docker_world() -> Iterator[str]:
    """Serve real containers, as the demo does where no server runs; yields the address."""
    with own_server(lambda _: None) as address:
        yield address
