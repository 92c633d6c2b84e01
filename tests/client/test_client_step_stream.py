"""The state machine of a step: no sockets, no clock."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_client.errors import ConnectionLostError, OutputNotKeptError, ProtocolError, StepConflictError
from codecraft_client.events import Heartbeat, Output, Started, StepEvent
from codecraft_client.retry import NEVER, Backoff, RetryPolicy
from codecraft_client.step_stream import StepStream
from codecraft_client.types import Gap, Stream

OUT, ERR = pb.OUTPUT_STREAM_OUT, pb.OUTPUT_STREAM_ERR


def stream(policy: RetryPolicy | None = None) -> StepStream:
    request = env.StepRequest(episode_id="w-1", episode_token="secret", step_index=4, stream_output=True)
    return StepStream(request, Backoff(policy or RetryPolicy()), timeout_s=9)


def started() -> env.StepResponse:
    return env.StepResponse(started=env.Started(step_index=4))


def output(offset: int, data: bytes, source: pb.OutputStream = OUT) -> env.StepResponse:
    return env.StepResponse(output=pb.Output(stream=source, offset=offset, data=data))


def result() -> env.StepResponse:
    return env.StepResponse(result=env.StepResult(step_index=4))


def take(step: StepStream, *messages: env.StepResponse) -> list[StepEvent]:
    return [event for message in messages for event in step.received(message)]


def served(contents: dict[Stream, bytes], offsets: dict[Stream, int], cuts: Iterator[int]) -> list[env.StepResponse]:
    """All that a server would send from these offsets on, in pieces of the drawn sizes, the streams taking turns."""
    messages, at = [started()], dict(offsets)
    while any(at[source] < len(contents[source]) for source in at):
        for source, number in ((Stream.OUT, OUT), (Stream.ERR, ERR)):
            piece = contents[source][at[source] : at[source] + next(cuts)]
            if piece:
                messages.append(output(at[source], piece, number))
                at[source] += len(piece)
    return [*messages, result()]


def test_a_step_is_said_again_by_itself() -> None:
    """Once its line has broken it is followed, so that what breaks much later is not taken for a server that is gone all along."""
    request = env.StepRequest(episode_id="w-1", episode_token="secret", step_index=4)
    step = StepStream(request, Backoff(RetryPolicy(window_s=30)), timeout_s=9, result_only=True)
    assert step.next_call().result_only
    step.failed(ConnectionLostError("at first"), 0.0)
    assert (step.next_call().method, step.next_call().result_only) == ("Step", False)
    take(step, started())
    step.failed(ConnectionLostError("much later"), 300.0)
    assert step.next_call().method == "Resume"


@given(out=st.binary(max_size=400), err=st.binary(max_size=200), data=st.data())
def test_any_pattern_of_cuts_gives_identical_bytes(out: bytes, err: bytes, data: st.DataObject) -> None:
    """However often and wherever the stream breaks, and however the pieces are cut each time, each byte comes out once and in order."""
    contents = {Stream.OUT: out, Stream.ERR: err}
    sizes = iter(lambda: data.draw(st.integers(1, 60)), 0)
    step, seen = stream(RetryPolicy(attempts=1000)), {Stream.OUT: b"", Stream.ERR: b""}
    lengths = iter(data.draw(st.lists(st.integers(0, 20), max_size=30)))
    while not step.done:
        request = step.next_call().request
        resumed = isinstance(request, env.ResumeRequest)
        back = data.draw(st.integers(0, 30)) if resumed else 0  # a server may go back to a boundary of its own
        offsets = {
            Stream.OUT: max(0, request.out_offset - back) if resumed else 0,
            Stream.ERR: max(0, request.err_offset - back) if resumed else 0,
        }
        messages = served(contents, offsets, sizes)
        for message in messages[: next(lengths, len(messages))]:
            for event in step.received(message):
                if isinstance(event, Output):
                    assert event.offset == len(seen[event.stream])
                    seen[event.stream] += event.data
        if not step.done:
            step.failed(ConnectionLostError("cut"), 0.0)
    assert seen == contents


def test_before_anything_arrived_the_same_step_is_repeated() -> None:
    """A line that breaks before the first event is answered with the identical Step: the server takes it up once by its index."""
    step = stream()
    first = step.next_call()
    step.failed(ConnectionLostError("cut"), 0.0)
    assert step.next_call() == first
    assert first.method == "Step"


def test_afterwards_it_resumes_from_the_exact_offsets() -> None:
    """After 5 bytes of one stream and 2 of the other, Resume asks for byte 5 and byte 2."""
    step = stream()
    take(step, started(), output(0, b"hello"), output(0, b"ab", ERR))
    call = step.next_call()
    assert call.method == "Resume"
    assert call.request == env.ResumeRequest(episode_id="w-1", episode_token="secret", step_index=4, out_offset=5, err_offset=2)
    assert call.timeout_s == 9


def test_an_overlap_is_trimmed() -> None:
    """Bytes that were seen before are not told again, also when they come together with new ones."""
    step = stream()
    take(step, output(0, b"hello"))
    assert take(step, output(0, b"hell"), output(3, b"lo w")) == [Output(Stream.OUT, 5, b" w")]


def test_a_hole_is_a_protocol_error() -> None:
    """Output that jumps ahead without a Gap is never passed on as if nothing was missing."""
    step = stream()
    take(step, output(0, b"hello"))
    with pytest.raises(ProtocolError, match="went on at 7 instead of 5"):
        take(step, output(7, b"x"))


def test_a_gap_moves_the_offset_on() -> None:
    """What the server dropped is told as a Gap, and the next byte is the one behind it."""
    step = stream()
    events = take(step, output(0, b"hi"), env.StepResponse(gap=pb.Gap(stream=OUT, offset=2, dropped_bytes=10)), output(12, b"!"))
    assert events == [Output(Stream.OUT, 0, b"hi"), Gap(Stream.OUT, 2, 10), Output(Stream.OUT, 12, b"!")]


def test_output_that_is_no_longer_kept_becomes_a_gap() -> None:
    """When Resume comes too late for the window, the loss is told as a Gap and the stream goes on at the first byte kept."""
    step = stream()
    take(step, started(), output(0, b"hello"))
    gone = OutputNotKeptError("too late", metadata={"stream": "out", "first_kept_offset": "1000"})
    assert step.failed(gone, 0.0) == (0.0, (Gap(Stream.OUT, 5, 995),))
    assert step.next_call().request.out_offset == 1000


@pytest.mark.parametrize("metadata", [{}, {"stream": "out", "first_kept_offset": "x"}, {"stream": "out", "first_kept_offset": "0"}])
def test_a_window_that_makes_no_sense_is_raised(metadata: dict[str, str]) -> None:
    """OUTPUT_NOT_KEPT without a usable offset ahead of ours can't be answered by another Resume, which would go on for ever."""
    step = stream()
    take(step, output(0, b"hello"))
    with pytest.raises(OutputNotKeptError):
        step.failed(OutputNotKeptError("too late", metadata=metadata), 0.0)


