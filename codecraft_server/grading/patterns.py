"""Regular expressions over text that a learner chose, in a process of their own.

A pattern that looks harmless can take exponential time on a chosen text, `re` has no time limit and holds the interpreter while it works:
on the event loop, or in a thread, one answer could stop every episode of the server.
"""

import asyncio
import json
import sys

_PROGRAM = """
import json, re, sys
pattern, text = json.loads(sys.stdin.read())
sys.exit(0 if re.compile(pattern, re.DOTALL).fullmatch(text) else 3)
"""
_FITS, _FITS_NOT = 0, 3


async def full_match(pattern: str, text: str, timeout_s: float) -> bool | None:
    """Whether the whole text fits the pattern (`.` matches line ends too); None when that can't be told within `timeout_s`."""
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
    return {_FITS: True, _FITS_NOT: False}.get(process.returncode or 0)
