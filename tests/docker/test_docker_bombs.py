"""A command that multiplies without end: how soon it is over after its time-out, and that nobody else is ended or kept waiting."""

import asyncio
from dataclasses import replace

import pytest
from contract.sandbox_contract import MIB, SPEC, run
from docker_helpers import Opener

from codecraft_server.sandbox import EndReason, Limits

pytestmark = [pytest.mark.docker, pytest.mark.alone, pytest.mark.asyncio(loop_scope="module")]

# Each of its processes forks without a rest, so a shell's time goes into forks that fail, and no other gets a turn.
BOMB = b"(bomb() { while :; do bomb & done; }; bomb) >/dev/null 2>&1 & while :; do :; done"
TIME_S = 0.3
DASH = replace(  # noqa: S604 - `shell` is a path in the sandbox
    SPEC,
    image="codecraft/debian:1",
    shell=b"/bin/dash",
    limits=Limits(cpus=2.0, memory_bytes=192 * MIB, disk_bytes=32 * MIB, pids=256),
)
FAIR_CPU_S = 12.0
"""Of three bombs together. Stopping one process after the other took 5.9 to 14.5 s each on the machine where 1.4 to 2.3 s are usual."""


async def test_a_bomb_is_over_soon_after_its_time(opened: Opener) -> None:
    """All of it is gone, and had little time of the processors beyond what it was given."""
    used = 0.0
    for _ in range(3):
        sandbox = await opened(DASH)
        ended = (await run(sandbox, BOMB, timeout_s=TIME_S)).ended
        assert (ended.reason, ended.unkilled) == (EndReason.TIMED_OUT, 0)
        used += ended.usage.cpu_s
        await sandbox.close()
    assert used < FAIR_CPU_S, f"three bombs used {used:.1f} s of the processors"


async def test_a_bomb_takes_nobody_with_it(opened: Opener) -> None:
    """Jobs of earlier commands run on, or stand still as they did; other sessions begin and end commands while the bomb is ended."""
    sandbox = await opened(DASH)
    await run(sandbox, b"(i=0; while :; do i=$((i+1)); echo $i >count; done) & sleep 1000 & kill -STOP $!; echo $! >stopped")
    await run(sandbox, b":", session="other")

    async def others() -> None:
        """Programs of another session, one after the other; at the limit of processes the shell can't start them, and says so."""
        for _ in range(20):
            assert (await run(sandbox, b"/bin/true; :", session="other")).ended.reason is EndReason.EXITED

    bombs = [await run(sandbox, BOMB, timeout_s=TIME_S)]
    beside = asyncio.create_task(others())
    bombs.append(await run(sandbox, BOMB, timeout_s=TIME_S))
    await beside
    assert [(bomb.ended.reason, bomb.ended.unkilled) for bomb in bombs] == [(EndReason.TIMED_OUT, 0)] * 2
    state = await run(sandbox, b'cut -d" " -f3 "/proc/$(cat stopped)/stat"', session="other")
    assert state.text() == b"T\n"
    was = await run(sandbox, b'until was=$(cat count); [ -n "$was" ]; do :; done; echo "$was"')
    grown = b'until [ "$(cat count)" -gt ' + was.text().strip() + b" ] 2>/dev/null; do :; done; echo grown"
    assert (await run(sandbox, grown, session="other")).text() == b"grown\n"
