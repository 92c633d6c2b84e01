"""Runs a check of kind `script`: a hidden script with hidden files, as the learner's user; it passes by its true exit code.

The learner's code may run as a child of the script, so the script's process is closed to it; and the script is read as a whole before the
first of it runs, for a shell reads on in its file, which that code may write to.
"""

from codecraft_server.grading import inside
from codecraft_server.grading.endings import how
from codecraft_server.grading.matching import excerpt
from codecraft_server.grading.place import PYTHON, Place, User
from codecraft_server.grading.unpacking import UNPACK_FOR, UNPACK_FOR_CLOSED, packed
from codecraft_server.sandbox import EndReason
from codecraft_server.task import ScriptCheck, TaskFile

_NAME = "codecraft-script"
_WHOLE = "{ %s\n\nexit $?\n}\n"  # a shell runs a group once it has read its end; on the first line, so that lines keep their numbers
_GUARD = TaskFile("codecraft-guard.py", inside.source("guard"), 0o444)


async def run(body: ScriptCheck, place: Place, timeout_s: float) -> str:
    """Say how the script ended; empty when it exited with 0."""
    interpreter = body.interpreter.encode()
    is_python = interpreter == PYTHON
    script = TaskFile(_NAME, (body.script if is_python else _WHOLE % body.script).encode(), 0o444)
    if is_python:  # a copy of it would look for its library beside itself
        argv: tuple[bytes, ...] = (*UNPACK_FOR, interpreter, _GUARD.path.encode(), _NAME.encode())
    else:
        argv = (*UNPACK_FOR_CLOSED, interpreter, _NAME.encode())
    ran = await place.run(argv, timeout_s=timeout_s, stdin=packed((*body.files, script, _GUARD)), user=User.AGENT)
    if isinstance(ran, str):
        return ran
    if ran.ended.reason is EndReason.EXITED and ran.ended.exit_code == 0:
        return ""
    said = excerpt((ran.err or ran.out).decode(errors="replace"))
    return f"the script {how(ran.ended)} and said {said}"
