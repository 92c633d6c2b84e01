"""How fast a step is: a builtin through the real server, beside `docker exec`, a bare shell and a bare gRPC stream."""

import contextlib

from benchmarks.bench import Bench
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.floors import attached_shell, container, exec_true
from benchmarks.stats import milliseconds, p50, p99

NAME = "step"
BUILTIN = b":"
_STEPS_A_ROUND = 50
_EXECS_A_ROUND = 5


async def measure(bench: Bench) -> list[Figure]:
    """Interleaved in rounds, so that whatever else the machine does falls on all of them."""
    steps: list[float] = []
    execs: list[float] = []
    shells: list[float] = []
    streams: list[float] = []
    rounds = bench.rounds(10, 3)
    with contextlib.ExitStack() as stack:
        idle = stack.enter_context(container(bench.engine, "sleep", "600"))
        shell = stack.enter_context(attached_shell(bench.engine))
        episode = await bench.player.reset()
        for each in range(_STEPS_A_ROUND):  # none of them measured: connections, caches
            await episode.step(BUILTIN)
            await bench.floor_player.bare_step()
            shell.run(BUILTIN)
            if each == 0:
                exec_true(idle)
        for number in range(rounds):
            bench.progress.round(number, rounds)
            execs += [exec_true(idle) for _ in range(_EXECS_A_ROUND)]
            for _ in range(_STEPS_A_ROUND):
                steps.append((await episode.step(BUILTIN)).seconds)
                streams.append(await bench.floor_player.bare_step())
                shells.append(shell.run(BUILTIN)[0])
        await episode.close()
    return _figures(milliseconds(steps), milliseconds(execs), milliseconds(streams), milliseconds(shells))


def _figures(steps: list[float], execs: list[float], streams: list[float], shells: list[float]) -> list[Figure]:
    floor = p50(streams) + p50(shells)
    return [
        Figure(
            NAME,
            "Step of a builtin, p50",
            p50(steps),
            "ms",
            "docker exec",
            p50(execs),
            Bound(Compare.TIMES_FASTER, 30, at_least=True, aim=50),
        ),
        Figure(NAME, "Step of a builtin, p50", p50(steps), "ms", "gRPC stream + bare shell", floor, Bound(Compare.TIMES_FLOOR, 1.5)),
        Figure(NAME, "Step of a builtin, p99", p99(steps), "ms", "its p50", p50(steps)),
        Figure(NAME, "gRPC stream that does nothing, p50", p50(streams), "ms"),
        Figure(NAME, "bare shell on an attach stream, p50", p50(shells), "ms"),
    ]
