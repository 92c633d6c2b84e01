"""Values as JSON: data crosses by value, and only data; whatever else there is becomes what `opaque` makes of it.

An object with a single key that is one of the tags below stands for what JSON has no word for: {"set": [1]}, {"tuple": [1]}, {"bytes": base64},
{"dict": [[key, value]]} (keys that are no strings), {"float": "nan"}, {"decimal": "0.1"}, {"fraction": "1/3"}, {"complex": [0, 1]}, {"path": "/a"}.
"""

import base64
import collections
import decimal
import fractions
import json
import math
import pathlib

MAX_ITEMS = 1_000_000

_LAZY = (range, map, filter, zip, enumerate, reversed, type({}.keys()), type({}.values()), type({}.items()), type(_ for _ in ()))
_DICTS = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
TAGS = frozenset({"set", "frozenset", "tuple", "bytes", "dict", "float", "decimal", "fraction", "complex", "path"})


def encode(value, opaque, depth=0):  # noqa: ANN001, ANN201, C901, PLR0911 - one return per type, of whatever is given
    """Return JSON data for a value. Exact types only: what an object says about itself is asked of no subclass."""
    if depth > 200:  # noqa: PLR2004 - far below the recursion limit
        raise ValueError("a value is nested too deeply")
    kind = type(value)
    if value is None or kind in (bool, str, int):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind in (bytes, bytearray):
        return {"bytes": base64.b64encode(value).decode()}
    if kind is list:
        return [encode(item, opaque, depth + 1) for item in value]
    if kind is tuple:
        return {"tuple": [encode(item, opaque, depth + 1) for item in value]}
    if kind in (set, frozenset):
        return {kind.__name__: sorted((encode(item, opaque, depth + 1) for item in value), key=order)}
    if kind in _DICTS:
        return _encode_dict(value, opaque, depth)
    if kind in (decimal.Decimal, fractions.Fraction):
        return {kind.__name__.lower(): str(value)}
    if kind is complex:
        return {"complex": [repr(value.real), repr(value.imag)]}
    return {"path": str(value)} if kind in (pathlib.PosixPath, pathlib.PurePosixPath) else opaque(value)


def _encode_dict(value, opaque, depth):  # noqa: ANN001, ANN202 - any dictionary
    items = [(key, encode(item, opaque, depth + 1)) for key, item in value.items()]
    plain = all(type(key) is str for key, _ in items)
    if plain and not (len(items) == 1 and items[0][0] in TAGS):
        return dict(items)
    return {"dict": sorted(([encode(key, opaque, depth + 1), item] for key, item in items), key=order)}


def order(value):  # noqa: ANN001, ANN201 - any JSON data
    """Sort key for JSON data."""
    return json.dumps(value, sort_keys=True)


def listed(value):  # noqa: ANN001, ANN201 - anything
    """Return what yields its values on demand as a list of them, anything else as it is."""
    if not isinstance(value, _LAZY):
        return value
    items = []
    for item in value:
        items.append(item)
        if len(items) > MAX_ITEMS:
            raise ValueError("more items than are counted")
    return items


def decode(data, special=None):  # noqa: ANN001, ANN201 - any JSON data
    """Return the value that `encode` was given. `special` is asked about objects with one key that is no tag; it returns (value,) or None."""
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


_RAW = frozenset({"bytes", "float", "decimal", "fraction", "complex", "path"})
_DECODERS = {
    "set": set,
    "frozenset": frozenset,
    "tuple": tuple,
    "bytes": base64.b64decode,
    "dict": lambda pairs: {key: item for key, item in pairs},  # noqa: C416 - fails on what are no pairs
    "float": float,
    "decimal": decimal.Decimal,
    "fraction": fractions.Fraction,
    "complex": lambda parts: complex(float(parts[0]), float(parts[1])),
    "path": pathlib.Path,
}
