"""Values as JSON: data crosses by value, and only data; whatever else there is becomes what `opaque` makes of it.

An object with a single key that is one of `TAGS` stands for what JSON has no word for: {"set": [1]}, {"tuple": [1]}, {"bytes": base64},
{"dict": [[key, value]]} (keys that are no strings), {"float": "nan"}, {"decimal": "0.1"}, {"fraction": "1/3"}, {"complex": ["0", "1"]},
{"path": "/a"}.
"""

import base64
import collections
import decimal
import fractions
import json
import math
import pathlib
from collections.abc import Callable
from typing import Any

MAX_ITEMS = 1_000_000
MAX_DEPTH = 200  # far below the recursion limit
TAGS = frozenset({"set", "frozenset", "tuple", "bytes", "dict", "float", "decimal", "fraction", "complex", "path"})

_LAZY: tuple[Any, ...] = (
    range,
    map,
    filter,
    zip,
    enumerate,
    reversed,
    type({}.keys()),
    type({}.values()),
    type({}.items()),
    type(_ for _ in ()),
)


def encode(value: Any, opaque: Callable[[Any], Any], depth: int = 0) -> Any:
    """Return JSON data for a value. Only exact types are data: no subclass is asked what it is."""
    if depth > MAX_DEPTH:
        raise ValueError("a value is nested too deeply")
    if value is None or type(value) in (bool, str, int):
        return value
    if type(value) is list:
        return [encode(item, opaque, depth + 1) for item in value]
    how = _ENCODERS.get(type(value))
    return opaque(value) if how is None else how(value, lambda item: encode(item, opaque, depth + 1))


def order(value: Any) -> str:
    """Sort key for JSON data."""
    return json.dumps(value, sort_keys=True)


def listed(value: Any) -> Any:
    """Return what yields its values on demand as a list of them, anything else as it is."""
    if not isinstance(value, _LAZY):
        return value
    items = []
    for item in value:
        items.append(item)
        if len(items) > MAX_ITEMS:
            raise ValueError("more items than are counted")
    return items


def decode(data: Any, special: Callable[[str, Any], Any] | None = None) -> Any:
    """Return the value that `encode` was given.

    `special` is asked about objects with one key; it returns (value,), or None for those it doesn't know.
    """
    if isinstance(data, list):
        return [decode(item, special) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((tag, inner),) = data.items()
        found = special(tag, inner) if special is not None else None
        if found is not None:
            return found[0]
        if tag in TAGS:
            return _DECODERS[tag](inner if tag in _RAW else decode(inner, special))
    return {key: decode(item, special) for key, item in data.items()}


def _dictionary(value: dict[Any, Any], inside: Callable[[Any], Any]) -> Any:
    plain = all(type(key) is str for key in value)
    if plain and not (len(value) == 1 and next(iter(value)) in TAGS):
        return {key: inside(item) for key, item in value.items()}
    return {"dict": [[inside(key), inside(item)] for key, item in value.items()]}


_ENCODERS: dict[type, Callable[[Any, Callable[[Any], Any]], Any]] = {
    float: lambda value, _: value if math.isfinite(value) else {"float": repr(value)},
    tuple: lambda value, inside: {"tuple": [inside(item) for item in value]},
    set: lambda value, inside: {"set": sorted((inside(item) for item in value), key=order)},
    frozenset: lambda value, inside: {"frozenset": sorted((inside(item) for item in value), key=order)},
    bytes: lambda value, _: {"bytes": base64.b64encode(value).decode()},
    bytearray: lambda value, _: {"bytes": base64.b64encode(value).decode()},
    complex: lambda value, _: {"complex": [repr(value.real), repr(value.imag)]},
    decimal.Decimal: lambda value, _: {"decimal": str(value)},
    fractions.Fraction: lambda value, _: {"fraction": str(value)},
    pathlib.PosixPath: lambda value, _: {"path": str(value)},
    pathlib.PurePosixPath: lambda value, _: {"path": str(value)},
    **dict.fromkeys((dict, collections.OrderedDict, collections.defaultdict, collections.Counter), _dictionary),
}
_RAW = frozenset({"bytes", "float", "decimal", "fraction", "complex", "path"})
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "set": set,
    "frozenset": frozenset,
    "tuple": tuple,
    "bytes": base64.b64decode,
    "dict": dict,
    "float": float,
    "decimal": decimal.Decimal,
    "fraction": fractions.Fraction,
    "complex": lambda parts: complex(float(parts[0]), float(parts[1])),
    "path": pathlib.Path,
}
