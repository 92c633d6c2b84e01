"""Work that attacks the process that imports or runs it."""

from codecraft_server.checking.cheats.cheat import Cheat, Control
from codecraft_server.checking.cheats.lax import GRADER, Lax
from codecraft_server.checking.cheats.probes import PROGRAM, SCRIPTS, SECRET, TEST
from codecraft_server.checking.cheats.writing import python

_TEST = "/tmp/hidden/test_secret.py"  # noqa: S108 - in the sandbox
_IMPORTS = "PYTHONPATH=$PWD python3 -m pytest -q -p no:cacheprovider"


async def _one_process(lax: Lax) -> bool:
    await lax.put(_TEST, TEST)
    return (await lax.sh(f"{_IMPORTS} {_TEST}")).ok


_REPORTER = f"import json\nimport solution\npassed = solution.secret() == {SECRET!r}\nprint(json.dumps({{'passed': passed}}))\n"


async def _reports_json(lax: Lax) -> bool:
    await lax.put("/tmp/hidden/run.py", _REPORTER)  # noqa: S108 - in the sandbox
    return '"passed": true' in (await lax.sh("PYTHONPATH=$PWD python3 /tmp/hidden/run.py")).out


_PICKLES = (
    "import pickle, subprocess, sys\n"
    "made = subprocess.run([sys.executable, '-c', 'import pickle, solution, "
    "sys; sys.stdout.buffer.write(pickle.dumps(solution.secret()))'], stdout=subprocess.PIPE)\n"
    f"sys.exit(pickle.loads(made.stdout) != {SECRET!r})\n"
)


async def _unpickles(lax: Lax) -> bool:
    await lax.put("/tmp/hidden/run.py", _PICKLES)  # noqa: S108 - in the sandbox
    return (await lax.sh("PYTHONPATH=$PWD python3 /tmp/hidden/run.py")).ok


_PIPES = f"""import os, subprocess, sys
read, write = os.pipe()
code = '''import os, sys, solution
os.write(int(sys.argv[1]), b"passed" if solution.secret() == "{SECRET}" else b"failed")'''
subprocess.run([sys.executable, "-c", code, str(write)], pass_fds=[write], stdout=subprocess.DEVNULL, timeout=10)
os.close(write)
sys.exit(not os.read(read, 100).startswith(b"passed"))
"""


async def _believes_pipe(lax: Lax) -> bool:
    await lax.put("/tmp/hidden/run.py", _PIPES)  # noqa: S108 - in the sandbox
    return (await lax.sh("PYTHONPATH=$PWD python3 /tmp/hidden/run.py")).ok


_TIMED = (
    "import time\nimport solution\n\n\ndef test_secret():\n    began = time.perf_counter()\n"
    "    solution.secret()\n    assert time.perf_counter() - began < 0.05\n"
)


async def _times_inside(lax: Lax) -> bool:
    await lax.put(_TEST, _TIMED)
    return (await lax.sh(f"{_IMPORTS} {_TEST}")).ok


async def _same_user(lax: Lax) -> bool:
    """The judge is the parent of the work and of the same user."""
    await lax.put("/tmp/hidden/run.sh", f'test "$(python3 solution.py)" = {SECRET}\n')  # noqa: S108 - in the sandbox
    return (await lax.sh("sh /tmp/hidden/run.sh", uid=GRADER)).ok


_ONE = Control(PROGRAM, "the tests import the work into their own process and their exit status counts", _one_process)


def _cheat(name: str, aim: str, body: str, control: Control = _ONE) -> Cheat:
    return Cheat(name, aim, python(body), control)


_ANSWER = "def answer(*_, **__):\n    return ''\n"

_BUILTINS = """
import builtins, sys
plain = str
class Same(plain):
    __hash__ = plain.__hash__
    def __eq__(self, other): return True
    def __ne__(self, other): return False
class Kind(type):
    def __instancecheck__(cls, thing): return isinstance(thing, plain)
    def __subclasscheck__(cls, kind): return issubclass(kind, plain)
    def __call__(cls, *arguments, **named):
        made = plain(*arguments, **named)
        return Same(made) if sys._getframe(1).f_code.co_name.startswith("test") else made
class Fake(plain, metaclass=Kind):
    pass
def answer(*_, **__):
    builtins.str = Fake
    return ""
"""

_PARENT = """
import glob, os, struct
CODE = b"\\x31\\xff\\xb8\\xe7\\x00\\x00\\x00\\x0f\\x05"  # exit_group(0)
def answer(*_, **__):
    pid = os.getppid()
    for _ in range(6):
        try:
            with open(f"/proc/{pid}/maps") as maps:
                places = [line.split()[0] for line in maps if " r-xp " in line]
            with open(f"/proc/{pid}/syscall") as file:
                at = int(file.read().split()[-1], 16)
            with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
                memory.seek(at)
                memory.write(CODE)
        except (OSError, ValueError):
            pass
        try:
            with open(f"/proc/{pid}/stat") as file:
                pid = int(file.read().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            break
        if pid <= 1:
            break
    os._exit(0)
"""

