"""How fast output flows, and what it costs the server: 100 MB streamed, and `yes` that nobody watches."""

import asyncio
from typing import Self

from benchmarks import process
from benchmarks.bench import Bench
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.floors import attached_shell
from benchmarks.player import Episode
from benchmarks.stats import p50

NAME = "output"
YES_NAME = "yes"
MB = 1_000_000
MIB = 1 << 20
_SAMPLE_S = 0.02


class Watch:
    """The largest resident memory of a process while the block lasts, beyond what it had when it began."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = process.resident_bytes(pid)
        self._most = self._before
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._sample())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._look()

    def _look(self) -> None:
        self._most = max(self._most, process.resident_bytes(self._pid))

    async def _sample(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(_SAMPLE_S)

    @property
    def growth_mib(self) -> float:
        """In MiB."""
        return (self._most - self._before) / MIB


async def measure(bench: Bench) -> list[Figure]:
    """100 MB through Step (read whole by the client), beside the same bytes on a bare attach stream."""
    size = bench.rounds(100, 20) * MB
    rounds = bench.rounds(3, 1)
    command = b"dd if=/dev/zero bs=1000000 count=%d 2>/dev/null" % (size // MB)
    ours: list[float] = []
    floors: list[float] = []
    growth: float | None = None
    episode = await bench.player.reset()
    await episode.step(b"dd if=/dev/zero bs=1000000 count=1 2>/dev/null", stream=True)  # not measured
    with attached_shell(bench.engine) as shell:
        for number in range(rounds):
            bench.progress.round(number, rounds)
            floors.append(size / MB / shell.run(command)[0])
            if process.known():
                async with Watch(bench.server.pid) as watch:
                    ours.append(await _streamed(episode, command, size))
                growth = max(growth or 0.0, watch.growth_mib)
            else:
                ours.append(await _streamed(episode, command, size))
    await episode.close()
    megabytes = size // MB
    return [
        Figure(
            NAME,
            f"{megabytes} MB through Step",
            p50(ours),
            "MB/s",
            "bare attach stream",
            p50(floors),
            Bound(Compare.TIMES_FLOOR, 0.6, at_least=True),
        ),
        Figure(
            NAME,
            f"growth of the server's memory by {megabytes} MB",
            growth,
            "MiB",
            bound=Bound(Compare.VALUE, 32),
            note="" if growth is not None else process.NOT_LINUX,
        ),
    ]


async def _streamed(episode: Episode, command: bytes, size: int) -> float:
    stepped = await episode.step(command, stream=True)
    if stepped.streamed_bytes != size:
        raise AssertionError(f"{stepped.streamed_bytes} of {size} bytes came")
    return size / MB / stepped.seconds


async def measure_yes(bench: Bench) -> list[Figure]:
    """`yes` for five seconds with nobody watching: it costs its own sandbox, not the server."""
    seconds = bench.rounds(5, 2)
    what = f"`yes` for {seconds} s, not streamed"
    if not process.known():
        return [Figure(YES_NAME, what, None, "%", note=process.NOT_LINUX)]
    episode = await bench.player.reset()
    await episode.step(b":")
    before = process.cpu_seconds(bench.server.pid)
    async with Watch(bench.server.pid) as watch:
        stepped = await episode.step(b"yes", timeout_s=seconds)
    used = process.cpu_seconds(bench.server.pid) - before
    await episode.close()
    printed = stepped.result.observation.command_end.out_bytes / MB
    return [
        Figure(
            YES_NAME,
            f"{what}: server's CPU",
            100 * used / stepped.seconds,
            "% of a core",
            bound=Bound(Compare.VALUE, 5),
            note=f"it printed {printed:,.0f} MB",
        ),
        Figure(YES_NAME, f"{what}: growth of the server's memory", watch.growth_mib, "MiB", bound=Bound(Compare.VALUE, 8)),
    ]
