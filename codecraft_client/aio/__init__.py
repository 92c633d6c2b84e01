"""The client for asyncio: the same names with `Async` before them, the same arguments, results, events and errors.

    from codecraft_client.aio import AsyncClient

    async with AsyncClient() as client, await client.reset("1") as episode:
        await episode.write_file("hello.py", 'print("Hello, World!")')
        async for event in await episode.run("python3 hello.py"):
            ...
        assert (await episode.submit()).reward.value == 1.0

Cancelling who waits drops the call and nothing else: a command runs on for the server's reattach_grace, and waiting again takes it up where
it was left; `cancel()` of a running step stops it. Actions, events, types and errors are those of `codecraft_client`.

`client`, `configured`, `connection`, `control`, `episode`, `ongoing` and `running` are written by `generate.py` from the synchronous
modules of the same names; `transport` and `primitives`, what they wait on, are not.
"""

from codecraft_client.aio.client import AsyncClient, AsyncResetting
from codecraft_client.aio.control import AsyncControlClient
from codecraft_client.aio.episode import AsyncEpisode
from codecraft_client.aio.running import AsyncRunning

__all__ = ["AsyncClient", "AsyncControlClient", "AsyncEpisode", "AsyncResetting", "AsyncRunning"]
