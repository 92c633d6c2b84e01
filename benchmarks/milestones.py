"""What a milestone adds to a step: the same builtin in a task with a file milestone and in one without, in turns."""

from benchmarks.bench import Bench
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.player import TASK_WITH_MILESTONE
from benchmarks.stats import milliseconds, p50, p99

NAME = "milestone"
_STEPS_A_ROUND = 50
_MOST_MS = 3.0


async def measure(bench: Bench) -> list[Figure]:
    """Interleaved step by step, so that whatever else the machine does falls on both."""
    plain_s: list[float] = []
    looked_s: list[float] = []
    rounds = bench.rounds(10, 3)
    plain, looked = await bench.player.reset(), await bench.player.reset(TASK_WITH_MILESTONE)
    for _ in range(_STEPS_A_ROUND):  # none of them measured: connections, caches
        await plain.step(b":")
        await looked.step(b":")
    for number in range(rounds):
        bench.progress.round(number, rounds)
        for _ in range(_STEPS_A_ROUND):
            plain_s.append((await plain.step(b":")).seconds)
            looked_s.append((await looked.step(b":")).seconds)
    await plain.close()
    await looked.close()
    without, with_one = milliseconds(plain_s), milliseconds(looked_s)
    return [
        Figure(NAME, "What a file milestone adds to a step, p50", p50(with_one) - p50(without), "ms", bound=Bound(Compare.VALUE, _MOST_MS)),
        Figure(NAME, "Step with a file milestone, p50", p50(with_one), "ms", "step without", p50(without), Bound(Compare.TIMES_FLOOR, 3)),
        Figure(NAME, "Step with a file milestone, p99", p99(with_one), "ms", "its p50", p50(with_one)),
    ]
