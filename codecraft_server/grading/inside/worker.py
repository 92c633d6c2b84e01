"""Holds the learner's modules and does with them what the process of the tests asks for. Runs as the learner's user, knows no test.

Arguments: name of the abstract socket, directory of the modules.
"""

import contextlib
import importlib
import io
import operator
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from codecraft_server.grading.inside.peer import Peer, Represented

PATIENCE_S = 10.0

VERBS: dict[str, Callable[..., Any]] = {
    "import": importlib.import_module,
    "call": lambda function, *arguments, **named: function(*arguments, **named),
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    "isinstance": isinstance,
    "len": len,
    "iter": iter,
    "next": next,
    "str": str,
    "repr": repr,
    "hash": hash,
    "bool": bool,
    "dir": dir,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "eq": operator.eq,
    "lt": operator.lt,
    "le": operator.le,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "enter": lambda manager: type(manager).__enter__(manager),
    "exit": lambda manager: type(manager).__exit__(manager, None, None, None),
}
CHANGEABLE = (list, dict, set, bytearray)
PLAIN = (str, int, float, bool, list, dict, tuple, type(None))


class Callback(Represented):
    """A function of the tests that the learner's code was given."""

    __slots__ = ("_peer",)

    def __init__(self, peer: Peer, number: int) -> None:
        """`number` is the other end's."""
        super().__init__(number)
        self._peer = peer

    def __call__(self, *arguments: Any) -> Any:
        """Have the tests' process call it."""
        answer = self._peer.ask("call", (self, *arguments), {})
        if "value" not in answer:
            raise RuntimeError(answer.get("failed", "a function of the tests failed"))
        return self._peer.unpack(answer["value"])


def here(peer: Peer, verb: str, arguments: list[Any], named: dict[str, Any]) -> dict[str, Any]:
    """Do what a verb says; tell what came of it, what was printed, and which arguments were changed in place."""
    out, err = io.StringIO(), io.StringIO()
    before = [peer.pack(value) if type(value) in CHANGEABLE else None for value in arguments]
    answer: dict[str, Any]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            answer = {"value": peer.pack(VERBS[verb](*arguments, **named))}
    except BaseException as error:  # noqa: BLE001 - whatever the learner's code raises
        answer = {"raised": raised(peer, error)}
    changed = {}
    for index, old in enumerate(before):
        new = None if old is None else peer.pack(arguments[index])
        if new != old:
            changed[str(index)] = new
    return {**answer, "changed": changed, "out": out.getvalue(), "err": err.getvalue()}


def raised(peer: Peer, error: BaseException) -> dict[str, Any]:
    """Tell an exception: its class, its arguments, and those of its attributes that are data."""
    plain = {name: value for name, value in vars(error).items() if type(value) in PLAIN}
    return {
        "class": peer.pack(type(error)),
        "args": peer.pack(list(error.args)),
        "attributes": [[name, peer.pack(plain[name])] for name in plain],
    }


def connected(name: str) -> socket.socket:
    """Connect to the tests' process, which may still be starting."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect("\0" + name)
        except OSError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return connection


def main() -> None:
    """Serve the tests' process until it goes away."""
    os.umask(0)
    sys.path.insert(0, sys.argv[2])
    peer = Peer(connected(sys.argv[1]), here, lambda number, _: Callback(peer, number))
    peer.serve()
    os._exit(0)


if __name__ == "__main__":
    main()
