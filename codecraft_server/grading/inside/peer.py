"""One end of a connection over which two processes do things for each other: data by value, everything else by a number that means nothing elsewhere.

Both ends are alike: while one waits for an answer it does what the other asks for in the meantime (a function that was passed is called back).
"""

import json

from codecraft_server.grading.inside.codec import decode, encode

MAX_MESSAGE = 16 * 1024 * 1024


class Peer:
    """Asks (`ask`) and serves (`serve`). `offered` are this end's own things, by number; `here` does what the other end asks for."""

    def __init__(self, connection, here, stand_in):  # noqa: ANN001, ANN204 - a socket, a function of (verb, arguments, named), one of (number, about)
        """`stand_in` makes what represents a thing of the other end; the thing must then have its number in `_number`."""
        self.reader = connection.makefile("rb")
        self.writer = connection.makefile("wb")
        self.here = here
        self.stand_in = stand_in
        self.offered = []

    def pack(self, value):  # noqa: ANN001, ANN201 - anything
        """Return JSON data for a value."""
        return encode(value, self._by_number)

    def unpack(self, data):  # noqa: ANN001, ANN201 - JSON data
        """Return the value of JSON data."""
        return decode(data, self._special)

    def ask(self, verb, *arguments, **named):  # noqa: ANN001, ANN002, ANN003, ANN201 - of the other end
        """Have the other end do something; returns its answer, a JSON object."""
        self._send({"do": verb, "args": [self.pack(value) for value in arguments], "named": {k: self.pack(v) for k, v in named.items()}})
        while True:
            message = self._receive()
            if message is None:
                raise ConnectionError("the process with the learner's code has ended")
            if "do" not in message:
                return message
            self._do(message)

    def serve(self):  # noqa: ANN201 - until the other end is gone
        """Do what is asked for until the other end is gone."""
        message = self._receive()
        while message is not None:
            self._do(message)
            message = self._receive()

    def _do(self, message):  # noqa: ANN001, ANN202 - a request
        arguments = [self.unpack(item) for item in message["args"]]
        named = {name: self.unpack(item) for name, item in message["named"].items()}
        self._send(self.here(self, message["do"], arguments, named))

    def _by_number(self, value):  # noqa: ANN001, ANN202 - what is no data
        number = getattr(type(value), "_stands_in", False) and object.__getattribute__(value, "_number")
        if number is not False:
            return {"yours": number}
        for known, (thing, _) in enumerate(self.offered):
            if thing is value:
                return {"mine": [known, self.offered[known][1]]}
        self.offered.append((value, about(value)))
        return {"mine": [len(self.offered) - 1, self.offered[-1][1]]}

    def _special(self, tag, inner):  # noqa: ANN001, ANN202 - see codec.decode
        if tag == "yours":
            return (self.offered[inner][0],)
        return (self.stand_in(inner[0], inner[1]),) if tag == "mine" else None

    def _send(self, message):  # noqa: ANN001, ANN202 - a JSON object
        self.writer.write(json.dumps(message).encode() + b"\n")
        self.writer.flush()

    def _receive(self):  # noqa: ANN202 - a JSON object, None at the end
        line = self.reader.readline(MAX_MESSAGE)
        if not line.endswith(b"\n"):
            return None
        message = json.loads(line)
        return message if isinstance(message, dict) else None


def about(value):  # noqa: ANN001, ANN201 - what is no data
    """Return what the other end must know of a thing: of an exception class its name and its bases up to the built-in ones."""
    if not (isinstance(value, type) and issubclass(value, BaseException)):
        return None
    return [value.__name__, [base.__name__ for base in value.__mro__ if base.__module__ == "builtins"]]
