"""What only the asynchronous client has: that it is the synchronous one's image, and what a cancelled task means."""

import asyncio
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from scripted_service import Script, printed

import codecraft_client
from codecraft_client import Output, RetryPolicy, RunCommand, Timeouts, errors
from codecraft_client.aio import AsyncClient, AsyncControlClient, AsyncEpisode, AsyncResetting, AsyncRunning, primitives

GENERATOR = Path(codecraft_client.__file__).parent / "aio" / "generate.py"
PAIRS = [
    (codecraft_client.Client, AsyncClient),
    (codecraft_client.ControlClient, AsyncControlClient),
    (codecraft_client.ControlClient, AsyncControlClient),
    (codecraft_client.Episode, AsyncEpisode),
    (codecraft_client.Running, AsyncRunning),
    (codecraft_client.Resetting, AsyncResetting),
]


@pytest.fixture
async def client(target: str) -> AsyncIterator[AsyncClient]:
    """An asynchronous client of the scripted server that retries quickly."""
    retry = RetryPolicy(window_s=5, first_s=0.001, longest_s=0.05)
    async with AsyncClient(target, retry=retry, timeouts=Timeouts(call_s=5)) as client:
        yield client


def test_the_committed_modules_are_what_the_generator_writes() -> None:
    """Nobody has changed one side alone."""
    done = subprocess.run([sys.executable, GENERATOR, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[one.__name__ for one, _ in PAIRS])
def test_both_clients_have_the_same_methods_and_arguments(one: type, other: type) -> None:
    """Public names, kinds and defaults of arguments are equal; annotations but for the prefix."""
    assert public(one) == public(other)


def public(kind: type) -> dict[str, str]:
    members = {name: member for name, member in inspect.getmembers(kind) if not name.startswith("_") or name == "__init__"}
    return {name: signature(member) for name, member in members.items()}


def signature(member: Any) -> str:
    text = str(inspect.signature(member)) if callable(member) else type(member).__name__
    return text.replace("codecraft_client.aio.", "codecraft_client.").replace("Async", "")


async def test_a_cancelled_task_has_dropped_its_call_and_nothing_else(client: AsyncClient, script: Script) -> None:
    """Who waits and is cancelled leaves the step running; waiting again takes it up where it was left, and it has run once."""
    async with await client.reset("1") as episode:
        running = await episode.run("wait")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(running.result(), 0.1)
        assert not running.finished
        script.release.set()
        assert (await running.result()).step_index == 0
    assert script.ran == [b"wait"]
    assert script.calls.count("Resume") == 1


async def test_cancelling_in_the_middle_of_a_stream_loses_no_byte(client: AsyncClient) -> None:
    """Iteration that is cancelled at any event goes on behind the last event that was seen."""
    async with await client.reset("1") as episode:
        running = await episode.run("print 50000")
        data, left = b"", 40
        while not running.finished:
            try:
                async with asyncio.timeout(0.001 if left > 0 else None):
                    async for event in running:
                        data += event.data if isinstance(event, Output) else b""
            except TimeoutError:
                left -= 1
        assert data == printed(50000)


async def test_cancel_stops_what_runs(client: AsyncClient, script: Script) -> None:
    """`cancel` of a running step interrupts it, from another task."""
    async with await client.reset("1") as episode:
        running = await episode.run("wait")
        waiting = asyncio.create_task(running.result())
        await running.cancel()
        assert (await waiting).step_index == 0
    assert script.calls.count("Interrupt") == 1


async def test_detaching_wakes_who_waits_for_a_new_attempt(target: str) -> None:
    """A call that waits to be tried again ends at once when it is given up."""
    async with AsyncClient("127.0.0.1:1", retry=RetryPolicy(first_s=60, longest_s=60)) as client:
        del target
        client._connection._greeted = True
        client._connection.transport.answered = True
        opening = await client.resetting("1")
        waiting = asyncio.create_task(opening.episode())
        await asyncio.sleep(0.1)
        opening.detach()
        async with asyncio.timeout(10):
            with pytest.raises(errors.DetachedError):
                await waiting


async def test_many_episodes_at_once(client: AsyncClient) -> None:
    """One client plays many episodes side by side without mixing anything up."""

    async def play(size: int) -> bool:
        episode = await client.reset("1", request_id="shared")
        return (await client.task(str(size))).task_id == str(size) and (await episode.status()).next_step_index >= 0

    assert all(await asyncio.gather(*(play(size) for size in range(32))))


async def test_tasks_come_in_pages(client: AsyncClient) -> None:
    """An asynchronous iteration asks for the next page when it needs it."""
    assert [task.task_id async for task in client.tasks()] == ["1", "2", "3"]


async def test_leaving_the_block_closes_the_episode(client: AsyncClient, script: Script) -> None:
    """Also when the task that is in it is cancelled."""

    async def play() -> None:
        async with await client.reset("1") as episode:
            await episode.step(RunCommand("wait"))

    task = asyncio.create_task(play())
    while not script.ran:  # noqa: ASYNC110 - the server is in threads; it can only be asked
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert script.closed.is_set()


async def test_an_event_is_waited_for_no_longer_than_was_said() -> None:
    """True when it is set, False when it takes longer, and it stays set."""
    event = primitives.Event()
    assert not await event.wait(0.0)
    asyncio.get_running_loop().call_soon(event.set)
    assert await event.wait(10.0)
    assert event.is_set()
    assert await event.wait(0.0)
