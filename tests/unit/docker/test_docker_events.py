"""Causes of death out of the engine's events, cut anywhere and with the stream breaking."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from each import each
from scripted_engine import scripted_engine

from codecraft_server.docker.engine import Engine
from codecraft_server.docker.events import Deaths
from codecraft_server.docker.hijack import Address, HijackedStream, hijack

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"


class EngineAt(Engine):
    """An engine that is only listened to, at an address of the test's."""

    def __init__(self, address: Address) -> None:
        super().__init__(threads=1)
        self._there = address

    async def listen(self, target: str, on_data: Callable[[bytes], None], on_lost: Callable[[Exception | None], None]) -> HijackedStream:
        """See `Engine.listen`."""
        return await hijack(self._there, "GET", target, on_data, on_lost, upgrade=False)


def event(action: str, container: str, at_s: float, exit_code: int | None = None) -> bytes:
    attributes = {"image": "i"} | ({} if exit_code is None else {"exitCode": str(exit_code)})
    actor = {"ID": container, "Attributes": attributes}
    return json.dumps({"Type": "container", "Action": action, "Actor": actor, "timeNano": int(at_s * 1e9)}).encode() + b"\n"


CAUSES = [
    ([event("oom", "c", 10), event("die", "c", 10.1, 137)], "oom"),
    ([event("oom", "c", 10), event("die", "c", 100, 137)], "killed"),
    ([event("die", "c", 10, 137)], "killed"),
    ([event("die", "c", 10, 70)], "protocol"),
    ([event("die", "c", 10, 75)], "gone"),
    ([event("die", "c", 10, 0)], "gone"),
    ([event("oom", "other", 10), event("die", "c", 10, 137)], "killed"),
]


@each(("lines", "cause"), CAUSES)
async def test_a_death_has_its_cause(tmp_path: Path, lines: list[bytes], cause: str) -> None:
    """Exit code and an out-of-memory kill just before say how a container died, however the lines were cut."""

    async def script(_head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told = HEAD + b"".join(lines)
        for at in range(0, len(told), 50):
            writer.write(told[at : at + 50])
            await writer.drain()
        await reader.read()

    async with scripted_engine(tmp_path, script) as address:
        deaths = Deaths(EngineAt(address), "owner")
        await deaths.start()
        assert (await deaths.cause("c", 5.0))[0] == cause
        assert await deaths.died("c", 0.0)
        await deaths.close()


async def test_a_lost_engine_is_the_cause_at_once(tmp_path: Path) -> None:
    """When the events end too, it is the engine that was lost, and nobody waits for its word."""
    cut = asyncio.Event()

    async def script(_head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        await writer.drain()
        await cut.wait()

    async with scripted_engine(tmp_path, script) as address:
        deaths = Deaths(EngineAt(address), "owner")
        await deaths.start()
        asked = asyncio.create_task(deaths.cause("c", 60.0))
        cut.set()
        assert (await asyncio.wait_for(asked, 5))[0] == "engine"
        await deaths.close()


async def test_without_news_the_sandbox_is_just_gone(tmp_path: Path) -> None:
    """A stream that ended while the engine has nothing to say of it."""

    async def script(_head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        await reader.read()

    async with scripted_engine(tmp_path, script) as address:
        deaths = Deaths(EngineAt(address), "owner")
        await deaths.start()
        assert (await deaths.cause("c", 0.01))[0] == "gone"
        assert not await deaths.died("c", 0.01)
        await deaths.close()


async def test_a_broken_stream_goes_on_where_it_was(tmp_path: Path) -> None:
    """After a break the events are asked for from the last one on, so that no death is missed."""
    heads: list[bytes] = []

    async def script(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(HEAD + (event("die", "first", 12.5, 0) if len(heads) == 1 else event("die", "second", 13, 137)))
        await writer.drain()
        if len(heads) > 1:
            await reader.read()

    async with scripted_engine(tmp_path, script) as address:
        deaths = Deaths(EngineAt(address), "owner")
        await deaths.start()
        assert await deaths.died("second", 5.0)
        await deaths.close()
    assert b"since=" not in heads[0]
    assert b"since=12.500000000&" in heads[1]
    assert b"owner%22%5D" in heads[1]


async def test_lines_that_are_no_events_are_passed_over(tmp_path: Path) -> None:
    """Nonsense between events harms none of them."""

    async def script(_head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b'\nnonsense\n{"Type":1}\n[]\n' + event("die", "c", 1, 0))
        await reader.read()

    async with scripted_engine(tmp_path, script) as address:
        deaths = Deaths(EngineAt(address), "owner")
        await deaths.start()
        assert await deaths.died("c", 5.0)
        await deaths.close()
