"""Runs a check of kind `script`: a hidden script with hidden files, as the learner's user; it passes by its true exit code."""

from codecraft_server.grading.endings import how
from codecraft_server.grading.matching import excerpt
from codecraft_server.grading.place import Place, User
from codecraft_server.grading.unpacking import UNPACK_FOR, packed
from codecraft_server.sandbox import EndReason
from codecraft_server.task import ScriptCheck, TaskFile

_NAME = "codecraft-script"


async def run(body: ScriptCheck, place: Place, timeout_s: float) -> str:
    """Say how the script ended; empty when it exited with 0."""
    files = (*body.files, TaskFile(_NAME, body.script.encode(), 0o444))
    argv = (*UNPACK_FOR, body.interpreter.encode(), _NAME.encode())
    ran = await place.run(argv, timeout_s=timeout_s, stdin=packed(files), user=User.AGENT)
    if isinstance(ran, str):
        return ran
    if ran.ended.reason is EndReason.EXITED and ran.ended.exit_code == 0:
        return ""
    said = excerpt((ran.err or ran.out).decode(errors="replace"))
    return f"the script {how(ran.ended)} and said {said}"
