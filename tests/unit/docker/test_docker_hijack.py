"""Hijacked streams, against an engine that says what the test wants."""

import asyncio
import sys
from pathlib import Path

import pytest
from each import each
from scripted_engine import Script, scripted_engine

from codecraft_server.app import new_event_loop
from codecraft_server.docker.hijack import Address, HijackedStream, HijackError, hijack
from codecraft_server.errors import EngineUnavailableError

UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


class Listener:
    """What a stream's owner hears."""

    def __init__(self) -> None:
        self.data = b""
        self.lost = asyncio.Event()

    async def open(self, address: Address, *, upgrade: bool = True) -> HijackedStream:
        """Open a stream that tells this listener."""
        return await hijack(address, "POST", "/v1.41/containers/x/attach?stream=1", self._hear, lambda _: self.lost.set(), upgrade=upgrade)

    def _hear(self, data: bytes) -> None:
        self.data += data


def answering(*pieces: bytes) -> Script:
    async def script(_head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return script


async def _an_echo_comes_back(folder: Path | None) -> None:
    """After the upgrade what we write arrives as it is, and so does the echo."""
    heads = []

    async def echo(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(UPGRADED)
        writer.write(await reader.readexactly(5))

    async with scripted_engine(folder, echo) as address:
        listener = Listener()
        stream = await listener.open(address)
        stream.write(b"h\0llo")
        await asyncio.wait_for(listener.lost.wait(), 5)
    assert listener.data == b"h\0llo"
    assert heads[0].startswith(b"POST /v1.41/containers/x/attach?stream=1 HTTP/1.1\r\n")
    assert b"Upgrade: tcp\r\n" in heads[0]


async def test_bytes_go_both_ways(tmp_path: Path) -> None:
    """Over a unix socket and over TCP."""
    await _an_echo_comes_back(tmp_path)
    await _an_echo_comes_back(None)


@each("cut", range(0, len(UPGRADED) + 8, 7))
async def test_an_answer_may_be_cut_anywhere(tmp_path: Path, cut: int) -> None:
    """Headers and first bytes may come in any pieces."""
    answer = UPGRADED + b"\x01\0\0\0data"
    async with scripted_engine(tmp_path, answering(answer[:cut], answer[cut:])) as address:
        listener = Listener()
        await listener.open(address)
        await asyncio.wait_for(listener.lost.wait(), 5)
    assert listener.data == b"\x01\0\0\0data"


async def test_an_endless_answer_is_asked_for_plainly(tmp_path: Path) -> None:
    """Without an upgrade the request is HTTP/1.0, so that the engine does not chunk its answer."""
    heads = []

    async def script(head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n{}\n")

    async with scripted_engine(tmp_path, script) as address:
        listener = Listener()
        await listener.open(address, upgrade=False)
        await asyncio.wait_for(listener.lost.wait(), 5)
    assert listener.data == b"{}\n"
    assert b" HTTP/1.0\r\n" in heads[0]


async def test_a_refusal_has_its_status(tmp_path: Path) -> None:
    """An answer with another status is an error with that status, not a stream."""
    answer = b'HTTP/1.1 404 Not Found\r\nContent-Length: 31\r\n\r\n{"message":"No such container"}'
    async with scripted_engine(tmp_path, answering(answer)) as address:
        with pytest.raises(HijackError, match="No such container") as caught:
            await Listener().open(address)
    assert caught.value.status == 404


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 101", b"x" * 100_000], ids=["nothing", "half", "too much"])
async def test_an_answer_that_is_none_is_an_error(tmp_path: Path, answer: bytes) -> None:
    """A connection that ends or talks nonsense before the headers are whole is an error, at once."""
    async with scripted_engine(tmp_path, answering(answer)) as address:
        with pytest.raises(HijackError):
            await Listener().open(address)


async def test_nobody_there_is_the_engine_missing(tmp_path: Path) -> None:
    """Where nothing listens the engine is unavailable."""
    with pytest.raises(EngineUnavailableError):
        await Listener().open(Address(path=str(tmp_path / "none.sock")))
    with pytest.raises(EngineUnavailableError):
        await Listener().open(Address(host="127.0.0.1", port=1))


async def test_cancelled_dialling_leaves_no_connection(tmp_path: Path) -> None:
    """Who is cancelled while the engine keeps silent leaves no open connection."""
    arrived, ended = asyncio.Event(), asyncio.Event()

    async def silent(_head: bytes, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await reader.read()
        ended.set()

    async with scripted_engine(tmp_path, silent) as address:
        dialling = asyncio.create_task(Listener().open(address))
        await asyncio.wait_for(arrived.wait(), 5)
        dialling.cancel()
        await asyncio.wait_for(ended.wait(), 5)
        await asyncio.gather(dialling, return_exceptions=True)


async def test_a_writer_is_told_when_the_socket_is_full(tmp_path: Path) -> None:
    """`drained` waits while the engine does not read, and returns when it does or is gone."""
    release = asyncio.Event()

    async def slow(_head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(UPGRADED)
        await release.wait()
        await reader.readexactly(4 * 1024 * 1024)

    async with scripted_engine(tmp_path, slow) as address:
        stream = await Listener().open(address)
        stream.write(bytes(4 * 1024 * 1024))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.drained(), 0.05)
        release.set()
        await asyncio.wait_for(stream.drained(), 5)


async def test_closing_does_not_wait_for_one_who_does_not_read(tmp_path: Path) -> None:
    """A stream that is closed while its peer takes nothing is gone at once: what is queued for it would keep it open without end."""
    leave = asyncio.Event()

    async def deaf(_head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(UPGRADED)
        await leave.wait()

    async with scripted_engine(tmp_path, deaf) as address:
        listener = Listener()
        stream = await listener.open(address)
        stream.write(bytes(16 * 1024 * 1024))
        stream.close()
        await asyncio.wait_for(listener.lost.wait(), 5)
        leave.set()


def test_the_loop_that_serves_carries_them(tmp_path: Path) -> None:
    """What holds on Python's own loop holds on the server's, which is libuv's."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert type(runner.get_loop()).__module__ == "uvloop"
        for what in (
            test_bytes_go_both_ways,
            test_a_writer_is_told_when_the_socket_is_full,
            test_closing_does_not_wait_for_one_who_does_not_read,
        ):
            folder = tmp_path / what.__name__[-20:]
            folder.mkdir()
            runner.run(what(folder))


def test_without_libuv_pythons_own_loop_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is none for Windows."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert isinstance(runner.get_loop(), asyncio.SelectorEventLoop)
