"""A step that is watched while it runs: its result has no output, so head and tail are kept here, as the server would have done."""

from dataclasses import replace

from codecraft_client.events import Output, StepResult
from codecraft_client.gym.terminal import Terminal
from codecraft_client.running import Running
from codecraft_client.types import Gap, Observation, Stream

HEAD_SHARE = 5  # a fifth of what is kept is the head


class Kept:
    """Head and tail of what a command prints, `limit` bytes in all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._head_limit = limit // HEAD_SHARE
        self._head = b""
        self._tail = bytearray()
        self.dropped_bytes = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        excess = len(self._tail) - (self._limit - self._head_limit)
        if excess > 0:
            del self._tail[:excess]
            self.dropped_bytes += excess

    @property
    def data(self) -> bytes:
        """What was kept."""
        return self._head + bytes(self._tail)

    def into(self, seen: Observation) -> Observation:
        """Put what was kept where a step that was not watched has it."""
        if not self.dropped_bytes:
            return replace(seen, output=self.data)
        end = seen.command_end
        return replace(
            seen,
            output=self.data,
            gaps=(Gap(Stream.OUT, len(self._head), self.dropped_bytes),),
            command_end=end and replace(end, dropped_bytes=end.dropped_bytes + self.dropped_bytes),
        )


def watched(running: Running, terminal: Terminal, limit: int) -> StepResult:
    """Show a step's output as it comes; return its result with the output that it would have had without that."""
    kept = Kept(limit)
    for event in running:
        if isinstance(event, Output):
            kept.add(event.data)
            terminal.write_bytes(event.data)
    terminal.write_bytes(b"", last=True)
    result = running.result()
    return replace(result, observation=kept.into(result.observation))
