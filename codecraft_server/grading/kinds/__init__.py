"""The kinds of check, as they are run: one small module each. How they are written is `curriculum.kinds`' matter."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from codecraft_server.grading.kinds import cases, command, file, function, pytest, script
from codecraft_server.grading.place import Place
from codecraft_server.task import CasesCheck, Check, CommandCheck, FileCheck, FunctionCheck, PytestCheck, ScriptCheck

# What a kind is: it runs a body of its own type in a place, for at most so many seconds, and says why it failed; empty when it passed.
Runner = Callable[[Any, Place, float], Awaitable[str]]

RUNNERS: Mapping[type, Runner] = {
    CommandCheck: command.run,
    FileCheck: file.run,
    CasesCheck: cases.run,
    FunctionCheck: function.run,
    PytestCheck: pytest.run,
    ScriptCheck: script.run,
}


async def failure(check: Check, place: Place) -> str:
    """Run a check; says what was expected and what came instead, empty when it passed."""
    return await RUNNERS[type(check.body)](check.body, place, check.timeout_s)
