"""Runs a check of kind `cases`: one program, a table of what it is given and must print."""

import asyncio
import shlex

from codecraft_server.grading.kinds import command
from codecraft_server.grading.place import Place
from codecraft_server.task import CasesCheck, CommandCheck


async def run(body: CasesCheck, place: Place, timeout_s: float) -> str:
    """Say which case failed first and why; empty when all agree. The time is for all cases together."""
    clock = asyncio.get_running_loop().time
    user = await place.reader()
    deadline = clock() + timeout_s
    for case in body.cases:
        left_s = deadline - clock()
        if left_s <= 0:
            return f"{case.name}: the {timeout_s:g} s for all cases were used up before"
        line = " ".join([body.command, *map(shlex.quote, case.arguments)])
        one = CommandCheck(line, stdin=case.stdin, exit_code=case.exit_code, stdout=case.stdout)
        reason = await command.run_as(user, one, place, left_s)
        if reason:
            return f"{case.name}: {reason}"
    return ""
