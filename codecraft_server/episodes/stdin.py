"""The way of WriteStdin to a command: each byte once, whatever is repeated. Knows nothing of steps."""

import asyncio

from codecraft_server.errors import InvalidFieldError, StdinFullError
from codecraft_server.sandbox import Command


class StdinGate:
    """Takes bytes by offset. Closed until `open` with a command, and again after `open` with None."""

    __slots__ = ("_accepted", "_changed", "_command", "_ended", "_opened", "_turn")
