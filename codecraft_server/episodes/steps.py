"""One step: what is known of it while it runs and after, and how calls follow it. Owns its output; knows nothing of episodes.

The work of a step belongs to the episode. A call that follows it may be dropped at any moment; when the last one is gone for
`reattach_grace_s` the command is interrupted.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from hashlib import blake2b

from codecraft_server.clock import Timer, within
from codecraft_server.episodes.events import Action, Heartbeat, Progress, RunCommand, Started, StepEvent, StepResult, TextAction
from codecraft_server.episodes.leases import Lease
from codecraft_server.episodes.ring import Cursor, Ring
from codecraft_server.episodes.stdin import StdinGate
from codecraft_server.episodes.waiting import Bell, Feed, cancel_soon
from codecraft_server.episodes.world import World
from codecraft_server.errors import CodecraftError, InvalidFieldError, NoStepRunningError, OutputNotKeptError, TooManyReadersError
from codecraft_server.grading.verdict import CheckResult, PhaseBegan
from codecraft_server.sandbox import Command, Gap, Output, Stream

SHORT = 1024  # bytes or characters; what is longer is known by its fingerprint
EVENTS_KEPT = 512  # progress, phases, checks: more than any grading has checks to show


def fingerprint(action: Action) -> bytes:
    """16 bytes that are the same for the same action only."""
    digest = blake2b(type(action).__name__.encode(), digest_size=16)
    for name in action.__dataclass_fields__:
        value = getattr(action, name)
        part = value if isinstance(value, bytes) else repr(value).encode()
        digest.update(b"%s %d " % (type(value).__name__.encode(), len(part)))
        digest.update(part)
    return digest.digest()


def known_by(action: Action) -> Action | bytes:
    """What an action can be told from all others by: what is short, and there is much of, by itself, which costs nothing."""
    match action:
        case RunCommand(command=command, stdin=stdin) if len(command) + len(stdin or b"") <= SHORT:
            return action
        case TextAction(text=text) if len(text) <= SHORT:
            return action
        case _:
            return fingerprint(action)


class StepRun:
    """A step from the moment it was taken up. `done` is set when it has a result or a failure."""

    def __init__(self, world: World, lease: Lease, index: int, action: Action, *, streamed: bool) -> None:
        self.index = index
        self.streamed = streamed
        self.began = world.clock.monotonic()
        self.began_wall = world.clock.wall()
        self.result: StepResult | None = None
        self.failure: CodecraftError | None = None
        self.done = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.command: Command | None = None
        self._known_by = known_by(action)
        self._clock = world.clock
        self._bounds = world.bounds
        self._lease = lease
        self._ring = Ring(self._bounds.resume_window_bytes, self._acknowledge)
        self._feed: Feed[Progress | PhaseBegan | CheckResult] = Feed(EVENTS_KEPT)
        self._bell = Bell()
        self._readers = 0
        self._interrupt_grace_s: float | None = None
        self._stdin = StdinGate(world.household)
        self._stdin_open = False
        self._abandoned: Timer | None = None

    def is_of(self, action: Action) -> bool:
        """Whether it is what became of this action."""
        return self._known_by == known_by(action)

    # What the episode tells it

    def publish(self, event: Progress | PhaseBegan | CheckResult) -> None:
        """Tell who follows."""
        self._feed.publish(event)
        self._bell.ring()

    def printed(self, event: Output | Gap) -> None:
        """Keep a piece of output for who follows."""
        self._ring.append(event)
        self._bell.ring()

    def started(self, command: Command, *, stdin_open: bool) -> None:
        """The command runs. An interrupt that came before it strikes now."""
        self.command = command
        self._stdin_open = stdin_open
        self._stdin.open(command)
        if self._interrupt_grace_s is not None:
            command.interrupt(self._interrupt_grace_s)

    def finish(self, result: StepResult | CodecraftError) -> None:
        """It is over: by a result, or (nothing having happened) by a failure of the service."""
        if isinstance(result, StepResult):
            self.result = result
        else:
            self.failure = result
        self._call_off()
        self._stdin.shut()
        self.command = self.task = None
        self.done.set()
        self._bell.ring()

    def forget_output(self) -> None:
        """Let the streamed output go; who asks for it is told that it is gone."""
        self._ring.forget()

    @property
    def kept_bytes(self) -> int:
        """What it holds, in bytes, roughly."""
        if self.result is None:
            return self._ring.kept_bytes
        seen = self.result.observation
        entries = seen.files.entries if seen.files else ()
        listed = sum(200 + len(entry.path) + len(entry.target) for entry in entries) + 400 * len(self.result.milestones)
        return self._ring.kept_bytes + 1000 + len(seen.output) + len(seen.error_output) + listed + (len(seen.file.data) if seen.file else 0)

    # What calls do with it

    def interrupt(self, grace_s: float = 0.0) -> None:
        """Stop its command, now or as soon as it runs; nothing else can be stopped."""
        if self.done.is_set():
            return
        self._interrupt_grace_s = grace_s
        if self.command is not None:
            self.command.interrupt(grace_s)

    async def stop(self, kill_s: float) -> None:
        """Give it up, and wait until it is over; a command that is being killed has `kill_s` to end in order."""
        if self.task is None:
            return
        self.interrupt()
        if self.command is None:  # not a command, or not yet: nothing that would end by itself soon
            cancel_soon(self.task)
        with contextlib.suppress(TimeoutError):
            await within(self._clock, kill_s, self.done.wait())
        if not self.done.is_set() and self.task is not None:
            self.task.cancel()
            await self.done.wait()

    async def write_stdin(self, offset: int, data: bytes, *, end_of_file: bool) -> int:
        """Write to its command; returns the offset accepted so far. NoStepRunningError, InvalidFieldError, StdinFullError."""
        if self.done.is_set():
            raise NoStepRunningError(self.index)
        if self.command is not None and not self._stdin_open:
            raise InvalidFieldError("step_index", "its command was not started with stdin_open")
        accepted = await self._stdin.write(offset, data, end_of_file=end_of_file)
        if accepted is None:
            raise NoStepRunningError(self.index)
        return accepted

    def check_resumable(self, out_offset: int, err_offset: int) -> None:
        """Raise OutputNotKeptError for offsets that are gone, InvalidFieldError for those that never were."""
        for stream, offset in ((Stream.OUT, out_offset), (Stream.ERR, err_offset)):
            field = f"{stream.value}_offset"
            if not 0 <= offset <= self._ring.end(stream):
                raise InvalidFieldError(field, f"must be 0 to {self._ring.end(stream)}, which is what was printed so far; is {offset}")
            if offset < self._ring.first_kept(stream):
                raise OutputNotKeptError(stream.value, offset, self._ring.first_kept(stream))

    def follow(self, out_offset: int = 0, err_offset: int = 0) -> AsyncGenerator[StepEvent, None]:
        """Yield what happens from these offsets on, then the result. May be dropped at any moment. TooManyReadersError."""
        if self._abandoned is None:
            self._leave()  # until the generator is begun
        return self._follow(out_offset, err_offset)

    async def _follow(self, out_offset: int, err_offset: int) -> AsyncGenerator[StepEvent, None]:
        self._attach()
        try:
            if self.streamed:
                yield Started(self.index)
            cursor = Cursor(self._ring, out_offset, err_offset)
            position = 0
            while True:
                if told := self._feed.after(position):
                    yield told[1]
                    position = told[0]
                elif printed := cursor.next():
                    yield printed
                    cursor.took()
                elif self.done.is_set():
                    break
                elif not await self._bell.wait(self._clock, self._bounds.heartbeat_s):
                    yield Heartbeat(self._clock.monotonic() - self.began)
            yield self._came_to()
        finally:
            self._detach()

    async def outcome(self) -> StepResult:
        """Wait for the result, without what happens before. May be dropped at any moment. TooManyReadersError."""
        self._attach()
        try:
            await self.done.wait()
            return self._came_to()
        finally:
            self._detach()

    def _came_to(self) -> StepResult:
        """The result of what is over, or what it failed with."""
        if self.result is None:
            raise self.failure or AssertionError("a step was over with neither result nor failure")
        return self.result

    def _attach(self) -> None:
        if self._readers >= self._bounds.readers_per_step:
            raise TooManyReadersError(f"{self._readers} calls are attached to step {self.index}, which is all it may have")
        self._readers += 1
        self._lease.hold()
        self._call_off()

    def _detach(self) -> None:
        self._readers -= 1
        self._lease.release()
        self._leave()

    def _leave(self) -> None:
        if not self._readers and not self.done.is_set():
            self._abandoned = self._clock.call_later(self._bounds.reattach_grace_s, self.interrupt)

    def _call_off(self) -> None:
        if self._abandoned is not None:
            self._abandoned.cancel()
            self._abandoned = None

    def _acknowledge(self, byte_count: int) -> None:
        if self.command is not None:
            self.command.acknowledge(byte_count)
