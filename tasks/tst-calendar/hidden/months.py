import ctypes
import json
import os
import random
import select
import shutil
import subprocess
import sys
import tempfile

ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: the learner's processes can't read this one
WORK = "/workspace"
ENV = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
LONGEST = 40  # seconds for one run of the learner's tests

# A process that has imported pytest, and knows nothing else, forks once for each version: importing takes most of the time of a run.
NURSERY = """
import ctypes, importlib, json, os, random, signal, sys, tempfile
dumpable = ctypes.CDLL(None).prctl
dumpable(4, 0, 0, 0, 0)  # what it forks can't read or change it
import pytest
from _pytest.config import default_plugins
for name in default_plugins:
    importlib.import_module("_pytest." + name)

def late(*_):
    raise TimeoutError

def born(room, out):
    os.setsid()
    dumpable(4, 1, 0, 0, 0)  # as it would be of a program that was started anew
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(room)
    sys.path[0] = room
    random.seed()

def raised(longest):
    for room in iter(lambda: sys.stdin.readline().rstrip("\\n"), ""):
        out = tempfile.TemporaryFile()
        child = os.fork()
        if not child:
            with out:
                born(room, out.fileno())
            return room
        try:
            signal.alarm(longest)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            signal.alarm(0)
        except TimeoutError:
            code = "timeout"
        try:
            os.killpg(child, signal.SIGKILL)
        except OSError:
            pass
        if code == "timeout":
            os.waitpid(child, 0)
        out.seek(0)
        told = json.dumps([code, out.read(1_000_000).decode(errors="replace")[-100_000:]]) + "\\n"
        out.close()
        told = told.encode()
        while told:
            told = told[os.write(1, told):]
    return None

signal.signal(signal.SIGALRM, late)
tests = sys.argv[2]
room = raised(int(sys.argv[1]))
if room is not None:
    sys.argv = ["pytest"]
    sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--rootdir", room, tests]))
"""


MODULE = 'calendar_days.py'
TESTS = 'test_calendar_days.py'
RIGHT = ['import calendar\nimport datetime\n\n\ndef is_leap(year):\n    return calendar.isleap(year)\n\n\ndef days_in_month(year, month):\n    if month < 1 or month > 12:\n        raise ValueError(month)\n    return calendar.monthrange(year, month)[1]\n\n\ndef next_day(year, month, day):\n    following = datetime.date(year, month, day) + datetime.timedelta(days=1)\n    return (following.year, following.month, following.day)\n', '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if not 1 <= month <= 12:\n        raise ValueError("no such month")\n    return 29 if month == 2 and is_leap(year) else _DAYS[month]\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n']
MUTANTS = [('31 in June', '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 31, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if month not in _DAYS:\n        raise ValueError("no such month")\n    return 29 if month == 2 and is_leap(year) else _DAYS[month]\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n'), ('30 in August', '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 30, 9: 30, 10: 31, 11: 30, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if month not in _DAYS:\n        raise ValueError("no such month")\n    return 29 if month == 2 and is_leap(year) else _DAYS[month]\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n'), ('November 31', '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 31, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if month not in _DAYS:\n        raise ValueError("no such month")\n    return 29 if month == 2 and is_leap(year) else _DAYS[month]\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n'), ('January 30', '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 30, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if month not in _DAYS:\n        raise ValueError("no such month")\n    return 29 if month == 2 and is_leap(year) else _DAYS[month]\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n'), ('April 31', '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 31, 2: 28, 3: 31, 4: 31, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if month not in _DAYS:\n        raise ValueError("no such month")\n    return 29 if month == 2 and is_leap(year) else _DAYS[month]\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n'), ('always 28', '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if month not in _DAYS:\n        raise ValueError("no such month")\n    return _DAYS[month]\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n'), ('month 0 accepted', '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if month > 12 or month < 0:\n        raise ValueError("no such month")\n    return 29 if month == 2 and is_leap(year) else _DAYS.get(month, 31)\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n'), ('month 13 accepted', '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if month < 1:\n        raise ValueError("no such month")\n    return 29 if month == 2 and is_leap(year) else _DAYS.get(month, 31)\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n'), ('IndexError', '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if month not in _DAYS:\n        raise IndexError("no such month")\n    return 29 if month == 2 and is_leap(year) else _DAYS[month]\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n'), ('30 at most, the other way', 'import calendar\nimport datetime\n\n\ndef is_leap(year):\n    return calendar.isleap(year)\n\n\ndef days_in_month(year, month):\n    if month < 1 or month > 12:\n        raise ValueError(month)\n    return min(calendar.monthrange(year, month)[1], 30)\n\n\ndef next_day(year, month, day):\n    following = datetime.date(year, month, day) + datetime.timedelta(days=1)\n    return (following.year, following.month, following.day)\n')]
LEAST = 5

shutil.rmtree(os.environ.pop("CHECK_DIR", "/nonexistent"), ignore_errors=True)  # only this process's memory has them now
with open(os.path.join(WORK, TESTS), "rb") as file:
    tests = file.read(1_000_000)
nursery = subprocess.Popen(
    ["/usr/bin/python3", "-c", NURSERY, str(LONGEST), TESTS],
    cwd="/tmp",
    env=ENV,
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    start_new_session=True,
)


def answer():
    """A line from the nursery; nothing when it is silent for too long or has been ended."""
    line = b""
    while not line.endswith(b"\n") and select.select([nursery.stdout], [], [], LONGEST + 20)[0]:
        part = os.read(nursery.stdout.fileno(), 1 << 16)
        if not part:
            break
        line += part
    return line if line.endswith(b"\n") else b""


def outcome(source):
    """Run the learner's tests against an implementation; return pytest's exit code and how many passed."""
    room = tempfile.mkdtemp(dir="/tmp")
    for where, content in ((MODULE, source.encode()), (TESTS, tests)):
        with open(os.path.join(room, where), "wb") as file:
            file.write(content)
    try:
        nursery.stdin.write(room.encode() + b"\n")
        nursery.stdin.flush()
    except BrokenPipeError:
        return "nothing: what runs the tests was ended", 0, ""
    line = answer()
    shutil.rmtree(room, ignore_errors=True)
    if not line:
        return "nothing: what runs the tests was ended", 0, ""
    code, out = json.loads(line)
    passed = 0
    for line in out.splitlines():
        words = line.replace(",", "").split()
        if "passed" in words and words[0].isdigit():
            passed = int(words[words.index("passed") - 1])
    return code, passed, out


wrong = []
versions = [*((None, source) for source in RIGHT), *MUTANTS]
random.SystemRandom().shuffle(versions)  # else the tests could tell right from wrong by what came before
for name, source in versions:
    code, passed, out = outcome(source)
    if name is None and (code != 0 or passed < LEAST):
        wrong.append(f"right implementation {RIGHT.index(source) + 1}: pytest exited {code}, {passed} passed")
        sys.stderr.write(out[-400:])
        break
    if name is not None and code != 1:  # 1: tests ran and failed; anything else is no failed test
        wrong.append(f"mutant {name}: pytest exited {code}")
        break
nursery.kill()
print(*wrong, sep="\n", file=sys.stderr)
sys.stderr.flush()
os._exit(1 if wrong else 0)
