"""How fast the vector environment steps, beside the bare rollout client that it stands on, and Gymnasium's SyncVectorEnv.

The clients run in a thread of this process, one after the other: all three take the same steps of as many episodes in turn.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from benchmarks.bench import Bench
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.player import TASK
from codecraft_client import Text
from codecraft_client.calls import Answer, Close, Reset, Step
from codecraft_client.events import Ready
from codecraft_client.rollout import Rollout

NAME = "vector"
SIZES = (16, 64)
ACTION = '{"action": "command", "command": ":"}'

Together = Callable[[], None]  # takes a step of all episodes and waits for all


async def measure(bench: Bench) -> list[Figure]:
    """Each of the three opens its own episodes: together they would be more than there are places."""
    figures: list[Figure] = []
    seconds, target = bench.rounds(8, 2), bench.server.target
    for number, size in enumerate(SIZES):
        bench.progress.round(number, len(SIZES))
        ours = await asyncio.to_thread(_rate, partial(_environment, _ours(target, size)), size, seconds)
        bare = await asyncio.to_thread(_rate, partial(_rollout, target, size), size, seconds)
        theirs = await asyncio.to_thread(_rate, partial(_environment, _theirs(target, size)), size, seconds)
        faster = Bound(Compare.TIMES_FLOOR, 1.0, at_least=True)
        figures += [
            Figure(NAME, f"steps of {size} environments", ours, "/s", "SyncVectorEnv", theirs, faster),
            Figure(NAME, f"steps of {size} environments", ours, "/s", "the rollout client alone", bare),
        ]
    return figures


def _rate(opened: Callable[[], contextlib.AbstractContextManager[Together]], size: int, seconds: float) -> float:
    """Steps a second, of all of them."""
    with opened() as together:
        together()  # not measured: connections, caches
        rounds, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            together()
            rounds += 1
    return rounds * size / took


@contextlib.contextmanager
def _environment(make: Callable[[], Any]) -> Iterator[Together]:
    envs = make()
    try:
        envs.reset(seed=1)
        actions = (ACTION,) * envs.num_envs

        def together() -> None:
            envs.step(actions)

        yield together
    finally:
        envs.close()


def _ours(target: str, size: int) -> Callable[[], Any]:
    import gymnasium  # noqa: PLC0415 - it and NumPy take longer to come than the other benchmarks together

    from codecraft_client.gym import ENV_ID  # noqa: PLC0415 - likewise

    return partial(gymnasium.make_vec, ENV_ID, size, target=target, task=TASK)


def _theirs(target: str, size: int) -> Callable[[], Any]:
    import gymnasium  # noqa: PLC0415 - see above
    from gymnasium.vector import SyncVectorEnv  # noqa: PLC0415 - likewise

    from codecraft_client.gym import ENV_ID  # noqa: PLC0415 - likewise

    return lambda: SyncVectorEnv([partial(gymnasium.make, ENV_ID, target=target, task=TASK)] * size)


@contextlib.contextmanager
def _rollout(target: str, size: int) -> Iterator[Together]:
    """The same without Gymnasium."""
    with Rollout(target) as rollout:
        for place in range(size):
            rollout.send(place, Reset(TASK))
        keys = dict(_key(rollout.receive()) for _ in range(size))
        taken = 0

        def together() -> None:
            nonlocal taken
            for place, key in keys.items():
                rollout.send(place, Step(*key, taken, Text(ACTION)))
            for _ in keys:
                rollout.receive()
            taken += 1

        yield together
        for place, key in keys.items():
            rollout.send(place, Close(*key))
        for _ in keys:
            rollout.receive()


def _key(answer: Answer) -> tuple[int, tuple[str, str]]:
    ready = answer.result
    assert isinstance(ready, Ready), ready  # noqa: S101 - without its episodes there is nothing to measure
    return answer.correlation_id, (ready.episode_id, ready.episode_token)
