"""Runs a check of kind `command`: a command line, how it must end and what it must print.

The work that the line runs has the same user as its shell, so the shell's process is closed to it.
"""

from codecraft_server.grading.endings import how
from codecraft_server.grading.matching import excerpt, mismatch
from codecraft_server.grading.place import Place, Ran, User
from codecraft_server.grading.unpacking import CLOSED_SHELL
from codecraft_server.sandbox import EndReason
from codecraft_server.settings import GradingBounds
from codecraft_server.task import CommandCheck


async def run(body: CommandCheck, place: Place, timeout_s: float) -> str:
    """Say why the check failed; empty when it passed."""
    return await run_as(await place.reader(), body, place, timeout_s)


async def run_as(user: User, body: CommandCheck, place: Place, timeout_s: float) -> str:
    """Likewise, as a given user."""
    ran = await place.run((*CLOSED_SHELL, body.command.encode()), timeout_s=timeout_s, stdin=body.stdin.encode(), user=user)
    return ran if isinstance(ran, str) else await weigh(body, ran, place.bounds)


async def weigh(body: CommandCheck, ran: Ran, bounds: GradingBounds) -> str:
    """Say how a finished program falls short of what is expected; empty when it doesn't."""
    if ran.ended.reason is not EndReason.EXITED:
        return f"the command {how(ran.ended)}"
    if body.exit_code is not None and ran.ended.exit_code != body.exit_code:
        return f"the command {how(ran.ended)}, not with {body.exit_code}; stderr is {excerpt(ran.err.decode(errors='replace'))}"
    for expected, came, what in ((body.stdout, ran.out, "stdout"), (body.stderr, ran.err, "stderr")):
        if expected is None:
            continue
        if ran.ended.dropped_bytes:
            return f"the command printed more than the {bounds.output_kept_bytes} bytes that are kept"
        difference = await mismatch(expected, came, what, bounds)
        if difference:
            return difference
    return ""
