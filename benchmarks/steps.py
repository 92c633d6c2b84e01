"""How fast a step is: a builtin, blocking, in a rollout and from asyncio; beside `docker exec`, a bare shell and a bare stream."""

import contextlib
from dataclasses import dataclass, field

from benchmarks.bench import Bench
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.floors import attached_shell, container, exec_true
from benchmarks.stats import milliseconds, p50, p99

NAME = "step"
BUILTIN = b":"
_STEPS_A_ROUND = 50
_EXECS_A_ROUND = 5


@dataclass(slots=True)
class _Times:
    """Seconds of each."""

    steps: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    rollouts: list[float] = field(default_factory=list)
    streams: list[float] = field(default_factory=list)
    execs: list[float] = field(default_factory=list)
    bare_streams: list[float] = field(default_factory=list)
    shells: list[float] = field(default_factory=list)


async def measure(bench: Bench) -> list[Figure]:
    """Interleaved in rounds, so that whatever else the machine does falls on all of them."""
    rounds = bench.rounds(10, 3)
    with contextlib.ExitStack() as stack:
        idle = stack.enter_context(container(bench.engine, "sleep", "600"))
        shell = stack.enter_context(attached_shell(bench.engine))
        blocking = stack.enter_context(contextlib.closing(bench.player.blocking()))
        rollout = bench.player.rollout()
        episode = await bench.player.reset()

        async def one(times: _Times) -> None:
            times.steps.append(blocking.step(episode.next_step(BUILTIN)))
            times.calls.append(blocking.call(episode.next_step(BUILTIN)))
            times.rollouts.append(await rollout.step(episode.next_step(BUILTIN)))
            times.streams.append((await episode.step(BUILTIN)).seconds)
            times.bare_streams.append(await bench.floor_player.bare_step())
            times.shells.append(shell.run(BUILTIN)[0])

        exec_true(idle)
        for _ in range(_STEPS_A_ROUND):  # none of them measured: connections, caches
            await one(_Times())
        times = _Times()
        for number in range(rounds):
            bench.progress.round(number, rounds)
            times.execs += [exec_true(idle) for _ in range(_EXECS_A_ROUND)]
            for _ in range(_STEPS_A_ROUND):
                await one(times)
        await rollout.close()
        await episode.close()
    return _figures(times)


def _figures(times: _Times) -> list[Figure]:
    step, call = p50(milliseconds(times.steps)), p50(milliseconds(times.calls))
    rollout, execs = p50(milliseconds(times.rollouts)), p50(milliseconds(times.execs))
    stream, bare, shell = p50(milliseconds(times.streams)), p50(milliseconds(times.bare_streams)), p50(milliseconds(times.shells))
    faster = Bound(Compare.TIMES_FASTER, 30, at_least=True, aim=50)
    return [
        Figure(NAME, "Step of a builtin, blocking, p50", step, "ms", "docker exec", execs, faster),
        Figure(NAME, "Step of a builtin, blocking, by a call of its own, p50", call, "ms", "docker exec", execs, faster),
        Figure(NAME, "Step of a builtin in a rollout, p50", rollout, "ms", "docker exec", execs, faster),
        Figure(
            NAME, "Step of a builtin, asyncio, p50", stream, "ms", "gRPC stream + bare shell", bare + shell, Bound(Compare.TIMES_FLOOR, 1.5)
        ),
        Figure(NAME, "Step of a builtin, asyncio, p99", p99(milliseconds(times.streams)), "ms", "its p50", stream),
        Figure(NAME, "gRPC stream that does nothing, p50", bare, "ms"),
        Figure(NAME, "bare shell on an attach stream, p50", shell, "ms"),
    ]
