"""Frozen dataclasses as JSON values and back, by their type hints: what a type gains is carried without a word here.

Bytes are text where they are UTF-8, else {"base64": …}. A member of a union of dataclasses is {"its_name": {…}}. Fields that are not known
are passed over, and those that are missing are None or empty where their type has that, so that older and newer files can be read.
"""

import base64
import re
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

Json: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | None


def name_of(kind: type) -> str:
    """The name of a dataclass in files: snake case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def to_plain(value: Any, kind: Any = None) -> Json:
    """`value` as JSON; `kind`: its declared type, None: its own. TypeError for what has no place in a file."""
    if isinstance(value, Enum):
        return to_plain(value.value)
    if isinstance(value, bytes):
        return _bytes_to_plain(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (tuple, list)):
        return [to_plain(each, _item(kind)) for each in value]
    if isinstance(value, dict):
        return {str(key): to_plain(each) for key, each in value.items()}
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} can't be written to a trajectory")
    kind_of: Any = type(value)
    hints = _hints(kind_of)
    plain: Json = {field.name: to_plain(getattr(value, field.name), hints[field.name]) for field in fields(value)}
    return {name_of(type(value)): plain} if len(_members(kind)) > 1 else plain


def from_plain(plain: Any, kind: Any) -> Any:
    """The value of type `kind` that was written as `plain`. ValueError when it can't be one."""
    members = _members(kind)
    if len(members) > 1:
        return _from_union(plain, members)
    if members and not (plain is None and NoneType in get_args(kind)):
        return _from_fields(plain, members[0])
    if _is_union(kind):
        return _from_simple_union(plain, get_args(kind))
    return _from_simple(plain, kind)


def _from_simple(plain: Any, kind: Any) -> Any:
    if get_origin(kind) is tuple:
        return tuple(from_plain(each, _item(kind)) for each in _expected(plain, list))
    if kind is bytes:
        return _bytes_from_plain(plain)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(plain, kind)
    return _scalar(plain, kind)


def _bytes_to_plain(value: bytes) -> Json:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}


def _bytes_from_plain(plain: Any) -> bytes:
    if isinstance(plain, str):
        return plain.encode()
    return base64.b64decode(_expected(_expected(plain, dict).get("base64"), str), validate=True)


def _from_union(plain: Any, members: tuple[type, ...]) -> Any:
    given = _expected(plain, dict)
    for member in members:
        if name_of(member) in given:
            return _from_fields(given[name_of(member)], member)
    raise ValueError(f"none of {', '.join(map(name_of, members))}: {', '.join(given)[:100]}")


def _from_simple_union(plain: Any, kinds: tuple[Any, ...]) -> Any:
    """Of a union without dataclasses: None, str before bytes, numbers."""
    if plain is None and NoneType in kinds:
        return None
    if isinstance(plain, str) and str in kinds:
        return plain
    return from_plain(plain, next(kind for kind in kinds if kind not in (NoneType, str)))


def _from_fields(plain: Any, kind: Any) -> Any:
    given, hints = _expected(plain, dict), _hints(kind)
    return kind(
        **{
            field.name: from_plain(given[field.name], hints[field.name]) if field.name in given else _missing(kind, field.name, hints)
            for field in fields(kind)
        }
    )


def _missing(kind: type, name: str, hints: dict[str, Any]) -> Any:
    if NoneType in get_args(hints[name]):
        return None
    if get_origin(hints[name]) is tuple:
        return ()
    raise ValueError(f"{name_of(kind)} has no {name}")


def _enum(plain: Any, kind: type[Enum]) -> Enum:
    for name in (plain, "unknown", "other"):
        if name in (member.value for member in kind):
            return kind(name)
    raise ValueError(f"{plain!r} is no {name_of(kind)}")


def _scalar(plain: Any, kind: Any) -> Any:
    if kind is float:
        return float(_expected(plain, (int, float)))
    if get_origin(kind) is dict:
        return _expected(plain, dict)
    return plain if kind is Any else _expected(plain, kind)


def _expected(plain: Any, kind: Any) -> Any:
    if not isinstance(plain, kind) or (isinstance(plain, bool) and kind is not bool):
        raise ValueError(f"{str(plain)[:100]!r} is of the wrong type")
    return plain


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


def _members(kind: Any) -> tuple[type, ...]:
    """The dataclasses that a value of this type may be."""
    kinds = get_args(kind) if _is_union(kind) else (kind,)
    return tuple(each for each in kinds if isinstance(each, type) and is_dataclass(each))


def _item(kind: Any) -> Any:
    arguments = get_args(kind)
    return arguments[0] if arguments else None
