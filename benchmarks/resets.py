"""How fast a fresh sandbox is there: cold and warm, beside the engine's own create + start."""

import asyncio

from benchmarks.bench import Bench
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.floors import create_and_start
from benchmarks.stats import milliseconds, p50
from codecraft.v1 import types_pb2

NAME = "reset"
_WARM_S = 60.0
_POLL_S = 0.05


async def measure(bench: Bench) -> list[Figure]:
    """In turns, so that whatever else the engine does falls on all of them. Each episode is closed before the next measurement begins."""
    rounds = bench.rounds(10, 3)
    colds: list[float] = []
    warms: list[float] = []
    nones: list[float] = []
    disableds: list[float] = []
    await _reset(bench, types_pb2.SANDBOX_ORIGIN_COLD)  # not measured: images looked up, connections made
    for number in range(rounds):
        bench.progress.round(number, 2 * rounds)
        nones.append(create_and_start(bench.engine, own_network=True))
        colds.append(await _reset(bench, types_pb2.SANDBOX_ORIGIN_COLD))
        disableds.append(create_and_start(bench.engine, own_network=False))
    for number in range(rounds):
        bench.progress.round(rounds + number, 2 * rounds)
        await _stand_ready(bench)
        warms.append(await _reset(bench, types_pb2.SANDBOX_ORIGIN_WARM))
        disableds.append(create_and_start(bench.engine, own_network=False))
    await bench.player.prewarm(0)
    cold, warm, none, disabled = (p50(milliseconds(samples)) for samples in (colds, warms, nones, disableds))
    return [
        Figure(NAME, "Reset, cold, p50", cold, "ms", "create + start, network none", none, Bound(Compare.TIMES_FLOOR, 1.5)),
        Figure(
            NAME, "Reset, cold, p50", cold, "ms", "create + start, network disabled", disabled, Bound(Compare.TIMES_FLOOR, 1.5, aim=1.3)
        ),
        Figure(
            NAME,
            "Reset, warm, p50",
            warm,
            "ms",
            "create + start, network disabled",
            disabled,
            Bound(Compare.TIMES_FASTER, 10, at_least=True),
        ),
    ]


async def _reset(bench: Bench, origin: types_pb2.SandboxOrigin.ValueType) -> float:
    episode = await bench.player.reset()
    await episode.close()
    if episode.origin != origin:
        name = types_pb2.SandboxOrigin.Name
        raise AssertionError(f"wanted {name(origin)}, got {name(episode.origin)}")
    return episode.opened_in_s


async def _stand_ready(bench: Bench) -> None:
    """Return once a warm sandbox stands ready."""
    async with asyncio.timeout(_WARM_S):
        while not await bench.player.prewarm(1):  # noqa: ASYNC110 - the server is another process; it can only be asked
            await asyncio.sleep(_POLL_S)