def test_a_stream_that_ends_well_without_a_result_is_a_protocol_error() -> None:
    """An OK status alone is no result."""
    step = stream()
    take(step, started())
    with pytest.raises(ProtocolError, match="without a result"):
        step.ended()


def test_refusals_are_raised_at_once() -> None:
    """What the server decided is not tried again."""
    with pytest.raises(StepConflictError):
        stream().failed(StepConflictError("no"), 0.0)


def test_without_retries_the_first_break_is_raised() -> None:
    """With RetryPolicy off a lost connection is the caller's business."""
    with pytest.raises(ConnectionLostError):
        stream(NEVER).failed(ConnectionLostError("cut"), 0.0)


def test_heartbeats_and_repetitions_are_no_progress() -> None:
    """A server that sends nothing new between breaks is given up after the policy's attempts."""
    step = stream(RetryPolicy(attempts=2))
    beat = env.StepResponse(heartbeat=env.Heartbeat())
    assert len(take(step, started(), output(0, b"hello"))) == 2
    for _ in range(2):
        step.failed(ConnectionLostError("cut"), 0.0)
        assert take(step, started(), beat, output(0, b"hell")) == [Heartbeat(0.0)]
    with pytest.raises(ConnectionLostError):
        step.failed(ConnectionLostError("cut"), 0.0)


def test_repeated_beginnings_and_phases_are_told_once() -> None:
    """Started, phases and checks that a re-attachment tells again are passed over; an event of a later version is, too."""
    step = stream()
    phase = env.StepResponse(phase=env.Phase(phase=env.GRADING_PHASE_CHECKING, checks=2))
    check = env.StepResponse(check=pb.CheckResult(check_id="a"))
    first = take(step, started(), phase, check, env.StepResponse())
    assert isinstance(first[0], Started)
    assert len(first) == 3
    assert take(step, started(), phase, check) == []


def test_waits_grow_and_vary() -> None:
    """Each wait lies in the upper half of a step that doubles up to the longest."""
    backoff = Backoff(RetryPolicy(first_s=0.1, longest_s=1.0))
    waits = [backoff.wait(ConnectionLostError("cut"), 0.0) for _ in range(8)]
    steps = [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0]
    assert all(step / 2 <= wait <= step for wait, step in zip(waits, steps, strict=True))
    assert any(former != latter for former, latter in pairwise(waits[4:]))


def test_the_window_bounds_the_waiting() -> None:
    """After window_s without progress the failure is raised, however few attempts there were; progress begins a new window."""
    backoff = Backoff(RetryPolicy(window_s=10))
    backoff.wait(ConnectionLostError("cut"), 100.0)
    backoff.progressed()
    backoff.wait(ConnectionLostError("cut"), 109.0)
    with pytest.raises(ConnectionLostError):
        backoff.wait(ConnectionLostError("cut"), 119.0)


def test_the_servers_word_on_when_to_retry_counts() -> None:
    """A wait is never shorter than the retry_after_s of the error."""
    assert Backoff(RetryPolicy()).wait(ConnectionLostError("cut", retry_after_s=7.0), 0.0) == 7.0
