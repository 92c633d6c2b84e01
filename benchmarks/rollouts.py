"""How fast steps are over one stream: one episode beside a bare stream and a bare shell, and 64 of them as fast as they can."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.floors import attached_shell
from benchmarks.player import BUILTIN, Rollout
from benchmarks.stats import milliseconds, p50, p99
from codecraft.v1 import environment_pb2 as pb

NAME = "rollout"
MANY_NAME = "rollout-64"
EPISODES = 64
_STEPS_A_ROUND = 50


async def measure(bench: Bench) -> list[Figure]:
    """One episode, interleaved in rounds, so that whatever else the machine does falls on all of them."""
    steps: list[float] = []
    bares: list[float] = []
    shells: list[float] = []
    rounds = bench.rounds(10, 3)
    with contextlib.ExitStack() as stack:
        shell = stack.enter_context(attached_shell(bench.engine))
        episode = await bench.player.reset()
        rollout, bare = bench.player.rollout(), bench.floor_player.rollout()
        for _ in range(_STEPS_A_ROUND):  # not measured: connections, caches
            await rollout.step(episode.next_step(BUILTIN))
            await bare.step(pb.StepRequest())
            shell.run(BUILTIN)
        for number in range(rounds):
            bench.progress.round(number, rounds)
            for _ in range(_STEPS_A_ROUND):
                steps.append(await rollout.step(episode.next_step(BUILTIN)))
                bares.append(await bare.step(pb.StepRequest()))
                shells.append(shell.run(BUILTIN)[0])
        await rollout.close()
        await bare.close()
        await episode.close()
    step, floor = p50(milliseconds(steps)), p50(milliseconds(bares)) + p50(milliseconds(shells))
    return [
        Figure(NAME, "Step of a builtin in a rollout, p50", step, "ms", "bidi stream + bare shell", floor, Bound(Compare.TIMES_FLOOR, 1.5)),
        Figure(NAME, "Step of a builtin in a rollout, p99", p99(milliseconds(steps)), "ms", "its p50", step),
        Figure(NAME, "bidi stream that does nothing, p50", p50(milliseconds(bares)), "ms"),
    ]


async def measure_many(bench: Bench) -> list[Figure]:
    """All of them on one stream, each with one step under way at any time; the same with the server that does nothing."""
    seconds = bench.rounds(10, 3)
    episodes = [await bench.player.reset() for _ in range(EPISODES)]
    bench.progress.round(0, 2)
    times, taken = await _fast_as_they_can(bench.player.rollout(), lambda number: episodes[number].next_step(BUILTIN), seconds)
    bench.progress.round(1, 2)
    bare, _ = await _fast_as_they_can(bench.floor_player.rollout(), lambda _: pb.StepRequest(), seconds)
    await asyncio.gather(*(episode.close() for episode in episodes))
    median, rate = p50(milliseconds(times)), len(times) / seconds
    return [
        Figure(MANY_NAME, f"steps of {EPISODES} episodes", rate, "/s", "the same, bidi stream", len(bare) / seconds),
        Figure(MANY_NAME, f"steps of {EPISODES} episodes", rate, "/s", bound=Bound(Compare.VALUE, 1000, at_least=True)),
        Figure(MANY_NAME, "one of these steps, p99", p99(milliseconds(times)), "ms", "its p50", median, Bound(Compare.TIMES_FLOOR, 20)),
        Figure(
            MANY_NAME,
            "steps of the episode that got the fewest",
            min(taken),
            "",
            "the mean",
            len(times) / EPISODES,
            Bound(Compare.TIMES_FLOOR, 0.5, at_least=True),
        ),
    ]


async def _fast_as_they_can(rollout: Rollout, request: Callable[[int], pb.StepRequest], seconds: float) -> tuple[list[float], list[int]]:
    """Step for so long. Returns the seconds that each step took, and how many each episode has taken."""
    times: list[float] = []
    taken, sent = [0] * EPISODES, [0.0] * EPISODES
    end = time.perf_counter() + seconds
    for number in range(EPISODES):
        sent[number] = time.perf_counter()
        await rollout.send(number, request(number))
    while time.perf_counter() < end:
        number = await rollout.receive()
        now = time.perf_counter()
        times.append(now - sent[number])
        taken[number] += 1
        sent[number] = now
        await rollout.send(number, request(number))
    for _ in range(EPISODES):
        await rollout.receive()
    await rollout.close()
    return times, taken
