"""The way of WriteStdin to a command: each byte once, whatever is repeated. Knows nothing of steps."""

import asyncio

from codecraft_server.episodes.waiting import Household
from codecraft_server.errors import InvalidFieldError, SandboxLostError, StdinFullError
from codecraft_server.sandbox import Command


class StdinGate:
    """Takes bytes by their offset. Writers wait until it is opened; once it is shut nothing goes through."""

    __slots__ = ("_accepted", "_command", "_complete", "_decided", "_household", "_turn")

    def __init__(self, household: Household) -> None:
        self._household = household
        self._command: Command | None = None
        self._accepted = 0
        self._complete = False
        self._decided: asyncio.Event | None = None  # made by the first writer: most commands have none
        self._turn: asyncio.Lock | None = None

    def open(self, command: Command) -> None:
        """The command runs."""
        self._command = command
        if self._decided is not None:
            self._decided.set()

    def shut(self) -> None:
        """It has ended, or will never run."""
        self._command = None
        if self._decided is not None:
            self._decided.set()

    async def write(self, offset: int, data: bytes, *, end_of_file: bool) -> int | None:
        """Return the offset accepted so far, None when there is no command. InvalidFieldError, StdinFullError.

        A write that was begun is finished even if the caller goes, else nobody knew what was taken.
        """
        work = self._household.spawn(self._write(offset, data, end_of_file), "stdin")
        return await asyncio.shield(work)

    async def _write(self, offset: int, data: bytes, end_of_file: bool) -> int | None:
        if self._decided is None or self._turn is None:
            self._decided, self._turn = asyncio.Event(), asyncio.Lock()
            if self._command is not None:
                self._decided.set()
        await self._decided.wait()
        async with self._turn:
            return await self._pass_on(offset, data, end_of_file)

    async def _pass_on(self, offset: int, data: bytes, end_of_file: bool) -> int | None:
        command = self._command
        if command is None:
            return None
        if offset > self._accepted:
            raise InvalidFieldError("offset", f"must be at most {self._accepted}, which is what was accepted so far; is {offset}")
        fresh = data[self._accepted - offset :]
        if self._complete and fresh:
            raise InvalidFieldError("data", f"standard input has ended at {self._accepted}")
        if self._complete or not (fresh or end_of_file):
            return self._accepted
        try:
            taken = await command.write_stdin(fresh, end_of_file=end_of_file)
        except SandboxLostError:
            return None
        if not taken:
            if self._command is not command:  # it has ended meanwhile
                return None
            raise StdinFullError("the command's standard input is full, or it has closed it; nothing was taken")
        self._accepted += len(fresh)
        self._complete = end_of_file
        return self._accepted
