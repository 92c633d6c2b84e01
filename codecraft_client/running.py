"""A step that is running: its events, its result, its standard input, and the way to stop it."""

import threading
from collections.abc import Callable
from typing import Protocol

from codecraft.v1 import environment_pb2 as env
from codecraft_client.connection import Connection
from codecraft_client.errors import CodecraftError, NoStepRunningError
from codecraft_client.events import StepEvent, StepResult
from codecraft_client.listener import Listener
from codecraft_client.ongoing import Ongoing
from codecraft_client.step_stream import StepStream
from codecraft_client.wire.requests import as_bytes, duration

STDIN_PIECE = 65_536


class Key(Protocol):
    """What opens an episode."""

    @property
    def episode_id(self) -> str:
        """Its id."""
        ...

    @property
    def token(self) -> str:
        """Its token."""
        ...


class Running(Ongoing[StepEvent, StepResult]):
    """A step under way. Iterate over it for its events, as they happen; `result` waits for what it comes to.

    One thread at a time may iterate or wait; the other methods may be called from any. A lost connection is won back.
    """

    def __init__(
        self,
        connection: Connection,
        key: Key,
        stream: StepStream,
        listener: Listener,
        settled: Callable[[CodecraftError | None], None],
        *,
        lost: Callable[[CodecraftError], None] | None = None,
    ) -> None:
        self.step_index = stream.step_index
        self._connection = connection
        self._key = key
        self._listener = listener
        self._stdin = threading.Lock()
        self._stdin_offset = 0
        super().__init__(connection.transport, stream, told=listener.told, settled=settled, lost=lost)

    def __repr__(self) -> str:
        """Which step it is, of which episode, and whether it has ended; without the episode's token."""
        return f"{type(self).__name__}({self._key.episode_id!r}, step_index={self.step_index}, finished={self.finished})"

    def interrupt(self, grace_s: float = 0.0) -> None:
        """Stop it: SIGTERM, and SIGKILL after `grace_s` (0 to 10; 0: SIGKILL at once), to all it has started. Its result says INTERRUPTED.

        A step that has ended already is left as it is.
        """
        self._listener.interrupting(grace_s)
        request = env.InterruptRequest(
            episode_id=self._key.episode_id,
            episode_token=self._key.token,
            step_index=self.step_index,
            grace=duration(grace_s) if grace_s else None,
        )
        try:
            self._connection.ask("Interrupt", request, env.InterruptResponse, episode_id=self._key.episode_id)
        except NoStepRunningError:
            return

    def cancel(self) -> None:
        """Stop it at once: `interrupt` without grace."""
        self.interrupt()

    def write_stdin(self, data: str | bytes, *, end_of_file: bool = False) -> None:
        """Write to the standard input of a command started with `stdin_open`, each byte once, whatever happens to the connection.

        Waits while the command does not read. Raises StdinFullError when that takes too long, NoStepRunningError when it has ended.
        """
        rest = as_bytes(data)
        with self._stdin:
            while True:
                piece, rest = rest[:STDIN_PIECE], rest[STDIN_PIECE:]
                self._write(piece, end_of_file=end_of_file and not rest)
                if not rest:
                    return

    def _write(self, piece: bytes, *, end_of_file: bool) -> None:
        self._listener.typing(piece, end_of_file)
        request = env.WriteStdinRequest(
            episode_id=self._key.episode_id,
            episode_token=self._key.token,
            step_index=self.step_index,
            offset=self._stdin_offset,
            data=piece,
            end_of_file=end_of_file,
        )
        self._connection.ask("WriteStdin", request, env.WriteStdinResponse, episode_id=self._key.episode_id)
        self._stdin_offset += len(piece)
