"""The link: who gets which answer, when the lease is renewed, and that a loss reaches everybody."""

import asyncio

import pytest
from each import each
from scripted_guest import ScriptedGuest, packet

from codecraft_server.docker.frames import FrameType, encode
from codecraft_server.docker.link import GuestRefusalError
from codecraft_server.errors import SandboxLostError


@pytest.fixture
async def guest() -> ScriptedGuest:
    """A guest and its link, on the test's loop."""
    return ScriptedGuest()


async def test_answers_find_their_requests(guest: ScriptedGuest) -> None:
    """Answers that come in another order, with data in between, reach those who asked."""
    one = asyncio.create_task(guest.link.request(FrameType.READ, {}, timeout_s=5))
    two = asyncio.create_task(guest.link.request(FrameType.STAT, {}, timeout_s=5))
    await guest.next_request(FrameType.STAT)
    assert [frame.id for frame in guest.got] == [1, 2]
    guest.say(FrameType.DATA, 1, {"offset": 0}, b"ab")
    guest.say(FrameType.DONE, 2, {"size": 9})
    guest.say(FrameType.DATA, 1, {"offset": 2}, b"cd")
    guest.say(FrameType.DONE, 1, {"size": 4})
    assert (await two).header == {"size": 9}
    assert (await one).data == [b"ab", b"cd"]


async def test_a_refusal_is_an_exception(guest: ScriptedGuest) -> None:
    """FAILED reaches who asked, and the link stands."""
    asked = asyncio.create_task(guest.link.request(FrameType.STAT, {}, timeout_s=5))
    await guest.next_request(FrameType.STAT)
    guest.say(FrameType.FAILED, 1, {"error": "not_found", "message": "no such file"})
    with pytest.raises(GuestRefusalError) as caught:
        await asked
    assert caught.value.word == "not_found"
    assert guest.link.lost is None


async def test_hello_is_the_first_word(guest: ScriptedGuest) -> None:
    """The guest's HELLO is there for who waits for it."""
    guest.say(FrameType.HELLO, 0, {"protocol": 1})
    assert await guest.link.hello == {"protocol": 1}


async def test_the_lease_is_renewed_while_the_link_stands(guest: ScriptedGuest) -> None:
    """A RENEW goes out every 8 seconds from the start on, none before, and none after the loss."""
    guest.clock.advance(60)
    assert guest.got == []
    guest.link.start_renewing()
    guest.clock.advance(7.9)
    assert guest.got == []
    guest.clock.advance(24.1)
    assert [(frame.type, frame.id, frame.header) for frame in guest.got] == [(FrameType.RENEW, 0, {"lease_ms": 30000})] * 4
    guest.link.lose(SandboxLostError("gone", "gone"))
    guest.clock.advance(60)
    assert len(guest.got) == 4


async def test_a_loss_reaches_everybody(guest: ScriptedGuest) -> None:
    """When the link is lost all who wait are told the cause, who asks later too, and its owner once."""
    asked = [asyncio.create_task(guest.link.request(FrameType.STAT, {}, timeout_s=5)) for _ in range(3)]
    await guest.next_request(FrameType.STAT)
    guest.link.lose(SandboxLostError("the engine went away", "engine"))
    guest.link.lose(SandboxLostError("something else", "gone"))
    for one in asked:
        with pytest.raises(SandboxLostError) as caught:
            await one
        assert caught.value.cause == "engine"
    with pytest.raises(SandboxLostError, match="the engine went away"):
        await guest.link.request(FrameType.STAT, {}, timeout_s=5)
    with pytest.raises(SandboxLostError):
        await guest.link.hello
    assert guest.lost == 1


WRONG = {
    "checksum": packet(encode(FrameType.DONE, 1)[:-1] + b"\xff"),
    "answer to nothing": packet(encode(FrameType.DONE, 99)),
    "no answer": packet(encode(FrameType.HELLO, 1)),
    "no message": packet(encode(FrameType.FAILED, 1, {"message": "no error word"})),
    "refusal of the link": packet(encode(FrameType.FAILED, 0, {"error": "internal", "message": "oops"})),
    "stream": packet(b"x", stream=9),
}


@each("data", WRONG)
async def test_a_broken_protocol_loses_the_link(data: bytes) -> None:
    """Whatever breaks the protocol ends the link with the cause `protocol`, and nobody waits on."""
    guest = ScriptedGuest()
    asked = asyncio.create_task(guest.link.request(FrameType.STAT, {}, timeout_s=5))
    await guest.next_request(FrameType.STAT)
    guest.link.receive(data)
    with pytest.raises(SandboxLostError) as caught:
        await asked
    assert caught.value.cause == "protocol"
    guest.say(FrameType.DONE, 1)
    assert guest.lost == 1


async def test_a_guest_that_does_not_answer_is_given_up(guest: ScriptedGuest) -> None:
    """A request has a time-out, after which the sandbox counts as lost."""
    with pytest.raises(SandboxLostError, match="did not answer"):
        await guest.link.request(FrameType.STAT, {}, timeout_s=0.01)
    assert guest.link.lost is not None


async def test_a_guest_that_takes_nothing_is_given_up(guest: ScriptedGuest) -> None:
    """Files and commands for a guest that has stopped reading don't wait for ever: the sandbox is lost."""
    guest.takes.clear()
    with pytest.raises(SandboxLostError, match="took nothing") as caught:
        await asyncio.wait_for(guest.sandbox().write_file(b"large", bytes(4 * 2**20), mode=None, offset=None), 5.0)
    assert caught.value.cause == "gone"
    assert guest.lost == 1


async def test_a_cancelled_request_leaves_the_link_in_order(guest: ScriptedGuest) -> None:
    """The answer to a request that nobody waits for any more is dropped, and the next request gets its own."""
    cancelled = asyncio.create_task(guest.link.request(FrameType.STAT, {}, timeout_s=5))
    await guest.next_request(FrameType.STAT)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    guest.say(FrameType.DONE, 1, {"size": 1})
    asked = asyncio.create_task(guest.link.request(FrameType.LIST, {}, timeout_s=5))
    await guest.next_request(FrameType.LIST)
    guest.say(FrameType.DONE, 2, {"count": 2})
    assert (await asked).header == {"count": 2}


async def test_last_words_are_kept_within_bounds(guest: ScriptedGuest) -> None:
    """Of what the guest says on standard error the last 8 KiB are kept."""
    for _ in range(10):
        guest.link.receive(packet(b"x" * 4096, stream=2))
    guest.link.receive(packet(b"the end\n", stream=2))
    assert guest.link.last_words.endswith("xthe end")
    assert len(guest.link.last_words) < 8192
