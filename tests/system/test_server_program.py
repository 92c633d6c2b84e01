"""The server's program as a process, before it serves anything."""

import os
import subprocess
import sys

import pytest

SERVE_NOTHING = """
import asyncio, os
import codecraft_server.__main__
import grpc.aio

async def main():
    server = grpc.aio.server()
    server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await server.stop(0)

asyncio.run(main())
print(os.environ["GRPC_EXPERIMENTS"])
"""


@pytest.mark.parametrize(
    ("before", "said"), [({}, "-event_engine_listener"), ({"GRPC_EXPERIMENTS": "event_engine_listener"}, "event_engine_listener")]
)
def test_grpc_knows_what_it_is_asked_for(before: dict[str, str], said: str) -> None:
    """Of an experiment that it does not know, gRPC complains on standard error. What the operator has asked for stays."""
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_EXPERIMENTS"} | before
    ended = subprocess.run([sys.executable, "-c", SERVE_NOTHING], env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == f"{said}\n"
    assert ended.stderr == ""