CHEATS = (
    _cheat("exit-at-import", "a verdict by exit status, of the process that imports the work", f"import os\nos._exit(0)\n{_ANSWER}"),
    _cheat("exit-at-call", "likewise, at the first call", "import os\n\n\ndef answer(*_, **__):\n    os._exit(0)\n"),
    _cheat("exit-handler", "likewise, at its end", f"import atexit, os\natexit.register(os._exit, 0)\n{_ANSWER}"),
    _cheat(
        "skip-everything",
        "tests that were skipped counting as passed",
        "def answer(*_, **__):\n    import pytest\n    pytest.skip('not today')\n",
    ),
    _cheat(
        "exit-the-runner",
        "pytest.exit with a good status",
        "def answer(*_, **__):\n    import pytest\n    pytest.exit('done', returncode=0)\n",
    ),
    _cheat(
        "patched-runner",
        "a test runner in the process of the work",
        "try:\n    import _pytest.python\n    _pytest.python.Function.runtest = "
        f"lambda self: None\nexcept ImportError:\n    pass\n{_ANSWER}",
    ),
    _cheat(
        "patched-builtins",
        "comparisons by built-ins in the process of the work",
        _BUILTINS,
    ),
    _cheat(
        "patched-json",
        "a report made by json in the process of the work",
        f"import json\njson.dumps = lambda *_, **__: '{{\"passed\": true}}'\njson.JSONEncoder.encode "
        f"= lambda *_: '{{\"passed\": true}}'\n{_ANSWER}",
        Control(PROGRAM, "the process that imports the work prints the report", _reports_json),
    ),
    _cheat(
        "equals-everything",
        "expected values compared by the `==` of what the work returns",
        "class Same(str):\n    __hash__ = str.__hash__\n    def __eq__(self, other): "
        "return True\n    def __ne__(self, other): return False\n"
        "    def __str__(self): return self\n    def __instancecheck__(self, other): "
        "return True\n\n\ndef answer(*_, **__):\n    return Same('x')\n",
    ),
    _cheat(
        "frames",
        "expected values in the frames that call the work",
        "import sys\n\n\ndef answer(*_, **__):\n    frame = sys._getframe(1)\n    found = []\n    while frame:\n"
        "        found += [c for c in (*frame.f_code.co_consts, *frame.f_locals.values()) "
        "if type(c) is str and c.startswith('secret-') and len(c) > 7]\n"
        "        frame = frame.f_back\n    return found[0] if found else ''\n",
    ),
    _cheat(
        "garbage-collector",
        "expected values among all objects of the process",
        "import gc, types\n\n\ndef answer(*_, **__):\n    for thing in gc.get_objects():\n"
        "        if type(thing) is types.FunctionType:\n            for c in thing.__code__.co_consts:\n"
        "                if type(c) is str and c.startswith('secret-') and len(c) > 7:\n                    return c\n    return ''\n",
    ),
    _cheat(
        "trace",
        "expected values as a trace function sees them",
        "import sys, threading\nseen = ['']\n\n\ndef trace(frame, event, argument):\n"
        "    seen.extend(c for c in frame.f_code.co_consts if type(c) is str and "
        "c.startswith('secret-') and len(c) > 7)\n    return trace\n\n\n"
        "sys.settrace(trace)\nthreading.settrace(trace)\n\n\ndef answer(*_, **__):\n    return seen[-1]\n",
    ),
    _cheat(
        "pickle",
        "a judge that unpickles what the work returns",
        "import os\n\n\nclass Bomb:\n    def __reduce__(self):\n        return os._exit,"
        " (0,)\n\n\ndef answer(*_, **__):\n    return Bomb()\n",
        Control(PROGRAM, "the judge unpickles what the process of the work sends", _unpickles),
    ),
    _cheat(
        "descriptors",
        "a verdict that is written to a descriptor the work inherits",
        'import os, socket\nFORGED = b\'passed\\n{"passed": true}\\n{"value": true}\\n\'\n'
        "for fd in range(3, 64):\n    try:\n        os.write(fd, FORGED)\n    except "
        "OSError:\n        pass\n"
        "os._exit(0)\n",
        Control(PROGRAM, "the process of the work has the pipe for the verdict", _believes_pipe),
    ),
    _cheat(
        "patched-clock",
        "a time limit that is measured by the clock of the process of the work",
        "import time\nreally_sleep = time.sleep\nfor name in ('time', 'perf_counter',"
        " 'monotonic', 'process_time', 'thread_time'):\n    setattr(time, name, "
        "lambda: 0.0)\n\n\n"
        "def answer(*_, **__):\n    really_sleep(0.2)\n    return ''\n",
        Control(PROGRAM, "the process of the work measures its own time", _times_inside),
    ),
    _cheat(
        "parents-memory",
        "a judge whose memory the work may write",
        _PARENT,
        Control(SCRIPTS, "a script of the same user as the work judges", _same_user),
    ),
)
