"""The small parts under the episodes: places, leases, bells, tasks, time."""

import asyncio

import pytest
from fakes import FakeClock, settle

from codecraft_server.clock import RealClock, within
from codecraft_server.episodes.admission import Admission
from codecraft_server.episodes.leases import Lease
from codecraft_server.episodes.waiting import Bell, Feed, Household, cancel_soon
from codecraft_server.errors import NoCapacityError


async def test_places_are_given_in_order() -> None:
    """Whoever waits longest is next, and nobody overtakes."""
    admission = Admission(1, 2)
    positions: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    first, second, third = (admission.ask(positions[name].append) for name in "abc")
    with pytest.raises(NoCapacityError):
        admission.ask(lambda _: None)
    await first.granted()
    first.give_back()
    await second.granted()
    assert positions == {"a": [], "b": [1], "c": [2, 1]}
    second.give_back()
    await third.granted()
    assert (admission.taken, admission.waiting) == (1, 0)


async def test_a_place_given_back_twice_is_one_place() -> None:
    """Giving back again does nothing."""
    admission = Admission(1, 1)
    first = admission.ask(lambda _: None)
    first.give_back()
    first.give_back()
    admission.ask(lambda _: None)
    assert admission.taken == 1
    assert admission.ask(lambda _: None)
    assert admission.waiting == 1


async def test_a_wait_that_was_cancelled_takes_no_place() -> None:
    """When a waiting one is cancelled and gives back, the place goes to the next."""
    admission = Admission(1, 2)
    first, second, third = (admission.ask(lambda _: None) for _ in range(3))
    waiting = asyncio.ensure_future(second.granted())
    await settle()
    waiting.cancel()
    await settle()
    first.give_back()
    second.give_back()
    await third.granted()
    assert admission.taken == 1


async def test_a_lease_is_one_timer() -> None:
    """However often it is renewed, a lease has one timer, and none once it was cancelled or has expired."""
    clock, expired = FakeClock(), []
    lease = Lease(clock, 10.0, lambda: expired.append(clock.monotonic()))
    for _ in range(5):
        await clock.advance(6.0)
        lease.renew()
    assert (clock.pending, expired) == (1, [])
    lease.hold()
    await clock.advance(100.0)
    assert (lease.left_s, expired) == (10.0, [])
    lease.release()
    before = clock.monotonic()
    await clock.advance(100.0)
    assert expired == [before + 10.0]
    assert clock.pending == 0


async def test_a_bell_wakes_all_or_nobody() -> None:
    """A ring wakes whoever waits; without one each waits for its own time."""
    clock, bell = FakeClock(), Bell()
    waiting = [asyncio.ensure_future(bell.wait(clock, seconds)) for seconds in (5.0, 50.0, 50.0)]
    await clock.advance(5.0)
    waiting[2].cancel()
    await settle()
    bell.ring()
    assert await waiting[0] is False
    assert await waiting[1] is True
    assert clock.pending == 0


def test_a_feed_keeps_the_newest() -> None:
    """A follower that falls behind goes on with the oldest that is kept."""
    feed: Feed[int] = Feed(3)
    assert (feed.after(0), feed.last) == (None, None)
    for number in range(5):
        feed.publish(number)
    told, position = [], 0
    while (found := feed.after(position)) is not None:
        position, event = found
        told.append(event)
    assert (told, feed.last) == ([2, 3, 4], 4)


async def test_a_household_leaves_nobody_behind(caplog: pytest.LogCaptureFixture) -> None:
    """`aclose` cancels what runs, that which has not begun included, and waits; a task that broke is logged."""
    household, ran = Household(), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ran.append("finally")

    async def broken() -> None:
        raise RuntimeError("a defect")

    household.spawn(work(), "work")
    household.spawn(broken(), "broken")
    await household.aclose()
    assert ran == ["finally"]
    assert "a defect" in caplog.text


async def test_cancel_soon_lets_a_task_begin() -> None:
    """A task cancelled before its first step has its `finally` run all the same."""
    ran = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ran.append("finally")

    task = asyncio.ensure_future(work())
    cancel_soon(task)
    await asyncio.wait({task})
    assert ran == ["finally"]


async def test_within_cancels_and_waits() -> None:
    """Work that takes too long is cancelled and waited for; work in time is returned; the timer goes in any case."""
    clock, ended = FakeClock(), []

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def fast() -> int:
        return 7

    assert await within(clock, 5.0, fast()) == 7
    late = asyncio.ensure_future(within(clock, 5.0, slow()))
    await clock.advance(5.0)
    with pytest.raises(TimeoutError):
        await late
    cancelled = asyncio.ensure_future(within(clock, 5.0, slow()))
    await settle()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert (ended, clock.pending) == ([True, True], 0)


async def test_the_real_clock_is_the_machines() -> None:
    """The real clock goes forward and calls back."""
    clock, called = RealClock(), asyncio.Event()
    before = clock.monotonic()
    clock.call_later(0.001, called.set)
    await called.wait()
    assert clock.monotonic() > before
    assert clock.wall() > 1_700_000_000
