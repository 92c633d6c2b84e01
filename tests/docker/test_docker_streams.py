"""Large and slow streams of real sandboxes: memory stays flat, and nobody holds up anybody."""

import asyncio
import resource
from dataclasses import replace

import pytest
from contract.sandbox_contract import MIB, SPEC, STREAMED, run
from docker_helpers import Opener

from codecraft_server.sandbox import Ended, Output

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

LARGE = replace(STREAMED, window=MIB, max_output=1024 * MIB)


async def test_a_hundred_megabytes_flow_through_flat_memory(opened: Opener) -> None:
    """100 MB arrive whole and in order, while the server's memory grows by less than 32 MB."""
    sandbox = await opened()
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    command = await sandbox.run(b"head -c 100000000 /dev/zero", session="main", timeout_s=60.0, output=LARGE)
    total = 0
    ended = None
    async for event in command.events():
        if isinstance(event, Output):
            assert event.offset == total
            total += len(event.data)
            command.acknowledge(len(event.data))
        else:
            ended = event
    assert isinstance(ended, Ended)
    assert (total, ended.out_bytes, ended.dropped_bytes) == (100_000_000, 100_000_000, 0)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert grown_kib < 32 * 1024


async def test_who_does_not_read_holds_up_nobody(opened: Opener) -> None:
    """While one command's output waits for its reader, other sessions of the same sandbox answer as ever."""
    sandbox = await opened()
    stuck = await sandbox.run(b"head -c 50000000 /dev/zero", session="stuck", timeout_s=60.0, output=LARGE)
    for _ in range(20):
        async with asyncio.timeout(5.0):
            assert (await run(sandbox, b"echo quick")).text() == b"quick\n"
    stuck.interrupt()
    async with asyncio.timeout(10.0):
        last = [event async for event in stuck.events()][-1]
    assert isinstance(last, Ended)
    assert last.out_bytes < 50_000_000


async def test_the_end_of_a_file_of_many_megabytes(opened: Opener) -> None:
    """Files of several megabytes are written and read back as they are."""
    sandbox = await opened(SPEC)
    content = bytes(range(256)) * 4096 * 5
    await sandbox.write_file(b"large", content, mode=None, offset=None)
    read = await sandbox.read_file(b"large", offset=0, max_bytes=len(content))
    assert read.data == content
