"""Commands over a link: events, credit, standard input, interrupts, and what happens when the link breaks in the middle."""

import asyncio
from dataclasses import replace

import pytest
from contract.sandbox_contract import KEPT, STREAMED, finish, program
from scripted_guest import ScriptedGuest

from codecraft_server.docker.commands import GuestCommand
from codecraft_server.docker.frames import FrameType
from codecraft_server.errors import SandboxLostError
from codecraft_server.sandbox import EndReason, FileProblem, FileProblemKind, Gap, Output, OutputPolicy, Stream


@pytest.fixture
async def guest() -> ScriptedGuest:
    """A guest and its link, on the test's loop."""
    return ScriptedGuest()


async def started(guest: ScriptedGuest, policy: OutputPolicy = STREAMED, *, stdin_open: bool = False) -> GuestCommand:
    return await guest.sandbox().run(b"command", session="main", timeout_s=10.0, output=policy, stdin_open=stdin_open)


def output(guest: ScriptedGuest, request_id: int, offset: int, body: bytes, stream: str = "out") -> None:
    guest.say(FrameType.OUTPUT, request_id, {"stream": stream, "offset": offset}, body)


async def test_a_run_says_what_is_wanted(guest: ScriptedGuest) -> None:
    """RUN carries the command as its body and time and output as the policy has them."""
    policy = OutputPolicy(stream=True, separate=True, kept=5, max_output=6, window=7, stall_s=0.5, stall_total_s=1.5)
    await guest.sandbox().run(b"a\xff", session="s", timeout_s=2.5, output=policy)
    (frame,) = guest.got
    assert (frame.type, frame.id, frame.body) == (FrameType.RUN, 1, b"a\xff")
    assert frame.header == {
        "session": "s",
        "stdin": "null",
        "output": "separate",
        "timeout_ms": 2500,
        "grace_ms": 0,
        "stream": True,
        "credit": 7,
        "kept": 5,
        "max_output": 6,
        "stall_ms": 500,
        "stall_total_ms": 1500,
    }


async def test_streams_of_two_commands_interleave(guest: ScriptedGuest) -> None:
    """Each command gets its own frames, in order, whatever comes between."""
    sandbox = guest.sandbox()
    one = await sandbox.run(b"1", session="a", timeout_s=1, output=STREAMED)
    two = await sandbox.run(b"2", session="b", timeout_s=1, output=STREAMED)
    output(guest, 1, 0, b"a")
    output(guest, 2, 0, b"X")
    guest.say(FrameType.GAP, 2, {"stream": "err", "offset": 4, "bytes": 5})
    output(guest, 1, 1, b"b", "err")
    guest.end(2, reason="timed_out", exit_code=None)
    guest.end(1)
    first, second = await finish(one), await finish(two)
    assert first.outputs == [Output(Stream.OUT, 0, b"a"), Output(Stream.ERR, 1, b"b")]
    assert (second.outputs, second.gaps) == ([Output(Stream.OUT, 0, b"X")], [Gap(Stream.ERR, 4, 5)])
    assert (first.end.reason, second.end.reason) == (EndReason.EXITED, EndReason.TIMED_OUT)


async def test_what_is_unknown_is_none(guest: ScriptedGuest) -> None:
    """Usage that the guest could not know is None, and what it knows is converted."""
    command = await started(guest)
    guest.end(1, cpu_us=1500, background=[{"pid": 5, "start": 1, "command_b64": "c2xlZXA="}])
    end = (await finish(command)).end
    assert (end.usage.cpu_s, end.usage.memory_peak_bytes, end.usage.oom_kills) == (0.0015, None, None)
    assert (end.background[0].pid, end.background[0].command) == (5, b"sleep")
    assert (end.wall_s, end.cwd) == (0.001, b"/")


