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


MODULE = 'cache.py'
TESTS = 'test_cache.py'
RIGHT = ['class Cache:\n    def __init__(self, size, ttl, clock):\n        if not (size >= 1 and ttl > 0):\n            raise ValueError((size, ttl))\n        self.size = size\n        self.ttl = ttl\n        self.clock = clock\n        self.rows = []\n        self.hit = 0\n        self.miss = 0\n\n    def _clean(self):\n        now = self.clock()\n        self.rows = [row for row in self.rows if now - row[2] < self.ttl]\n\n    def _row(self, key):\n        self._clean()\n        return next((row for row in self.rows if row[0] == key), None)\n\n    def put(self, key, value):\n        self._clean()\n        self.rows = [row for row in self.rows if row[0] != key]\n        self.rows = [*self.rows, [key, value, self.clock()]][-self.size:]\n\n    def get(self, key, default=None):\n        row = self._row(key)\n        if row is None:\n            self.miss += 1\n            return default\n        self.hit += 1\n        self.rows.remove(row)\n        self.rows.append(row)\n        return row[1]\n\n    def __contains__(self, key):\n        return self._row(key) is not None\n\n    def __len__(self):\n        self._clean()\n        return len(self.rows)\n\n    def keys(self):\n        self._clean()\n        return [row[0] for row in self.rows]\n\n    def discard(self, key):\n        row = self._row(key)\n        if row is not None:\n            self.rows.remove(row)\n        return row is not None\n\n    def stats(self):\n        return (self.hit, self.miss)\n\n    def get_or_make(self, key, make):\n        if key in self:\n            return self.get(key)\n        self.miss += 1\n        made = make()\n        self.put(key, made)\n        return made\n', '"""A cache that forgets: the entry used longest ago when it is full, and every entry when its time is over."""\n\nfrom collections import OrderedDict\n\n\nclass Cache:\n    """At most `size` entries, each alive for `ttl` seconds after it was put; `clock` returns the time in seconds."""\n\n    def __init__(self, size, ttl, clock):\n        if size < 1 or ttl <= 0:\n            raise ValueError("bad size or time to live")\n        self._size, self._ttl, self._clock = size, ttl, clock\n        self._entries = OrderedDict()\n        self._hits = self._misses = 0\n\n    def put(self, key, value):\n        """Keep a value; the key becomes the one used last. When there is no room, an entry that is over goes, else the one used longest ago."""\n        self._drop_old()\n        self._entries.pop(key, None)\n        if len(self._entries) >= self._size:\n            self._entries.popitem(last=False)\n        self._entries[key] = (value, self._clock() + self._ttl)\n\n    def get(self, key, default=None):\n        """Return a value and make its key the one used last; `default` when it is not there. Counts a hit or a miss."""\n        if key not in self:\n            self._misses += 1\n            return default\n        self._hits += 1\n        self._entries.move_to_end(key)\n        return self._entries[key][0]\n\n    def __contains__(self, key):\n        """Whether there is a living entry. No use, no hit, no miss."""\n        return key in self._entries and self._clock() < self._entries[key][1]\n\n    def __len__(self):\n        """How many living entries there are."""\n        self._drop_old()\n        return len(self._entries)\n\n    def keys(self):\n        """The living keys as a list, the one used longest ago first."""\n        self._drop_old()\n        return list(self._entries)\n\n    def discard(self, key):\n        """Forget a key; return whether there was a living entry."""\n        there = key in self\n        if there:\n            del self._entries[key]\n        return there\n\n    def stats(self):\n        """Return (hits, misses)."""\n        return self._hits, self._misses\n\n    def get_or_make(self, key, make):\n        """Return the value of a key as `get` does; when it is not there, put what make() returns, and return that. If it raises, nothing is put."""\n        nothing = object()\n        value = self.get(key, nothing)\n        if value is nothing:\n            value = make()\n            self.put(key, value)\n        return value\n\n    def _drop_old(self):\n        now = self._clock()\n        for key in [key for key, (_, end) in self._entries.items() if end <= now]:\n            del self._entries[key]\n']
MUTANTS = [('discard does nothing', '"""A cache that forgets: the entry used longest ago when it is full, and every entry when its time is over."""\n\nfrom collections import OrderedDict\n\n\nclass Cache:\n    """At most `size` entries, each alive for `ttl` seconds after it was put; `clock` returns the time in seconds."""\n\n    def __init__(self, size, ttl, clock):\n        if size < 1 or ttl <= 0:\n            raise ValueError("bad size or time to live")\n        self._size, self._ttl, self._clock = size, ttl, clock\n        self._entries = OrderedDict()\n        self._hits = self._misses = 0\n\n    def put(self, key, value):\n        """Keep a value; the key becomes the one used last. When there is no room, an entry that is over goes, else the one used longest ago."""\n        self._drop_old()\n        self._entries.pop(key, None)\n        if len(self._entries) >= self._size:\n            self._entries.popitem(last=False)\n        self._entries[key] = (value, self._clock() + self._ttl)\n\n    def get(self, key, default=None):\n        """Return a value and make its key the one used last; `default` when it is not there. Counts a hit or a miss."""\n        if key not in self:\n            self._misses += 1\n            return default\n        self._hits += 1\n        self._entries.move_to_end(key)\n        return self._entries[key][0]\n\n    def __contains__(self, key):\n        """Whether there is a living entry. No use, no hit, no miss."""\n        return key in self._entries and self._clock() < self._entries[key][1]\n\n    def __len__(self):\n        """How many living entries there are."""\n        self._drop_old()\n        return len(self._entries)\n\n    def keys(self):\n        """The living keys as a list, the one used longest ago first."""\n        self._drop_old()\n        return list(self._entries)\n\n    def discard(self, key):\n        """Forget a key; return whether there was a living entry."""\n        there = key in self\n        return there\n\n    def stats(self):\n        """Return (hits, misses)."""\n        return self._hits, self._misses\n\n    def get_or_make(self, key, make):\n        """Return the value of a key as `get` does; when it is not there, put what make() returns, and return that. If it raises, nothing is put."""\n        nothing = object()\n        value = self.get(key, nothing)\n        if value is nothing:\n            value = make()\n            self.put(key, value)\n        return value\n\n    def _drop_old(self):\n        now = self._clock()\n        for key in [key for key, (_, end) in self._entries.items() if end <= now]:\n            del self._entries[key]\n'), ('discard raises', '"""A cache that forgets: the entry used longest ago when it is full, and every entry when its time is over."""\n\nfrom collections import OrderedDict\n\n\nclass Cache:\n    """At most `size` entries, each alive for `ttl` seconds after it was put; `clock` returns the time in seconds."""\n\n    def __init__(self, size, ttl, clock):\n        if size < 1 or ttl <= 0:\n            raise ValueError("bad size or time to live")\n        self._size, self._ttl, self._clock = size, ttl, clock\n        self._entries = OrderedDict()\n        self._hits = self._misses = 0\n\n    def put(self, key, value):\n        """Keep a value; the key becomes the one used last. When there is no room, an entry that is over goes, else the one used longest ago."""\n        self._drop_old()\n        self._entries.pop(key, None)\n        if len(self._entries) >= self._size:\n            self._entries.popitem(last=False)\n        self._entries[key] = (value, self._clock() + self._ttl)\n\n    def get(self, key, default=None):\n        """Return a value and make its key the one used last; `default` when it is not there. Counts a hit or a miss."""\n        if key not in self:\n            self._misses += 1\n            return default\n        self._hits += 1\n        self._entries.move_to_end(key)\n        return self._entries[key][0]\n\n    def __contains__(self, key):\n        """Whether there is a living entry. No use, no hit, no miss."""\n        return key in self._entries and self._clock() < self._entries[key][1]\n\n    def __len__(self):\n        """How many living entries there are."""\n        self._drop_old()\n        return len(self._entries)\n\n    def keys(self):\n        """The living keys as a list, the one used longest ago first."""\n        self._drop_old()\n        return list(self._entries)\n\n    def discard(self, key):\n        """Forget a key; return whether there was a living entry."""\n        there = key in self\n        del self._entries[key]\n        return there\n\n    def stats(self):\n        """Return (hits, misses)."""\n        return self._hits, self._misses\n\n    def get_or_make(self, key, make):\n        """Return the value of a key as `get` does; when it is not there, put what make() returns, and return that. If it raises, nothing is put."""\n        nothing = object()\n        value = self.get(key, nothing)\n        if value is nothing:\n            value = make()\n            self.put(key, value)\n        return value\n\n    def _drop_old(self):\n        now = self._clock()\n        for key in [key for key, (_, end) in self._entries.items() if end <= now]:\n            del self._entries[key]\n'), ('None is made again', '"""A cache that forgets: the entry used longest ago when it is full, and every entry when its time is over."""\n\nfrom collections import OrderedDict\n\n\nclass Cache:\n    """At most `size` entries, each alive for `ttl` seconds after it was put; `clock` returns the time in seconds."""\n\n    def __init__(self, size, ttl, clock):\n        if size < 1 or ttl <= 0:\n            raise ValueError("bad size or time to live")\n        self._size, self._ttl, self._clock = size, ttl, clock\n        self._entries = OrderedDict()\n        self._hits = self._misses = 0\n\n    def put(self, key, value):\n        """Keep a value; the key becomes the one used last. When there is no room, an entry that is over goes, else the one used longest ago."""\n        self._drop_old()\n        self._entries.pop(key, None)\n        if len(self._entries) >= self._size:\n            self._entries.popitem(last=False)\n        self._entries[key] = (value, self._clock() + self._ttl)\n\n    def get(self, key, default=None):\n        """Return a value and make its key the one used last; `default` when it is not there. Counts a hit or a miss."""\n        if key not in self:\n            self._misses += 1\n            return default\n        self._hits += 1\n        self._entries.move_to_end(key)\n        return self._entries[key][0]\n\n    def __contains__(self, key):\n        """Whether there is a living entry. No use, no hit, no miss."""\n        return key in self._entries and self._clock() < self._entries[key][1]\n\n    def __len__(self):\n        """How many living entries there are."""\n        self._drop_old()\n        return len(self._entries)\n\n    def keys(self):\n        """The living keys as a list, the one used longest ago first."""\n        self._drop_old()\n        return list(self._entries)\n\n    def discard(self, key):\n        """Forget a key; return whether there was a living entry."""\n        there = key in self\n        self._entries.pop(key, None)\n        return there\n\n    def stats(self):\n        """Return (hits, misses)."""\n        return self._hits, self._misses\n\n    def get_or_make(self, key, make):\n        """Return the value of a key as `get` does; when it is not there, put what make() returns, and return that. If it raises, nothing is put."""\n        value = self.get(key)\n        if value is None:\n            value = make()\n            self.put(key, value)\n        return value\n\n    def _drop_old(self):\n        now = self._clock()\n        for key in [key for key, (_, end) in self._entries.items() if end <= now]:\n            del self._entries[key]\n'), ('made but not kept', '"""A cache that forgets: the entry used longest ago when it is full, and every entry when its time is over."""\n\nfrom collections import OrderedDict\n\n\nclass Cache:\n    """At most `size` entries, each alive for `ttl` seconds after it was put; `clock` returns the time in seconds."""\n\n    def __init__(self, size, ttl, clock):\n        if size < 1 or ttl <= 0:\n            raise ValueError("bad size or time to live")\n        self._size, self._ttl, self._clock = size, ttl, clock\n        self._entries = OrderedDict()\n        self._hits = self._misses = 0\n\n    def put(self, key, value):\n        """Keep a value; the key becomes the one used last. When there is no room, an entry that is over goes, else the one used longest ago."""\n        self._drop_old()\n        self._entries.pop(key, None)\n        if len(self._entries) >= self._size:\n            self._entries.popitem(last=False)\n        self._entries[key] = (value, self._clock() + self._ttl)\n\n    def get(self, key, default=None):\n        """Return a value and make its key the one used last; `default` when it is not there. Counts a hit or a miss."""\n        if key not in self:\n            self._misses += 1\n            return default\n        self._hits += 1\n        self._entries.move_to_end(key)\n        return self._entries[key][0]\n\n    def __contains__(self, key):\n        """Whether there is a living entry. No use, no hit, no miss."""\n        return key in self._entries and self._clock() < self._entries[key][1]\n\n    def __len__(self):\n        """How many living entries there are."""\n        self._drop_old()\n        return len(self._entries)\n\n    def keys(self):\n        """The living keys as a list, the one used longest ago first."""\n        self._drop_old()\n        return list(self._entries)\n\n    def discard(self, key):\n        """Forget a key; return whether there was a living entry."""\n        there = key in self\n        self._entries.pop(key, None)\n        return there\n\n    def stats(self):\n        """Return (hits, misses)."""\n        return self._hits, self._misses\n\n    def get_or_make(self, key, make):\n        """Return the value of a key as `get` does; when it is not there, put what make() returns, and return that. If it raises, nothing is put."""\n        nothing = object()\n        value = self.get(key, nothing)\n        if value is nothing:\n            value = make()\n        return value\n\n    def _drop_old(self):\n        now = self._clock()\n        for key in [key for key, (_, end) in self._entries.items() if end <= now]:\n            del self._entries[key]\n'), ('always makes', '"""A cache that forgets: the entry used longest ago when it is full, and every entry when its time is over."""\n\nfrom collections import OrderedDict\n\n\nclass Cache:\n    """At most `size` entries, each alive for `ttl` seconds after it was put; `clock` returns the time in seconds."""\n\n    def __init__(self, size, ttl, clock):\n        if size < 1 or ttl <= 0:\n            raise ValueError("bad size or time to live")\n        self._size, self._ttl, self._clock = size, ttl, clock\n        self._entries = OrderedDict()\n        self._hits = self._misses = 0\n\n    def put(self, key, value):\n        """Keep a value; the key becomes the one used last. When there is no room, an entry that is over goes, else the one used longest ago."""\n        self._drop_old()\n        self._entries.pop(key, None)\n        if len(self._entries) >= self._size:\n            self._entries.popitem(last=False)\n        self._entries[key] = (value, self._clock() + self._ttl)\n\n    def get(self, key, default=None):\n        """Return a value and make its key the one used last; `default` when it is not there. Counts a hit or a miss."""\n        if key not in self:\n            self._misses += 1\n            return default\n        self._hits += 1\n        self._entries.move_to_end(key)\n        return self._entries[key][0]\n\n    def __contains__(self, key):\n        """Whether there is a living entry. No use, no hit, no miss."""\n        return key in self._entries and self._clock() < self._entries[key][1]\n\n    def __len__(self):\n        """How many living entries there are."""\n        self._drop_old()\n        return len(self._entries)\n\n    def keys(self):\n        """The living keys as a list, the one used longest ago first."""\n        self._drop_old()\n        return list(self._entries)\n\n    def discard(self, key):\n        """Forget a key; return whether there was a living entry."""\n        there = key in self\n        self._entries.pop(key, None)\n        return there\n\n    def stats(self):\n        """Return (hits, misses)."""\n        return self._hits, self._misses\n\n    def get_or_make(self, key, make):\n        """Return the value of a key as `get` does; when it is not there, put what make() returns, and return that. If it raises, nothing is put."""\n        nothing = object()\n        value = self.get(key, nothing)\n        made = make()\n        if value is nothing:\n            value = made\n            self.put(key, value)\n        return value\n\n    def _drop_old(self):\n        now = self._clock()\n        for key in [key for key, (_, end) in self._entries.items() if end <= now]:\n            del self._entries[key]\n'), ('the failure is kept', '"""A cache that forgets: the entry used longest ago when it is full, and every entry when its time is over."""\n\nfrom collections import OrderedDict\n\n\nclass Cache:\n    """At most `size` entries, each alive for `ttl` seconds after it was put; `clock` returns the time in seconds."""\n\n    def __init__(self, size, ttl, clock):\n        if size < 1 or ttl <= 0:\n            raise ValueError("bad size or time to live")\n        self._size, self._ttl, self._clock = size, ttl, clock\n        self._entries = OrderedDict()\n        self._hits = self._misses = 0\n\n    def put(self, key, value):\n        """Keep a value; the key becomes the one used last. When there is no room, an entry that is over goes, else the one used longest ago."""\n        self._drop_old()\n        self._entries.pop(key, None)\n        if len(self._entries) >= self._size:\n            self._entries.popitem(last=False)\n        self._entries[key] = (value, self._clock() + self._ttl)\n\n    def get(self, key, default=None):\n        """Return a value and make its key the one used last; `default` when it is not there. Counts a hit or a miss."""\n        if key not in self:\n            self._misses += 1\n            return default\n        self._hits += 1\n        self._entries.move_to_end(key)\n        return self._entries[key][0]\n\n    def __contains__(self, key):\n        """Whether there is a living entry. No use, no hit, no miss."""\n        return key in self._entries and self._clock() < self._entries[key][1]\n\n    def __len__(self):\n        """How many living entries there are."""\n        self._drop_old()\n        return len(self._entries)\n\n    def keys(self):\n        """The living keys as a list, the one used longest ago first."""\n        self._drop_old()\n        return list(self._entries)\n\n    def discard(self, key):\n        """Forget a key; return whether there was a living entry."""\n        there = key in self\n        self._entries.pop(key, None)\n        return there\n\n    def stats(self):\n        """Return (hits, misses)."""\n        return self._hits, self._misses\n\n    def get_or_make(self, key, make):\n        """Return the value of a key as `get` does; when it is not there, put what make() returns, and return that. If it raises, nothing is put."""\n        nothing = object()\n        value = self.get(key, nothing)\n        if value is nothing:\n            try:\n                value = make()\n            except Exception:\n                self.put(key, None)\n                raise\n            self.put(key, value)\n        return value\n\n    def _drop_old(self):\n        now = self._clock()\n        for key in [key for key, (_, end) in self._entries.items() if end <= now]:\n            del self._entries[key]\n'), ('made but not kept, the other way', 'class Cache:\n    def __init__(self, size, ttl, clock):\n        if not (size >= 1 and ttl > 0):\n            raise ValueError((size, ttl))\n        self.size = size\n        self.ttl = ttl\n        self.clock = clock\n        self.rows = []\n        self.hit = 0\n        self.miss = 0\n\n    def _clean(self):\n        now = self.clock()\n        self.rows = [row for row in self.rows if now - row[2] < self.ttl]\n\n    def _row(self, key):\n        self._clean()\n        return next((row for row in self.rows if row[0] == key), None)\n\n    def put(self, key, value):\n        self._clean()\n        self.rows = [row for row in self.rows if row[0] != key]\n        self.rows = [*self.rows, [key, value, self.clock()]][-self.size:]\n\n    def get(self, key, default=None):\n        row = self._row(key)\n        if row is None:\n            self.miss += 1\n            return default\n        self.hit += 1\n        self.rows.remove(row)\n        self.rows.append(row)\n        return row[1]\n\n    def __contains__(self, key):\n        return self._row(key) is not None\n\n    def __len__(self):\n        self._clean()\n        return len(self.rows)\n\n    def keys(self):\n        self._clean()\n        return [row[0] for row in self.rows]\n\n    def discard(self, key):\n        row = self._row(key)\n        if row is not None:\n            self.rows.remove(row)\n        return row is not None\n\n    def stats(self):\n        return (self.hit, self.miss)\n\n    def get_or_make(self, key, make):\n        if key in self:\n            return self.get(key)\n        self.miss += 1\n        made = make()\n        return made\n')]
LEAST = 10

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
