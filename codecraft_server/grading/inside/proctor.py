"""Runs hidden pytest files against the learner's modules and prints which tests passed.

Runs as the grader; the learner's code never runs in it, so what it prints can be believed.
Started where its text lies, beside one directory with all hidden files, whose name nobody is told: a path that the learner's code returns,
or links to, is opened here with the grader's rights. So it works in `/`, and what `/proc/self` leads to is not hidden.
Arguments: name of the abstract socket that the worker connects to, directory of the modules, test files.
"""

import json
import os
import socket
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

from codecraft_server.grading.inside.peer import Peer
from codecraft_server.grading.inside.remote import Finder, Link, stand_in

ACCEPT_S = 15.0
NO_PYTEST = 90  # exit status: the image can't run this kind of check
KEPT = 600  # characters of why a test failed


class Results:
    """A pytest plugin: what became of each test."""

    def __init__(self) -> None:
        """Nothing has run yet."""
        self.outcomes: dict[str, list[str]] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A test passed if its setup, call and teardown did, and nothing was expected to fail."""
        if report.outcome != "passed":
            self.outcomes[report.nodeid] = [report.outcome, str(report.longrepr)[-KEPT:]]
        elif hasattr(report, "wasxfail"):
            self.outcomes[report.nodeid] = ["xpassed", ""]
        elif report.when == "call":
            self.outcomes.setdefault(report.nodeid, ["passed", ""])

    def pytest_collectreport(self, report: Any) -> None:
        """What can't be collected is an outcome too."""
        if report.outcome != "passed":
            self.outcomes[report.nodeid] = [report.outcome, str(report.longrepr)[-KEPT:]]


def shared_directory() -> Path:
    """Make a directory that the tests and the learner's code, under their different users, may both use."""
    made = Path(tempfile.mkdtemp(prefix="codecraft-"))
    made.chmod(0o777)
    return made


def hidden_directory() -> Path:
    """Find the directory of the hidden files, and leave it."""
    (found,) = (entry for entry in Path.cwd().iterdir() if entry.is_dir())
    os.chdir("/")
    return found


def here(peer: Peer, verb: str, arguments: list[Any], _named: dict[str, Any]) -> dict[str, Any]:
    """Call a function that a test passed; the other process may ask for nothing else."""
    if verb != "call" or not arguments or not callable(arguments[0]):
        return {"failed": "only functions that were passed can be called"}
    try:
        return {"value": peer.pack(arguments[0](*arguments[1:]))}
    except Exception as error:  # noqa: BLE001 - it is a test's own function
        return {"failed": repr(error)}


def accepted(name: str) -> socket.socket:
    """Wait for the worker; nobody of this process's own user is taken for it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen(1)
        listener.settimeout(ACCEPT_S)
        connection, _ = listener.accept()
    connection.settimeout(None)
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if user == os.getuid():
        raise PermissionError("the learner's code must run as another user")
    return connection


def main() -> int:
    """Run the tests; print one JSON object on what was standard output before."""
    written = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    directory = hidden_directory()
    try:
        import pytest  # noqa: PLC0415 - it may be missing
    except ImportError:
        return NO_PYTEST
    os.umask(0)
    Link.peer = Peer(accepted(sys.argv[1]), here, stand_in)
    sys.meta_path.insert(0, Finder(sys.argv[2]))
    results = Results()
    results.tmp_path = pytest.fixture(shared_directory, name="tmp_path")  # type: ignore[attr-defined] # pytest finds fixtures by their attribute
    tests = [str(directory / name) for name in sys.argv[3:]]
    options = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(directory), "--confcutdir", str(directory)]
    pytest.main([*options, *tests], plugins=[results])
    json.dump(results.outcomes, written)
    written.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
