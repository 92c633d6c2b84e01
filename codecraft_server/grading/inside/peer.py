"""One end of a connection over which two processes do things for each other: data by value, everything else by a number.

Both ends are alike: while one waits for an answer it does what the other asks for in the meantime (a function that was passed is called).
"""

import json
import socket
from collections.abc import Callable
from typing import Any

from codecraft_server.grading.inside.codec import decode, encode

MAX_MESSAGE = 16 * 1024 * 1024

Here = Callable[["Peer", str, list[Any], dict[str, Any]], dict[str, Any]]


class Represented:
    """Something of the other end that is no data."""

    __slots__ = ("_number",)

    def __init__(self, number: int) -> None:
        """`number` is the other end's."""
        object.__setattr__(self, "_number", number)


class Peer:
    """Asks (`ask`) and serves (`serve`).

    `here` does what the other end asks for. `stand_in` makes what represents a thing of that end from its number and what `about` says.
    """

    def __init__(self, connection: socket.socket, here: Here, stand_in: Callable[[int, Any], Any]) -> None:
        """Owns the connection from now on."""
        self._reader = connection.makefile("rb")
        self._writer = connection.makefile("wb")
        self._here = here
        self._stand_in = stand_in
        self._offered: list[Any] = []  # kept for good, so that no id is used twice
        self._numbers: dict[int, int] = {}

    def pack(self, value: Any) -> Any:
        """Return JSON data for a value."""
        return encode(value, self._number)

    def unpack(self, data: Any) -> Any:
        """Return the value of JSON data."""
        return decode(data, self._special)

    def ask(self, verb: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """Have the other end do something; returns its answer. ConnectionError when it is gone."""
        packed = {name: self.pack(value) for name, value in named.items()}
        self._send({"do": verb, "args": [self.pack(value) for value in arguments], "named": packed})
        while True:
            message = self._receive()
            if message is None:
                raise ConnectionError("the process with the learner's code has ended")
            if "do" not in message:
                return message
            self._do(message)

    def serve(self) -> None:
        """Do what is asked for until the other end is gone."""
        message = self._receive()
        while message is not None:
            self._do(message)
            message = self._receive()

    def _do(self, message: dict[str, Any]) -> None:
        arguments = [self.unpack(item) for item in message["args"]]
        named = {name: self.unpack(item) for name, item in message["named"].items()}
        self._send(self._here(self, message["do"], arguments, named))

    def _number(self, value: Any) -> dict[str, Any]:
        if isinstance(value, Represented):
            return {"yours": object.__getattribute__(value, "_number")}
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self._offered)
            self._offered.append(value)
        return {"mine": [self._numbers[id(value)], about(value)]}

    def _special(self, tag: str, inner: Any) -> Any:
        if tag == "yours":
            return (self._offered[inner],)
        return (self._stand_in(inner[0], inner[1]),) if tag == "mine" else None

    def _send(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")
        self._writer.flush()

    def _receive(self) -> dict[str, Any] | None:
        line = self._reader.readline(MAX_MESSAGE)
        if not line.endswith(b"\n"):
            return None
        message = json.loads(line)
        return message if isinstance(message, dict) else None


def about(value: Any) -> Any:
    """Return what the other end must know of a thing: of an exception class its name and its built-in bases, nearest first."""
    if not (isinstance(value, type) and issubclass(value, BaseException)):
        return None
    return [value.__name__, [base.__name__ for base in value.__mro__ if base.__module__ == "builtins"]]
