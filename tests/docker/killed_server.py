"""A server that a test kills: opens five sandboxes, makes two of them busy, says so, and waits to be killed."""

import asyncio
import sys

from contract.sandbox_contract import KEPT, SPEC

from codecraft_server.docker import DockerSandboxes
from codecraft_server.settings import SandboxSettings


async def main(worker: str) -> None:
    """Never returns."""
    async with DockerSandboxes(SandboxSettings(), worker) as sandboxes:
        opened = [await sandboxes.open(SPEC, name=f"s{number}", labels={}, progress=lambda _: None) for number in range(5)]
        for sandbox in opened[:2]:
            await sandbox.run(b"while :; do :; done", session="main", timeout_s=600.0, output=KEPT)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
