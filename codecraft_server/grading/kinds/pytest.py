"""Runs a check of kind `pytest`: hidden tests in one process, the learner's modules in another of the learner's user, data between them."""

import asyncio
import json
import secrets
from dataclasses import replace

from codecraft_server.grading import inside
from codecraft_server.grading.endings import how
from codecraft_server.grading.matching import excerpt
from codecraft_server.grading.place import PYTHON, Place, Ran, User
from codecraft_server.grading.unpacking import UNPACK, packed
from codecraft_server.grading.verdict import FaultKind, GradingFault
from codecraft_server.sandbox import EndReason
from codecraft_server.task import PytestCheck, TaskFile

_WORKER = inside.source("worker")
_PROCTOR = TaskFile("codecraft-proctor.py", inside.source("proctor"), 0o444)
_NO_PYTEST = 90  # see inside.proctor


async def run(body: PytestCheck, place: Place, timeout_s: float) -> str:
    """Say which tests did not pass; empty when all did."""
    link = f"codecraft-{secrets.token_hex(8)}".encode()
    tests = tuple(file.path.encode() for file in body.files if file.path.rpartition("/")[2].startswith("test_"))
    # Where the files lie can't be guessed, and no process of the learner's can look: else what it says or links to could name one of them.
    room = secrets.token_hex(16)
    hidden = [replace(file, path=f"{room}/{file.path}") for file in body.files]
    work = (PYTHON, b"-I", b"-B", b"-c", _WORKER, link, place.working_dir)
    proctor = (*UNPACK, PYTHON, b"-I", b"-B", _PROCTOR.path.encode(), link, place.working_dir, *tests)
    worker = asyncio.create_task(place.run(work, timeout_s=timeout_s, user=User.AGENT, alone=False))
    try:
        ran = await place.run(proctor, timeout_s=timeout_s, stdin=packed((*hidden, _PROCTOR)))
        await asyncio.wait({worker}, timeout=place.bounds.leave_s)
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    return ran if isinstance(ran, str) else _weigh(body, ran, programs_breakable=place.programs_breakable)


def _weigh(body: PytestCheck, ran: Ran, *, programs_breakable: bool) -> str:
    if ran.ended.reason is not EndReason.EXITED or ran.ended.exit_code:
        if ran.ended.exit_code == _NO_PYTEST and not programs_breakable:  # who could have removed it
            raise GradingFault(FaultKind.TASK_BROKEN, "A check needs pytest, which the task's image lacks.")
        return f"the tests {how(ran.ended)}; stderr is {excerpt(ran.err.decode(errors='replace'))}"
    try:
        outcomes = json.loads(ran.out)
    except ValueError:
        return f"the tests said nothing that can be read; stderr is {excerpt(ran.err.decode(errors='replace'))}"
    failed = {test: result for test, result in outcomes.items() if result[0] != "passed"}
    missing = [test for test in body.expected if test not in outcomes]
    reasons = [f"{test} {result[0]}: {result[1]}" for test, result in failed.items()]
    return "; ".join([*reasons, *(f"{test} did not run" for test in missing)])
