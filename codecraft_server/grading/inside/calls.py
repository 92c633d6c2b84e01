"""Calls a function of the learner's module and prints what came of each call, one JSON line a call. Runs as the learner's user.

It is given arguments and nothing else: what is expected stays in the server, so whatever the learner's code does to this process, it can
only say values, and they are right or they aren't.
"""

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from codecraft_server.grading.inside.codec import decode, encode, listed


def opaque(value: Any) -> dict[str, str]:
    """What is no data is told by its type's name, which equals nothing that is expected."""
    return {"opaque": type(value).__name__[:100]}


def outcome(function: Callable[..., Any], call: dict[str, Any]) -> dict[str, Any]:
    """Call once; return the value or the names of the exception's classes."""
    try:
        return {"value": encode(listed(function(*decode(call["args"]), **decode(call["kwargs"]))), opaque)}
    except BaseException as error:  # noqa: BLE001 - SystemExit too is what came of it
        return {"raised": [base.__name__ for base in type(error).__mro__], "message": ascii(error)[:300]}


def loaded(path: str, name: str) -> Any:
    """Import the module as one that lies in a directory on the path does."""
    folder, _, file = path.rpartition("/")
    sys.path.insert(0, folder)
    stem = file.removesuffix(".py")
    spec = importlib.util.spec_from_file_location(stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[stem] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


def main() -> None:
    """Read the calls from standard input, and write to what was standard output before the learner's code came."""
    job = json.load(sys.stdin)
    written = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        function = loaded(job["module"], job["function"])
        for call in job["calls"]:
            written.write(json.dumps(outcome(function, call)) + "\n")
    except BaseException as error:  # noqa: BLE001 - whatever importing it does
        written.write(json.dumps({"broken": ascii(error)[:300]}) + "\n")
    written.flush()
    os._exit(0)  # neither threads nor exit handlers of the learner's change what was said


if __name__ == "__main__":
    main()
