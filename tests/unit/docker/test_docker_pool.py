"""The warm pool with sandboxes of scripted guests."""

import asyncio
from dataclasses import replace

import pytest
from contract.sandbox_contract import SPEC
from scripted_guest import ScriptedGuest

from codecraft_server.docker.frames import FrameType
from codecraft_server.docker.pool import WarmPool
from codecraft_server.docker.sandbox import DockerSandbox
from codecraft_server.errors import SandboxLostError, SandboxStartError
from codecraft_server.sandbox import SandboxSpec

OTHER = replace(SPEC, image="other")


class Guests:
    """Makes sandboxes at once and remembers their guests; `failures` starts fail first."""

    def __init__(self) -> None:
        self.made: list[tuple[SandboxSpec, ScriptedGuest]] = []
        self.failures = 0

    async def make(self, spec: SandboxSpec) -> DockerSandbox:
        """See `WarmPool`."""
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise SandboxStartError("scripted")
        guest = AnsweringGuest()
        self.made.append((spec, guest))
        return guest.sandbox()


class AnsweringGuest(ScriptedGuest):
    """Says that every path is a directory."""

    def write(self, data: bytes) -> None:
        """See `ScriptedGuest`."""
        super().write(data)
        if self.got[-1].type is FrameType.STAT:
            self.say(FrameType.DONE, self.got[-1].id, {"type": "dir", "size": 0, "mode": 0o755})


@pytest.fixture
async def guests() -> Guests:
    """None made yet."""
    return Guests()


def pool_of(guests: Guests, max_warm: int = 4) -> tuple[WarmPool, asyncio.Event]:
    idle = asyncio.Event()
    idle.set()
    pool = WarmPool(guests.make, idle, max_warm)
    pool.start()
    return pool, idle


async def settle() -> None:
    """Let all that can happen without time passing happen."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_a_level_is_reached_and_kept(guests: Guests) -> None:
    """As many as wanted stand ready, and a claimed one is replaced."""
    pool, _ = pool_of(guests)
    assert pool.want(SPEC, 2) == 0
    await settle()
    assert pool.ready([SPEC, SPEC, OTHER]) == 2
    assert await pool.claim(SPEC) is not None
    await settle()
    assert (pool.count, len(guests.made)) == (2, 3)
    assert await pool.claim(OTHER) is None
    await pool.close()


async def test_the_bound_goes_to_the_most_recently_used(guests: Guests) -> None:
    """Over the bound the spec used last has its level, the other gives way."""
    pool, _ = pool_of(guests, max_warm=4)
    pool.want(SPEC, 3)
    await settle()
    pool.want(OTHER, 3)
    await settle()
    assert (pool.ready([SPEC]), pool.ready([OTHER])) == (1, 3)
    pool.want(SPEC, 100)
    await settle()
    assert (pool.ready([SPEC]), pool.ready([OTHER])) == (4, 0)
    await pool.close()


async def test_nothing_is_started_while_somebody_waits(guests: Guests) -> None:
    """Refill waits until no cold start is under way."""
    pool, idle = pool_of(guests)
    idle.clear()
    pool.want(SPEC, 1)
    await settle()
    assert guests.made == []
    idle.set()
    await settle()
    assert len(guests.made) == 1
    await pool.close()


async def test_a_dead_one_is_not_handed_out(guests: Guests) -> None:
    """A sandbox that was lost while it stood ready is passed over, and replaced."""
    pool, _ = pool_of(guests)
    pool.want(SPEC, 2)
    await settle()
    guests.made[0][1].link.lose(SandboxLostError("gone", "killed"))
    assert pool.ready([SPEC]) == 1
    claimed = await pool.claim(SPEC)
    assert claimed is not None
    assert claimed.alive
    await settle()
    assert pool.ready([SPEC]) == 2
    await pool.close()


async def test_one_that_does_not_answer_is_closed(guests: Guests, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim asks the guest; who stays silent is closed and never claimed."""
    monkeypatch.setattr("codecraft_server.docker.pool._PROBE_S", 0.01)
    pool, _ = pool_of(guests)
    pool.want(SPEC, 1)
    await settle()
    silent = guests.made[0][1]
    monkeypatch.setattr(silent, "say", lambda *_: None)
    assert await pool.claim(SPEC) is None
    assert silent.got[-1].type is FrameType.SHUTDOWN
    await pool.close()


async def test_failing_starts_are_tried_again(guests: Guests, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that fails is retried with pauses, and the pool recovers."""
    monkeypatch.setattr("codecraft_server.docker.pool._RETRY_S", 0.0)
    guests.failures = 3
    pool, _ = pool_of(guests)
    pool.want(SPEC, 1)
    await settle()
    assert (pool.count, guests.failures) == (1, 0)
    await pool.close()


async def test_closing_closes_what_stands_ready(guests: Guests) -> None:
    """A closed pool has shut every sandbox down."""
    pool, _ = pool_of(guests)
    pool.want(SPEC, 3)
    await settle()
    await pool.close()
    assert [guest.got[-1].type for _, guest in guests.made] == [FrameType.SHUTDOWN] * 3
    assert pool.count == 0