async def test_credit_is_sent_on_in_quarters(guest: ScriptedGuest) -> None:
    """Acknowledged bytes go back as credit once a quarter of the window has gathered, none of them twice."""
    command = await started(guest, replace(STREAMED, window=1000))
    command.acknowledge(249)
    assert [frame.header for frame in guest.got if frame.type is FrameType.CREDIT] == []
    command.acknowledge(1)
    command.acknowledge(400)
    assert [frame.header for frame in guest.got if frame.type is FrameType.CREDIT] == [{"bytes": 250}, {"bytes": 400}]


async def test_output_beyond_the_credit_breaks_the_protocol(guest: ScriptedGuest) -> None:
    """No guest can make the server hold more than it granted."""
    command = await started(guest, replace(STREAMED, window=10))
    output(guest, 1, 0, b"0123456789")
    command.acknowledge(4)
    output(guest, 1, 10, b"0123")
    assert guest.link.lost is None
    output(guest, 1, 14, b"0")
    with pytest.raises(SandboxLostError) as caught:
        await finish(command)
    assert caught.value.cause == "protocol"


async def test_kept_output_beyond_its_bound_breaks_the_protocol(guest: ScriptedGuest) -> None:
    """The same holds for what comes at the end."""
    await started(guest, replace(KEPT, kept=10))
    output(guest, 1, 0, b"0123456789")
    assert guest.link.lost is None
    output(guest, 1, 10, b"0")
    assert guest.link.lost is not None


async def test_what_arrived_before_the_loss_is_still_read(guest: ScriptedGuest) -> None:
    """A reader gets what came, then the loss."""
    command = await started(guest)
    output(guest, 1, 0, b"last")
    guest.link.lose(SandboxLostError("gone", "killed"))
    events = command.events()
    assert await anext(events) == Output(Stream.OUT, 0, b"last")
    with pytest.raises(SandboxLostError):
        await anext(events)


async def test_a_reader_that_waits_is_woken(guest: ScriptedGuest) -> None:
    """A reader that came first gets events as they come."""
    command = await started(guest)
    reading = asyncio.create_task(finish(command))
    await asyncio.sleep(0)
    output(guest, 1, 0, b"now")
    guest.end(1)
    assert (await reading).text() == b"now"


async def test_a_session_is_busy_until_the_end(guest: ScriptedGuest) -> None:
    """The guest is not asked for a second command in a session before the first has ended."""
    sandbox = guest.sandbox()
    await sandbox.run(b"1", session="main", timeout_s=1, output=STREAMED)
    with pytest.raises(FileProblem) as caught:
        await sandbox.run(b"2", session="main", timeout_s=1, output=STREAMED)
    assert caught.value.kind is FileProblemKind.BUSY
    guest.end(1)
    await sandbox.run(b"3", session="main", timeout_s=1, output=STREAMED)
    assert [frame.body for frame in guest.got if frame.type is FrameType.RUN] == [b"1", b"3"]


async def test_an_ended_command_is_released(guest: ScriptedGuest) -> None:
    """The guest is told with the next request that it may forget a command."""
    command = await started(guest)
    guest.end(1)
    await finish(command)
    await started(guest)
    assert [(frame.type, frame.id) for frame in guest.got[1:]] == [(FrameType.RELEASE, 1), (FrameType.RUN, 2)]


async def test_input_is_bounded_by_what_the_guest_buffers(guest: ScriptedGuest) -> None:
    """Input is taken until 1 MiB is unwritten, and again when the guest has written some."""
    command = await started(guest, stdin_open=True)
    assert await command.write_stdin(bytes(700_000), end_of_file=False)
    assert not await command.write_stdin(bytes(400_000), end_of_file=False)
    guest.say(FrameType.DONE, 1, {"accepted": 700_000})
    assert await command.write_stdin(bytes(400_000), end_of_file=True)
    assert not await command.write_stdin(b"after the end", end_of_file=False)
    assert [(len(frame.body), frame.header) for frame in guest.got if frame.type is FrameType.STDIN] == [
        (700_000, {"eof": False}),
        (400_000, {"eof": True}),
    ]


