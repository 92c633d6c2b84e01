"""What an episode costs while its model thinks: memory of server and guest, and the server's processor time."""

import asyncio

from benchmarks import process
from benchmarks.bench import Bench
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.floors import memory_bytes
from benchmarks.player import Episode

NAME = "idle"
MIB = 1 << 20
_IDLE_S = 5.0


async def measure(bench: Bench) -> list[Figure]:
    """Open episodes, take a step in each, then let them be."""
    count = bench.rounds(16, 4)
    if not process.known():
        return [Figure(NAME, f"{count} idle episodes", None, "MiB each", note=process.NOT_LINUX)]
    before = process.resident_bytes(bench.server.pid)
    episodes: list[Episode] = []
    try:
        for number in range(count):
            bench.progress.round(number, count)
            episodes.append(await bench.player.reset())
            await episodes[-1].step(b":")
        grown = process.resident_bytes(bench.server.pid) - before
        share = await _idle_share(bench)
        guests = _guests(bench, {episode.episode_id for episode in episodes})
    finally:
        for episode in episodes:
            await episode.close()
    return [
        Figure(
            NAME, f"{count} idle episodes: server and guests", (grown + guests) / count / MIB, "MiB each", bound=Bound(Compare.VALUE, 25)
        ),
        Figure(NAME, "of this the guest and its shell", guests / count / MIB, "MiB each", note="the engine's own shim is not in it"),
        Figure(NAME, f"server's CPU with {count} idle episodes", 100 * share, "% of a core", bound=Bound(Compare.VALUE, 2)),
    ]


async def _idle_share(bench: Bench) -> float:
    before = process.cpu_seconds(bench.server.pid)
    await asyncio.sleep(_IDLE_S)
    return (process.cpu_seconds(bench.server.pid) - before) / _IDLE_S


def _guests(bench: Bench, episode_ids: set[str]) -> int:
    """Memory of these episodes' containers, in bytes."""
    ours = [str(each.id) for each in bench.engine.containers.list() if episode_ids & set(each.labels.values())]
    if len(ours) != len(episode_ids):
        raise AssertionError(f"{len(ours)} containers for {len(episode_ids)} episodes")
    return sum(memory_bytes(bench.engine, each) for each in ours)
