"""How long it takes from a command's time-out to the result that says its whole process tree is gone."""

from benchmarks.bench import Bench
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.stats import milliseconds, p50, percentile
from codecraft.v1 import types_pb2

NAME = "death"
TIMEOUT_S = 0.2
TREE = b"for i in 1 2 3 4 5; do (setsid sh -c 'trap \"\" TERM HUP; sleep 100; :' &); done; sleep 100"


async def measure(bench: Bench) -> list[Figure]:
    """A tree with daemons that ignore TERM, killed again and again."""
    rounds = bench.rounds(20, 5)
    late: list[float] = []
    episode = await bench.player.reset()
    for number in range(rounds):
        bench.progress.round(number, rounds)
        stepped = await episode.step(TREE, timeout_s=TIMEOUT_S)
        end = stepped.result.observation.command_end
        if end.reason != types_pb2.END_REASON_TIMED_OUT or end.background:
            raise AssertionError(f"the tree did not die of its time-out: {end}")
        late.append(stepped.seconds - TIMEOUT_S)
    await episode.close()
    return [
        Figure(NAME, "from time-out to verified death, p50", p50(milliseconds(late)), "ms", bound=Bound(Compare.VALUE, 100)),
        Figure(NAME, "from time-out to verified death, p90", percentile(milliseconds(late), 0.9), "ms"),
    ]
