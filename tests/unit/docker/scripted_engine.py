"""An engine on a socket that answers each connection with what the test scripted, so that answers can be cut anywhere."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from codecraft_server.docker.hijack import Address

Script = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted_engine(folder: Path | None, script: Script) -> AsyncIterator[Address]:
    """Serve in a folder, or over TCP, while the block runs; `script` gets the request's head and both ends of the connection."""
    failures: list[BaseException] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(await reader.readuntil(b"\r\n\r\n"), reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except BaseException as error:  # noqa: BLE001 - told to the test below
            failures.append(error)
        finally:
            writer.close()

    if folder is None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        address = Address(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    else:
        address = Address(path=str(folder / "engine.sock"))
        server = await asyncio.start_unix_server(serve, address.path)
    try:
        yield address
    finally:
        server.close()
    assert not failures, failures
