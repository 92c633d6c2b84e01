"""`python -m benchmarks`: measure, print the table, write JSON. A benchmark, no test: it fails only where something broke."""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import docker
import grpc

from benchmarks import deaths, floors, idle, milestones, output, resets, rollouts, servers, steps, vectors
from benchmarks.bench import Bench
from benchmarks.figure import Figure
from benchmarks.player import Player
from benchmarks.progress import Progress
from benchmarks.table import render

MEASUREMENTS: dict[str, Callable[[Bench], Awaitable[list[Figure]]]] = {
    steps.NAME: steps.measure,
    milestones.NAME: milestones.measure,
    rollouts.NAME: rollouts.measure,
    rollouts.MANY_NAME: rollouts.measure_many,
    vectors.NAME: vectors.measure,
    output.NAME: output.measure,
    output.YES_NAME: output.measure_yes,
    resets.NAME: resets.measure,
    deaths.NAME: deaths.measure,
    idle.NAME: idle.measure,
}


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for. 0 unless something broke."""
    options = _parser().parse_args(arguments)
    try:
        document = asyncio.run(_run(options.only or list(MEASUREMENTS), quick=options.quick))
    except (servers.ServerError, grpc.RpcError, docker.errors.DockerException, AssertionError, OSError, TimeoutError) as error:
        print(f"the benchmark broke: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    if options.json is not None:
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measures what the service promises, beside the floors of the same run."
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there, too")
    parser.add_argument(
        "--only", metavar="NAME", action="append", choices=list(MEASUREMENTS), help=f"one of {', '.join(MEASUREMENTS)}; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds: for a look, not for a number to quote")
    return parser


async def _run(names: list[str], *, quick: bool) -> dict[str, Any]:
    figures: list[Figure] = []
    async with contextlib.AsyncExitStack() as stack:
        bench = await _bench(stack, quick=quick)
        machine = _machine(bench.engine)
        for name in names:
            bench.progress.measure(name)
            figures += await MEASUREMENTS[name](bench)
        bench.progress.done()
    print(render(figures), end="")
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "quick": quick,
        "machine": machine,
        "figures": [each.document() for each in figures],
    }


async def _bench(stack: contextlib.AsyncExitStack, *, quick: bool) -> Bench:
    engine = stack.enter_context(floors.engine())
    server = await stack.enter_async_context(servers.codecraft())
    floor = await stack.enter_async_context(servers.floor())
    player = Player(server.target)
    stack.push_async_callback(player.close)
    floor_player = Player(floor.target)
    stack.push_async_callback(floor_player.close)
    return Bench(engine, server, player, floor, floor_player, Progress(), quick)


def _machine(engine: docker.DockerClient) -> dict[str, Any]:
    """What the numbers were measured on."""
    info = engine.info()
    return {
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "grpcio": grpc.__version__,
        "engine": info.get("ServerVersion"),
        "runtime": info.get("DefaultRuntime"),
        "storage_driver": info.get("Driver"),
    }


if __name__ == "__main__":
    sys.exit(main())
