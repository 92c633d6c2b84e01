"""The learner's modules as the tests see them: objects whose code runs in another process, under another user.

Data comes back by value, so what is compared is data. An object stays there and is represented here. It is compared with represented objects only (its own
`==` decides), never with data: an object that says it equals everything equals nothing that a test expects. What a test expects is never sent there.
"""

import builtins
import importlib.abc
import importlib.machinery
import os
import sys

_COMPARED = {"eq": "__eq__", "lt": "__lt__", "le": "__le__", "add": "__add__", "sub": "__sub__", "mul": "__mul__"}
_ASKED = {"len": "__len__", "iter": "__iter__", "next": "__next__", "str": "__str__", "repr": "__repr__", "hash": "__hash__", "bool": "__bool__"}
_ITEMS = {"getitem": "__getitem__", "setitem": "__setitem__", "delitem": "__delitem__", "isinstance": "__instancecheck__", "dir": "__dir__"}


class Remote:
    """Something of the learner's that is no data. `Remote.link` is the one connection there is."""

    _stands_in = True
    link = None

    def __init__(self, number):  # noqa: ANN001, ANN204 - of the other end
        """`number` is the other end's."""
        object.__setattr__(self, "_number", number)

    def __getattr__(self, name):  # noqa: ANN001, ANN204 - any attribute
        """Ask for an attribute."""
        if name in ("pytestmark", "__test__", "_pytestfixturefunction", "__wrapped__", "__bases__", "__class_getitem__"):
            raise AttributeError(name)  # pytest looks for these; they are none of the learner's
        return Remote.link.done("getattr", self, name)

    def __setattr__(self, name, value):  # noqa: ANN001, ANN204 - any attribute
        """Set an attribute there."""
        Remote.link.done("setattr", self, name, value)

    def __delattr__(self, name):  # noqa: ANN001, ANN204 - any attribute
        """Delete an attribute there."""
        Remote.link.done("delattr", self, name)

    def __call__(self, *arguments, **named):  # noqa: ANN002, ANN003, ANN204 - any call
        """Call it there."""
        return Remote.link.done("call", self, *arguments, **named)

    def __enter__(self):  # noqa: ANN204 - what the manager gives
        """Enter a context there."""
        return Remote.link.done("enter", self)

    def __exit__(self, *_):  # noqa: ANN002, ANN204 - None
        """Leave a context there."""
        Remote.link.done("exit", self)


def _asked(verb):  # noqa: ANN001, ANN202 - a method
    return lambda self, *arguments: Remote.link.done(verb, self, *arguments)


def _is_instance(self, value):  # noqa: ANN001, ANN202 - a method
    return isinstance(value, Remote) and Remote.link.done("isinstance", value, self)


def _compared(verb):  # noqa: ANN001, ANN202 - a method
    return lambda self, other: Remote.link.done(verb, self, other) if isinstance(other, Remote) else NotImplemented


for _verb, _name in {**_ASKED, **_ITEMS}.items():
    setattr(Remote, _name, _asked(_verb))
for _verb, _name in _COMPARED.items():
    setattr(Remote, _name, _compared(_verb))
Remote.__instancecheck__ = _is_instance


class Link:
    """Makes asking the other process look like doing it here."""

    def __init__(self, peer):  # noqa: ANN001, ANN204 - see Peer
        """`peer` is this end of the connection."""
        self.peer = peer

    def done(self, verb, *arguments, **named):  # noqa: ANN001, ANN002, ANN003, ANN201 - what came of it
        """Have something done; print what it printed, change what it changed, raise what it raised."""
        answer = self.peer.ask(verb, *arguments, **named)
        sys.stdout.write(str(answer.get("out", "")))
        sys.stderr.write(str(answer.get("err", "")))
        for index, new in answer.get("changed", {}).items():
            _replace(arguments[int(index)], self.peer.unpack(new))
        if "raised" in answer:
            raise self._error(answer["raised"])
        return self.peer.unpack(answer["value"])

    def _error(self, raised):  # noqa: ANN001, ANN202 - an exception
        kind = self.peer.unpack(raised["class"])
        arguments = self.peer.unpack(raised["args"])
        try:
            error = kind(*arguments)
        except Exception:  # noqa: BLE001 - a class that wants other arguments than it keeps
            error = RuntimeError(*arguments)
        for name, value in zip(*self.peer.unpack(raised["attributes"])):  # noqa: B905 - made as pairs
            setattr(error, str(name), value)
        return error


def _replace(old, new):  # noqa: ANN001, ANN202 - a list, dictionary, set or byte array
    old.clear()
    (old.extend if isinstance(old, (list, bytearray)) else old.update)(new)


_errors = {}


def stand_in(number, about):  # noqa: ANN001, ANN201 - see Peer
    """Represent a thing of the other process: an exception class by one of this process with the same name and built-in bases."""
    if about is None:
        return Remote(number)
    name, bases = about
    if bases and bases[0] == name and name not in ("KeyboardInterrupt", "GeneratorExit"):
        return getattr(builtins, name)
    base = getattr(builtins, next((base for base in bases if base not in ("KeyboardInterrupt", "GeneratorExit", "BaseException")), "Exception"))
    return _errors.setdefault(number, type(str(name), (base,), {"_stands_in_class": number}))


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the learner's modules over there. What lies in the learner's directory is never imported here."""

    def __init__(self, directory):  # noqa: ANN001, ANN204 - a path
        """`directory` is the learner's."""
        self.directory = directory

    def find_spec(self, name, path=None, target=None):  # noqa: ANN001, ANN201, ARG002 - as importlib calls it
        """Claim what is a module in the learner's directory."""
        first = os.path.join(self.directory, name.partition(".")[0])  # noqa: PTH118 - strings all the way
        if os.path.exists(first + ".py") or os.path.isdir(first):  # noqa: PTH110, PTH112 - likewise
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):  # noqa: ANN001, ANN201 - as importlib calls it
        """Make none of our own."""
        return None

    def exec_module(self, module):  # noqa: ANN001, ANN201 - as importlib calls it
        """Put the represented module into the place of the empty one."""
        sys.modules[module.__name__] = Remote.link.done("import", module.__name__)
