"""Values made from types alone: dataclasses with every field set to something that is no default, and every way to change one."""

import dataclasses
import functools
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import count
from typing import Any

_numbers = count(101)


def filled(kind: Any) -> Any:  # noqa: PLR0911 - one return per kind of type
    """Return a value of a type, non-default in every part; numbers and texts are different each time."""
    number = next(_numbers)
    if kind is bool:
        return True
    if kind in (int, float):
        return kind(number)
    if kind in (str, Any):
        return f"text{number}"
    if kind is bytes:
        return b"bytes%d" % number
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)[-1]
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{field.name: filled(hints[field.name]) for field in dataclasses.fields(kind)})
    return _filled_generic(kind)


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _filled_generic(kind: Any) -> Any:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return filled(next(part for part in parts if part is not type(None)))
    if origin is tuple:
        return tuple(filled(part) for part in parts if part is not Ellipsis)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {filled(parts[0]): filled(parts[1])}
    raise TypeError(f"no sample of {kind}")


def changed(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield, for every leaf in a value, where it is ("Class.field") and a copy of the whole value in which only this leaf is another."""
    for field in dataclasses.fields(value):
        where = f"{type(value).__name__}.{field.name}"
        for path, other in _others(where, getattr(value, field.name)):
            yield path, dataclasses.replace(value, **{field.name: other})


def _others(where: str, leaf: Any) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(leaf) and not isinstance(leaf, type):
        yield from changed(leaf)
    elif isinstance(leaf, tuple) and leaf and dataclasses.is_dataclass(leaf[0]):
        for path, other in changed(leaf[0]):
            yield path, (other, *leaf[1:])
    else:
        yield where, _another(leaf)


def _another(leaf: Any) -> Any:
    match leaf:
        case bool():
            return not leaf
        case Enum():
            return list(type(leaf))[0]  # noqa: RUF015 - `filled` took the last
        case int() | float():
            return leaf + 1
        case str() | bytes():
            return leaf + leaf[:1]
        case tuple():
            return (*leaf, *leaf)
        case dict():
            return leaf | {"more": 1}
        case _:
            raise TypeError(f"no other {leaf!r}")
