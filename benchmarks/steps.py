"""How fast a step is: a builtin from a program that blocks, in a rollout and from asyncio; beside `docker exec` and what is bare."""

import contextlib
from dataclasses import dataclass, field

from benchmarks import blocking
from benchmarks.bench import Bench
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.floors import attached_shell, container, exec_true
from benchmarks.player import BUILTIN
from benchmarks.stats import milliseconds, p50, p99

NAME = "step"
_STEPS_A_ROUND = 50
_EXECS_A_ROUND = 5


@dataclass(slots=True)
class _Times:
    """Seconds of each."""

    over_stream: list[float] = field(default_factory=list)
    by_call: list[float] = field(default_factory=list)
    by_client: list[float] = field(default_factory=list)
    rollouts: list[float] = field(default_factory=list)
    streams: list[float] = field(default_factory=list)
    execs: list[float] = field(default_factory=list)
    bare_streams: list[float] = field(default_factory=list)
    shells: list[float] = field(default_factory=list)


async def measure(bench: Bench) -> list[Figure]:
    """Interleaved in rounds, so that whatever else the machine does falls on all of them.

    What blocks is measured as it is used, in a program of its own and one after the other, as is `docker exec`; the others in turn.
    """
    rounds = bench.rounds(10, 3)
    async with contextlib.AsyncExitStack() as stack:
        idle = stack.enter_context(container(bench.engine, "sleep", "600"))
        shell = stack.enter_context(attached_shell(bench.engine))
        program = await stack.enter_async_context(blocking.program(bench.server.target))
        rollout = bench.player.rollout()
        episode = await bench.player.reset()

        async def one_round(times: _Times) -> None:
            times.execs += [exec_true(idle) for _ in range(_EXECS_A_ROUND)]
            times.over_stream += await program.take("stream", _STEPS_A_ROUND)
            times.by_call += await program.take("call", _STEPS_A_ROUND)
            times.by_client += await program.take("client", _STEPS_A_ROUND)
            for _ in range(_STEPS_A_ROUND):
                times.rollouts.append(await rollout.step(episode.next_step(BUILTIN)))
                times.streams.append((await episode.step(BUILTIN)).seconds)
                times.bare_streams.append(await bench.floor_player.bare_step())
                times.shells.append(shell.run(BUILTIN)[0])

        await one_round(_Times())  # not measured: connections, caches
        times = _Times()
        for number in range(rounds):
            bench.progress.round(number, rounds)
            await one_round(times)
        await rollout.close()
        await episode.close()
    return _figures(times)


def _figures(times: _Times) -> list[Figure]:
    execs = p50(milliseconds(times.execs))
    stream, bare, shell = p50(milliseconds(times.streams)), p50(milliseconds(times.bare_streams)), p50(milliseconds(times.shells))
    faster = Bound(Compare.TIMES_FASTER, 30, at_least=True, aim=50)
    ways = {
        "blocking": times.over_stream,
        "blocking, a call each": times.by_call,
        "by the client": times.by_client,
        "in a rollout": times.rollouts,
    }
    return [
        *(
            Figure(NAME, f"Step of a builtin, {way}, p50", p50(milliseconds(taken)), "ms", "docker exec", execs, faster)
            for way, taken in ways.items()
        ),
        Figure(
            NAME, "Step of a builtin, asyncio, p50", stream, "ms", "gRPC stream + bare shell", bare + shell, Bound(Compare.TIMES_FLOOR, 1.5)
        ),
        Figure(NAME, "Step of a builtin, asyncio, p99", p99(milliseconds(times.streams)), "ms", "its p50", stream),
        Figure(NAME, "gRPC stream that does nothing, p50", bare, "ms"),
        Figure(NAME, "bare shell on an attach stream, p50", shell, "ms"),
    ]
