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

from codecraft_server.grading.inside.peer import Peer

PATIENCE_S = 10.0

VERBS = {
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


class Callback:
    """A function of the tests that the learner's code was given."""

    _stands_in = True

    def __init__(self, peer, number):  # noqa: ANN001, ANN204 - see Peer
        """`number` is the other end's."""
        self._peer = peer
        self._number = number

    def __call__(self, *arguments):  # noqa: ANN002, ANN204 - data
        """Have the tests' process call it."""
        answer = self._peer.ask("call", self, *arguments)
        if "value" not in answer:
            raise RuntimeError(answer.get("failed", "a function of the tests failed"))
        return self._peer.unpack(answer["value"])


def here(peer, verb, arguments, named):  # noqa: ANN001, ANN201 - see Peer
    """Do what a verb says; tell what came of it, what was printed, and which arguments were changed in place."""
    out, err = io.StringIO(), io.StringIO()
    before = [peer.pack(value) if type(value) in (list, dict, set, bytearray) else None for value in arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            answer = {"value": peer.pack(VERBS[verb](*arguments, **named))}
    except BaseException as error:  # noqa: BLE001 - whatever the learner's code raises
        answer = {"raised": raised(peer, error)}
    after = [None if old is None else peer.pack(value) for old, value in zip(before, arguments)]  # noqa: B905 - as long as each other
    changed = {str(index): new for index, (old, new) in enumerate(zip(before, after)) if old != new}  # noqa: B905 - likewise
    return {**answer, "changed": changed, "out": out.getvalue(), "err": err.getvalue()}


def raised(peer, error):  # noqa: ANN001, ANN201 - an exception
    """Tell an exception: its class, its arguments, and those of its attributes that are data."""
    attributes = {name: value for name, value in vars(error).items() if type(value) in (str, int, float, bool, list, dict, tuple, type(None))}
    return {"class": peer.pack(type(error)), "args": peer.pack(tuple(error.args)), "attributes": peer.pack([list(attributes), list(attributes.values())])}


def connected(name):  # noqa: ANN001, ANN201 - a socket
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


def main():  # noqa: ANN201 - until the tests are done
    """Serve the tests' process until it goes away."""
    os.umask(0)
    sys.path.insert(0, sys.argv[2])
    peer = Peer(connected(sys.argv[1]), here, lambda number, _: Callback(peer, number))
    peer.serve()
    os._exit(0)


if __name__ == "__main__":
    main()