async def test_input_given_whole_follows_its_command(guest: ScriptedGuest) -> None:
    """Input known at the start is sent with its end right behind RUN."""
    await guest.sandbox().run(b"cat", session="main", timeout_s=1, output=KEPT, stdin=b"whole")
    assert [(frame.type, frame.header.get("eof"), frame.body) for frame in guest.got] == [
        (FrameType.RUN, None, b"cat"),
        (FrameType.STDIN, True, b"whole"),
    ]


async def test_an_interrupt_is_sent_while_it_runs(guest: ScriptedGuest) -> None:
    """INTERRUPT carries the grace; once a command has ended nothing is sent."""
    command = await started(guest)
    command.interrupt(0.25)
    guest.end(1, reason="interrupted")
    command.interrupt()
    assert [(frame.id, frame.header) for frame in guest.got if frame.type is FrameType.INTERRUPT] == [(1, {"grace_ms": 250})]


async def test_a_command_that_does_not_end_gives_the_sandbox_up(guest: ScriptedGuest) -> None:
    """When the guest does not report the end it must have come to, the sandbox is lost."""
    command = GuestCommand(KEPT, stdin_open=False, patience_s=0.01, on_over=lambda: None)
    command.start(guest.link, FrameType.RUN, {}, b"", overdue_s=30.0)
    command.interrupt()
    with pytest.raises(SandboxLostError, match="did not end"):
        await finish(command)


async def test_a_program_that_was_refused_is_a_problem(guest: ScriptedGuest) -> None:
    """FAILED for an EXEC raises from `execute`."""
    asked = asyncio.create_task(guest.sandbox().execute(program(b"true")))
    await guest.next_request(FrameType.EXEC)
    guest.say(FrameType.FAILED, 1, {"error": "not_found", "message": "no such\nprogram"})
    with pytest.raises(FileProblem, match="no such program") as caught:
        await asked
    assert caught.value.kind is FileProblemKind.NOT_FOUND


async def test_a_program_has_started_with_its_first_frame(guest: ScriptedGuest) -> None:
    """`execute` returns when the guest says that the program runs, not when it prints."""
    asked = asyncio.create_task(guest.sandbox().execute(program(b"sleep 9")))
    await guest.next_request(FrameType.EXEC)
    guest.say(FrameType.NOTE, 1, {"event": "started", "message": ""})
    command = await asked
    guest.end(1, exit_code=7)
    assert (await finish(command)).end.exit_code == 7


async def test_a_cancelled_start_of_a_program_interrupts_it(guest: ScriptedGuest) -> None:
    """Who is cancelled while a program starts leaves none running."""
    asked = asyncio.create_task(guest.sandbox().execute(program(b"sleep 9")))
    await guest.next_request(FrameType.EXEC)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert guest.got[-1].type is FrameType.INTERRUPT


async def test_a_word_of_the_guests_own_is_no_problem_of_the_learner(guest: ScriptedGuest) -> None:
    """`internal` is the sandbox's failure, not the learner's."""
    asked = asyncio.create_task(guest.sandbox().stat(b"x", follow=True))
    await guest.next_request(FrameType.STAT)
    guest.say(FrameType.FAILED, 1, {"error": "internal", "message": "oops"})
    with pytest.raises(SandboxLostError):
        await asked


async def test_a_long_file_goes_in_pieces(guest: ScriptedGuest) -> None:
    """A write is cut into pieces of 256 KiB with the end marked on the last, and stops when the guest refuses."""
    content = bytes(600_000)
    writing = asyncio.create_task(guest.sandbox().write_file(b"f", content, mode=0o600, offset=None))
    await guest.next_request(FrameType.WRITE_DATA)
    assert [(frame.type, len(frame.body), frame.header["eof"]) for frame in guest.got] == [
        (FrameType.WRITE, 262144, False),
        (FrameType.WRITE_DATA, 262144, False),
        (FrameType.WRITE_DATA, 75712, True),
    ]
    guest.say(FrameType.FAILED, 1, {"error": "no_space", "message": "disk full"})
    with pytest.raises(FileProblem) as caught:
        await writing
    assert caught.value.kind is FileProblemKind.NO_SPACE
