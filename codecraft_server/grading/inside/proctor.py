"""Runs hidden pytest files against the learner's modules and prints which tests passed. Runs as the grader; the learner's code never runs in it.

Arguments: name of the abstract socket that the worker connects to, directory of the modules, test files.
"""

import json
import os
import socket
import struct
import sys
import tempfile

from codecraft_server.grading.inside.peer import Peer
from codecraft_server.grading.inside.remote import Finder, Link, Remote, stand_in

PATIENCE_S = 15.0
NO_PYTEST = 90  # exit status: the image can't run this kind of check


class Results:
    """A pytest plugin: what became of each test, and directories that both processes may use."""

    def __init__(self, pytest):  # noqa: ANN001, ANN204 - the module
        """`pytest` is given, for it may not be there at all."""
        self.outcomes = {}

        @pytest.fixture
        def tmp_path():  # noqa: ANN202 - a path
            from pathlib import Path  # noqa: PLC0415 - one text with others

            made = Path(tempfile.mkdtemp(prefix="codecraft-"))
            made.chmod(0o777)
            return made

        self.tmp_path = tmp_path

    def pytest_runtest_logreport(self, report):  # noqa: ANN001, ANN201 - as pytest calls it
        """A test passed if setup, call and teardown did, and nothing was expected to fail."""
        fine = report.outcome == "passed" and not hasattr(report, "wasxfail")
        if not fine and self.outcomes.get(report.nodeid, [""])[0] in ("", "passed"):
            self.outcomes[report.nodeid] = [report.outcome if report.outcome != "passed" else "xpassed", str(report.longrepr)[-600:]]
        elif report.when == "call":
            self.outcomes.setdefault(report.nodeid, ["passed", ""])

    def pytest_collectreport(self, report):  # noqa: ANN001, ANN201 - as pytest calls it
        """What can't be collected is an outcome too."""
        if report.outcome != "passed":
            self.outcomes[report.nodeid] = [report.outcome, str(report.longrepr)[-600:]]


def here(peer, verb, arguments, named):  # noqa: ANN001, ANN201, ARG001 - see Peer
    """Call a function that a test passed; the other process may ask for nothing else."""
    if verb != "call" or not arguments or not callable(arguments[0]):
        return {"failed": "only functions that were passed can be called"}
    try:
        return {"value": peer.pack(arguments[0](*arguments[1:]))}
    except Exception as error:  # noqa: BLE001 - it is a test's own function
        return {"failed": repr(error)}


def accepted(name):  # noqa: ANN001, ANN201 - a socket
    """Wait for the worker; nobody of this process's own user is taken for it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen(1)
        listener.settimeout(PATIENCE_S)
        connection, _ = listener.accept()
    connection.settimeout(None)
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if user == os.getuid():
        raise PermissionError("the learner's code must run as another user")
    return connection


def main():  # noqa: ANN201 - the exit status
    """Run the tests; print one JSON object on what was standard output before."""
    written = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        import pytest  # noqa: PLC0415 - it may be missing
    except ImportError:
        return NO_PYTEST
    os.umask(0)
    Remote.link = Link(Peer(accepted(sys.argv[1]), here, stand_in))
    sys.meta_path.insert(0, Finder(sys.argv[2]))
    results = Results(pytest)
    options = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", os.getcwd(), "--confcutdir", os.getcwd()]  # noqa: PTH109 - strings
    pytest.main([*options, *sys.argv[3:]], plugins=[results])
    json.dump(results.outcomes, written)
    written.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
