"""Regular expressions over text that a learner chose, in a process of their own.

A pattern that looks harmless can take exponential time on a chosen text, `re` has no time limit and holds the interpreter while it works:
on the event loop, or in a thread, one answer could stop every episode of the server.
"""

import asyncio
import json
import logging
import sys

from codecraft_server.grading.verdict import FaultKind, GradingFault

_log = logging.getLogger(__name__)
_PROGRAM = """
import json, re, sys
pattern, text = json.loads(sys.stdin.read())
try:
    fits = re.compile(pattern, re.DOTALL).fullmatch(text)
except MemoryError:
    sys.exit(4)
sys.exit(0 if fits else 3)
"""
_ANSWERS = {0: True, 3: False, 4: None}


async def full_match(pattern: str, text: str, timeout_s: float) -> bool | None:
    """Whether the whole text fits the pattern (`.` matches line ends too); None when that takes more than `timeout_s`, or memory.

    Raises:
        GradingFault: The process was killed, or could not begin: that is nothing the text could do.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-S", "-c", _PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(timeout_s):
            await process.communicate(json.dumps([pattern, text]).encode())
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode not in _ANSWERS:
        _log.error("a process that compares with a pattern ended", extra={"status": process.returncode})
        raise GradingFault(FaultKind.GRADER_FAILED, "The comparison with a pattern was cut off.")
    return _ANSWERS[process.returncode]
