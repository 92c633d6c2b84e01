"""The learner's modules as the tests see them: objects whose code runs in another process, under another user.

Data comes back by value, so what is compared is data. An object stays there and is represented here. It is compared with represented
objects only (its own `==` decides), never with data: an object that says it equals everything equals nothing that a test expects. What the
other process says is trusted in nothing: it can name exceptions that are built in, and no other thing of this process.
"""

import builtins
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from codecraft_server.grading.inside.peer import Peer, Represented

_ASKED = {
    **{verb: f"__{verb}__" for verb in ("len", "iter", "next", "str", "repr", "hash", "bool", "dir", "getitem", "setitem", "delitem")},
    **{verb: f"__{verb}__" for verb in ("enter", "getattr", "setattr", "delattr", "call")},
}
_COMPARED = {verb: f"__{verb}__" for verb in ("eq", "lt", "le", "add", "sub", "mul")}
_NOT_ASKED = frozenset({"pytestmark", "__test__", "_pytestfixturefunction", "__wrapped__", "__bases__", "__class_getitem__"})
_IMPORTED: dict[str, Callable[[], Any]] = {  # what importlib wants of a module: that it may have submodules, which `Finder` is asked for
    "__path__": list,
    "__spec__": lambda: importlib.machinery.ModuleSpec("remote", None, is_package=True),
}
_NEVER = ("KeyboardInterrupt", "GeneratorExit")  # would end the tests, not fail one


class Link:
    """Makes asking the other process look like doing it here. There is one connection, and it is this class's."""

    peer: Peer

    @classmethod
    def done(cls, verb: str, *arguments: Any, **named: Any) -> Any:
        """Have something done; print what it printed, change what it changed, raise what it raised."""
        answer = cls.peer.ask(verb, arguments, named)
        sys.stdout.write(str(answer.get("out", "")))
        sys.stderr.write(str(answer.get("err", "")))
        for index, new in dict(answer.get("changed", {})).items():
            _replace(arguments[int(index)], cls.peer.unpack(new))
        if "raised" in answer:
            raise cls._error(answer["raised"])
        return cls.peer.unpack(answer["value"])

    @classmethod
    def _error(cls, raised: Any) -> BaseException:
        kind, arguments = cls.peer.unpack(raised["class"]), cls.peer.unpack(raised["args"])
        try:
            error = kind(*arguments) if isinstance(kind, type) and issubclass(kind, BaseException) else RuntimeError(*arguments)
        except Exception:  # noqa: BLE001 - a class that wants other arguments than it keeps
            error = RuntimeError(*arguments)
        for name, value in raised["attributes"]:
            if str(name).isidentifier() and not str(name).startswith("_"):
                setattr(error, str(name), cls.peer.unpack(value))
        return error


def _replace(old: Any, new: Any) -> None:
    if type(old) in (list, bytearray):
        old[:] = new
    elif type(old) in (dict, set):
        old.clear()
        old.update(new)


class Remote(Represented):
    """Something of the learner's that is no data; its operations are added below."""

    __slots__ = ()

    def __exit__(self, *_: object) -> None:
        """Leave a context there."""
        Link.done("exit", self)

    def __instancecheck__(self, value: Any) -> bool:
        """Only what is represented can be an instance of a class over there."""
        return isinstance(value, Remote) and bool(Link.done("isinstance", value, self))


def _asked(verb: str) -> Callable[..., Any]:
    def ask(self: Remote, *arguments: Any, **named: Any) -> Any:
        if verb == "getattr" and arguments[0] in _IMPORTED:
            return _IMPORTED[arguments[0]]()
        if verb == "getattr" and arguments[0] in _NOT_ASKED:
            raise AttributeError(arguments[0])  # pytest and importlib look for these; they are none of the learner's
        return Link.done(verb, self, *arguments, **named)

    return ask


def _compared(verb: str) -> Callable[[Remote, Any], Any]:
    return lambda self, other: Link.done(verb, self, other) if isinstance(other, Remote) else NotImplemented


for _verb, _name in _ASKED.items():
    setattr(Remote, _name, _asked(_verb))
for _verb, _name in _COMPARED.items():
    setattr(Remote, _name, _compared(_verb))

_errors: dict[int, type] = {}


def stand_in(number: int, about: Any) -> Any:
    """Represent a thing of the other process: an exception class by one of this process with the same name and built-in base."""
    if about is None:
        return Remote(number)
    name, bases = str(about[0]), [str(base) for base in about[1]]
    known = [base for base in bases if base not in _NEVER and base != "BaseException" and _built_in(base) is not None]
    base = (_built_in(known[0]) if known else None) or Exception
    if bases and bases[0] == name and known and known[0] == name:
        return base
    return _errors.setdefault(number, type(name, (base,), {}))


def _built_in(name: str) -> type[BaseException] | None:
    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the learner's modules over there. What is found by others, the standard library first of all, stays what it is here."""

    def __init__(self, directory: str) -> None:
        """`directory` is the learner's; nothing in it is ever imported into this process."""
        self._directory = Path(directory)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Claim what is a module of the learner's."""
        first = name.partition(".")[0]
        if first != name:
            ours = isinstance(sys.modules.get(first), Remote)
        else:
            others = (
                finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec")
            )
            here = self._directory / first
            ours = (here.with_suffix(".py").exists() or here.is_dir()) and not any(others)
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if ours else None

    def exec_module(self, module: ModuleType) -> None:
        """Put what represents the module into the place of the empty one."""
        sys.modules[module.__name__] = Link.done("import", module.__name__)
