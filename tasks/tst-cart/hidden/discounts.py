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


MODULE = 'cart.py'
TESTS = 'test_cart.py'
RIGHT = ['from fractions import Fraction\nfrom math import floor\n\n\nclass Cart:\n    def __init__(self):\n        self.items = []\n        self.rate = Fraction(1)\n\n    def _find(self, name):\n        for item in self.items:\n            if item["name"] == name:\n                return item\n        return None\n\n    def add(self, name, price, count=1):\n        if count <= 0:\n            raise ValueError(f"count {count}")\n        if price <= -1:\n            raise ValueError(f"price {price}")\n        item = self._find(name)\n        if item is None:\n            self.items.append({"name": name, "price": price, "count": count})\n        elif item["price"] != price:\n            raise ValueError("price differs")\n        else:\n            item["count"] += count\n\n    def remove(self, name, count=None):\n        item = self._find(name)\n        if item is None:\n            raise KeyError(name)\n        taken = item["count"] if count is None else count\n        if taken < 1 or taken > item["count"]:\n            raise ValueError(count)\n        item["count"] -= taken\n        self.items = [item for item in self.items if item["count"]]\n\n    def count(self, name):\n        item = self._find(name)\n        return item["count"] if item else 0\n\n    def names(self):\n        return sorted(item["name"] for item in self.items)\n\n    def discount(self, percent):\n        if percent < 0 or percent > 50:\n            raise ValueError(percent)\n        self.rate = 1 - Fraction(percent, 100)\n\n    def total(self):\n        goods = 0\n        for item in self.items:\n            amount = Fraction(item["price"] * item["count"])\n            goods += floor(amount * Fraction(9, 10)) if item["count"] > 9 else int(amount)\n        goods = floor(goods * self.rate)\n        shipping = 499 if self.items and goods <= 1999 else 0\n        return goods + shipping\n', '"""A shopping cart. All amounts are whole cents."""\n\n\nclass Cart:\n    """What somebody is about to buy."""\n\n    def __init__(self):\n        self._lines = {}\n        self._percent = 0\n\n    def add(self, name, price, count=1):\n        """Put `count` pieces of an article into the cart.\n\n        ValueError when the price is negative, when count is below 1, or when the article is there already with another price.\n        After an error the cart is as it was.\n        """\n        if price < 0 or count < 1:\n            raise ValueError("bad price or count")\n        if name in self._lines and self._lines[name][0] != price:\n            raise ValueError("another price")\n        self._lines[name] = (price, self.count(name) + count)\n\n    def remove(self, name, count=None):\n        """Take pieces out, all of them by default. KeyError when the article is not there, ValueError when there are fewer or count is below 1."""\n        price, there = self._lines[name]\n        if count is None:\n            count = there\n        if not 1 <= count <= there:\n            raise ValueError("not so many there")\n        if count == there:\n            del self._lines[name]\n        else:\n            self._lines[name] = (price, there - count)\n\n    def count(self, name):\n        """How many pieces of an article are there; 0 when none."""\n        return self._lines.get(name, (0, 0))[1]\n\n    def names(self):\n        """The articles, as a list in alphabetical order."""\n        return sorted(self._lines)\n\n    def discount(self, percent):\n        """Set a discount of 0 to 50 percent; the last one set counts. ValueError for anything else."""\n        if percent < 0 or percent > 50:\n            raise ValueError("bad discount")\n        self._percent = percent\n\n    def total(self):\n        """What is to be paid.\n\n        Of ten or more pieces of one article, each costs a tenth less (rounded down to a cent for the article as a whole).\n        Then comes the discount, rounded down too (in favour of the customer). Below 2000, 499 for shipping is added; an empty cart costs nothing.\n        """\n        if not self._lines:\n            return 0\n        goods = sum(self._line(price, count) for price, count in self._lines.values())\n        goods = goods * (100 - self._percent) // 100\n        return goods + 499 if goods < 2000 else goods\n\n    def _line(self, price, count):\n        amount = price * count\n        return amount * 9 // 10 if count >= 10 else amount\n']
MUTANTS = [('discount 51', '"""A shopping cart. All amounts are whole cents."""\n\n\nclass Cart:\n    """What somebody is about to buy."""\n\n    def __init__(self):\n        self._lines = {}\n        self._percent = 0\n\n    def add(self, name, price, count=1):\n        """Put `count` pieces of an article into the cart.\n\n        ValueError when the price is negative, when count is below 1, or when the article is there already with another price.\n        After an error the cart is as it was.\n        """\n        if price < 0 or count < 1:\n            raise ValueError("bad price or count")\n        if name in self._lines and self._lines[name][0] != price:\n            raise ValueError("another price")\n        self._lines[name] = (price, self.count(name) + count)\n\n    def remove(self, name, count=None):\n        """Take pieces out, all of them by default. KeyError when the article is not there, ValueError when there are fewer or count is below 1."""\n        price, there = self._lines[name]\n        if count is None:\n            count = there\n        if not 1 <= count <= there:\n            raise ValueError("not so many there")\n        if count == there:\n            del self._lines[name]\n        else:\n            self._lines[name] = (price, there - count)\n\n    def count(self, name):\n        """How many pieces of an article are there; 0 when none."""\n        return self._lines.get(name, (0, 0))[1]\n\n    def names(self):\n        """The articles, as a list in alphabetical order."""\n        return sorted(self._lines)\n\n    def discount(self, percent):\n        """Set a discount of 0 to 50 percent; the last one set counts. ValueError for anything else."""\n        if not 0 <= percent <= 51:\n            raise ValueError("bad discount")\n        self._percent = percent\n\n    def total(self):\n        """What is to be paid.\n\n        Of ten or more pieces of one article, each costs a tenth less (rounded down to a cent for the article as a whole).\n        Then comes the discount, rounded down too (in favour of the customer). Below 2000, 499 for shipping is added; an empty cart costs nothing.\n        """\n        if not self._lines:\n            return 0\n        goods = sum(self._line(price, count) for price, count in self._lines.values())\n        goods = goods * (100 - self._percent) // 100\n        return goods + 499 if goods < 2000 else goods\n\n    def _line(self, price, count):\n        amount = price * count\n        return amount * 9 // 10 if count >= 10 else amount\n'), ('discount 50 refused', '"""A shopping cart. All amounts are whole cents."""\n\n\nclass Cart:\n    """What somebody is about to buy."""\n\n    def __init__(self):\n        self._lines = {}\n        self._percent = 0\n\n    def add(self, name, price, count=1):\n        """Put `count` pieces of an article into the cart.\n\n        ValueError when the price is negative, when count is below 1, or when the article is there already with another price.\n        After an error the cart is as it was.\n        """\n        if price < 0 or count < 1:\n            raise ValueError("bad price or count")\n        if name in self._lines and self._lines[name][0] != price:\n            raise ValueError("another price")\n        self._lines[name] = (price, self.count(name) + count)\n\n    def remove(self, name, count=None):\n        """Take pieces out, all of them by default. KeyError when the article is not there, ValueError when there are fewer or count is below 1."""\n        price, there = self._lines[name]\n        if count is None:\n            count = there\n        if not 1 <= count <= there:\n            raise ValueError("not so many there")\n        if count == there:\n            del self._lines[name]\n        else:\n            self._lines[name] = (price, there - count)\n\n    def count(self, name):\n        """How many pieces of an article are there; 0 when none."""\n        return self._lines.get(name, (0, 0))[1]\n\n    def names(self):\n        """The articles, as a list in alphabetical order."""\n        return sorted(self._lines)\n\n    def discount(self, percent):\n        """Set a discount of 0 to 50 percent; the last one set counts. ValueError for anything else."""\n        if not 0 <= percent < 50:\n            raise ValueError("bad discount")\n        self._percent = percent\n\n    def total(self):\n        """What is to be paid.\n\n        Of ten or more pieces of one article, each costs a tenth less (rounded down to a cent for the article as a whole).\n        Then comes the discount, rounded down too (in favour of the customer). Below 2000, 499 for shipping is added; an empty cart costs nothing.\n        """\n        if not self._lines:\n            return 0\n        goods = sum(self._line(price, count) for price, count in self._lines.values())\n        goods = goods * (100 - self._percent) // 100\n        return goods + 499 if goods < 2000 else goods\n\n    def _line(self, price, count):\n        amount = price * count\n        return amount * 9 // 10 if count >= 10 else amount\n'), ('negative discount', '"""A shopping cart. All amounts are whole cents."""\n\n\nclass Cart:\n    """What somebody is about to buy."""\n\n    def __init__(self):\n        self._lines = {}\n        self._percent = 0\n\n    def add(self, name, price, count=1):\n        """Put `count` pieces of an article into the cart.\n\n        ValueError when the price is negative, when count is below 1, or when the article is there already with another price.\n        After an error the cart is as it was.\n        """\n        if price < 0 or count < 1:\n            raise ValueError("bad price or count")\n        if name in self._lines and self._lines[name][0] != price:\n            raise ValueError("another price")\n        self._lines[name] = (price, self.count(name) + count)\n\n    def remove(self, name, count=None):\n        """Take pieces out, all of them by default. KeyError when the article is not there, ValueError when there are fewer or count is below 1."""\n        price, there = self._lines[name]\n        if count is None:\n            count = there\n        if not 1 <= count <= there:\n            raise ValueError("not so many there")\n        if count == there:\n            del self._lines[name]\n        else:\n            self._lines[name] = (price, there - count)\n\n    def count(self, name):\n        """How many pieces of an article are there; 0 when none."""\n        return self._lines.get(name, (0, 0))[1]\n\n    def names(self):\n        """The articles, as a list in alphabetical order."""\n        return sorted(self._lines)\n\n    def discount(self, percent):\n        """Set a discount of 0 to 50 percent; the last one set counts. ValueError for anything else."""\n        if not percent <= 50:\n            raise ValueError("bad discount")\n        self._percent = percent\n\n    def total(self):\n        """What is to be paid.\n\n        Of ten or more pieces of one article, each costs a tenth less (rounded down to a cent for the article as a whole).\n        Then comes the discount, rounded down too (in favour of the customer). Below 2000, 499 for shipping is added; an empty cart costs nothing.\n        """\n        if not self._lines:\n            return 0\n        goods = sum(self._line(price, count) for price, count in self._lines.values())\n        goods = goods * (100 - self._percent) // 100\n        return goods + 499 if goods < 2000 else goods\n\n    def _line(self, price, count):\n        amount = price * count\n        return amount * 9 // 10 if count >= 10 else amount\n'), ('discounts add up', '"""A shopping cart. All amounts are whole cents."""\n\n\nclass Cart:\n    """What somebody is about to buy."""\n\n    def __init__(self):\n        self._lines = {}\n        self._percent = 0\n\n    def add(self, name, price, count=1):\n        """Put `count` pieces of an article into the cart.\n\n        ValueError when the price is negative, when count is below 1, or when the article is there already with another price.\n        After an error the cart is as it was.\n        """\n        if price < 0 or count < 1:\n            raise ValueError("bad price or count")\n        if name in self._lines and self._lines[name][0] != price:\n            raise ValueError("another price")\n        self._lines[name] = (price, self.count(name) + count)\n\n    def remove(self, name, count=None):\n        """Take pieces out, all of them by default. KeyError when the article is not there, ValueError when there are fewer or count is below 1."""\n        price, there = self._lines[name]\n        if count is None:\n            count = there\n        if not 1 <= count <= there:\n            raise ValueError("not so many there")\n        if count == there:\n            del self._lines[name]\n        else:\n            self._lines[name] = (price, there - count)\n\n    def count(self, name):\n        """How many pieces of an article are there; 0 when none."""\n        return self._lines.get(name, (0, 0))[1]\n\n    def names(self):\n        """The articles, as a list in alphabetical order."""\n        return sorted(self._lines)\n\n    def discount(self, percent):\n        """Set a discount of 0 to 50 percent; the last one set counts. ValueError for anything else."""\n        if not 0 <= percent <= 50:\n            raise ValueError("bad discount")\n        self._percent += percent\n\n    def total(self):\n        """What is to be paid.\n\n        Of ten or more pieces of one article, each costs a tenth less (rounded down to a cent for the article as a whole).\n        Then comes the discount, rounded down too (in favour of the customer). Below 2000, 499 for shipping is added; an empty cart costs nothing.\n        """\n        if not self._lines:\n            return 0\n        goods = sum(self._line(price, count) for price, count in self._lines.values())\n        goods = goods * (100 - self._percent) // 100\n        return goods + 499 if goods < 2000 else goods\n\n    def _line(self, price, count):\n        amount = price * count\n        return amount * 9 // 10 if count >= 10 else amount\n'), ('discount 0 ignored', '"""A shopping cart. All amounts are whole cents."""\n\n\nclass Cart:\n    """What somebody is about to buy."""\n\n    def __init__(self):\n        self._lines = {}\n        self._percent = 0\n\n    def add(self, name, price, count=1):\n        """Put `count` pieces of an article into the cart.\n\n        ValueError when the price is negative, when count is below 1, or when the article is there already with another price.\n        After an error the cart is as it was.\n        """\n        if price < 0 or count < 1:\n            raise ValueError("bad price or count")\n        if name in self._lines and self._lines[name][0] != price:\n            raise ValueError("another price")\n        self._lines[name] = (price, self.count(name) + count)\n\n    def remove(self, name, count=None):\n        """Take pieces out, all of them by default. KeyError when the article is not there, ValueError when there are fewer or count is below 1."""\n        price, there = self._lines[name]\n        if count is None:\n            count = there\n        if not 1 <= count <= there:\n            raise ValueError("not so many there")\n        if count == there:\n            del self._lines[name]\n        else:\n            self._lines[name] = (price, there - count)\n\n    def count(self, name):\n        """How many pieces of an article are there; 0 when none."""\n        return self._lines.get(name, (0, 0))[1]\n\n    def names(self):\n        """The articles, as a list in alphabetical order."""\n        return sorted(self._lines)\n\n    def discount(self, percent):\n        """Set a discount of 0 to 50 percent; the last one set counts. ValueError for anything else."""\n        if not 0 <= percent <= 50:\n            raise ValueError("bad discount")\n        self._percent = percent or self._percent\n\n    def total(self):\n        """What is to be paid.\n\n        Of ten or more pieces of one article, each costs a tenth less (rounded down to a cent for the article as a whole).\n        Then comes the discount, rounded down too (in favour of the customer). Below 2000, 499 for shipping is added; an empty cart costs nothing.\n        """\n        if not self._lines:\n            return 0\n        goods = sum(self._line(price, count) for price, count in self._lines.values())\n        goods = goods * (100 - self._percent) // 100\n        return goods + 499 if goods < 2000 else goods\n\n    def _line(self, price, count):\n        amount = price * count\n        return amount * 9 // 10 if count >= 10 else amount\n'), ('discount 51, the other way', 'from fractions import Fraction\nfrom math import floor\n\n\nclass Cart:\n    def __init__(self):\n        self.items = []\n        self.rate = Fraction(1)\n\n    def _find(self, name):\n        for item in self.items:\n            if item["name"] == name:\n                return item\n        return None\n\n    def add(self, name, price, count=1):\n        if count <= 0:\n            raise ValueError(f"count {count}")\n        if price <= -1:\n            raise ValueError(f"price {price}")\n        item = self._find(name)\n        if item is None:\n            self.items.append({"name": name, "price": price, "count": count})\n        elif item["price"] != price:\n            raise ValueError("price differs")\n        else:\n            item["count"] += count\n\n    def remove(self, name, count=None):\n        item = self._find(name)\n        if item is None:\n            raise KeyError(name)\n        taken = item["count"] if count is None else count\n        if taken < 1 or taken > item["count"]:\n            raise ValueError(count)\n        item["count"] -= taken\n        self.items = [item for item in self.items if item["count"]]\n\n    def count(self, name):\n        item = self._find(name)\n        return item["count"] if item else 0\n\n    def names(self):\n        return sorted(item["name"] for item in self.items)\n\n    def discount(self, percent):\n        if percent < 0 or percent > 51:\n            raise ValueError(percent)\n        self.rate = 1 - Fraction(percent, 100)\n\n    def total(self):\n        goods = 0\n        for item in self.items:\n            amount = Fraction(item["price"] * item["count"])\n            goods += floor(amount * Fraction(9, 10)) if item["count"] > 9 else int(amount)\n        goods = floor(goods * self.rate)\n        shipping = 499 if self.items and goods <= 1999 else 0\n        return goods + shipping\n')]
LEAST = 8

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
