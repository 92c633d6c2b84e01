"""Turns single JSON values into Python ones: names, numbers, choices, paths. Each notes what is wrong and returns something harmless."""

import math
import posixpath
from enum import Enum
from typing import TypeVar

from codecraft_server.curriculum.documents import Node, did_you_mean

Choice = TypeVar("Choice", bound=Enum)

MAX_PATH_BYTES = 4096


def text(node: Node | None, *, most: int, default: str = "", empty: bool = False) -> str:
    """Return a string of at most `most` bytes of UTF-8 without NUL; `empty` says whether it may be empty."""
    if node is None:
        return default
    if not isinstance(node.value, str):
        node.wrong_type("a string")
        return default
    return checked_text(node, node.value, most=most, empty=empty)


def checked_text(node: Node, value: str, *, most: int, empty: bool) -> str:
    """Note what is wrong with a string, return it or something harmless."""
    if not value and not empty:
        node.problem("must not be empty")
    if "\0" in value:
        node.problem("must not have a NUL character")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        node.problem("must not have half of a surrogate pair")
        return ""
    if size > most:
        node.problem(f"must have at most {most} bytes, not {size}")
    return value


def name(node: Node | None, default: str = "") -> str:
    """Return a short printable string."""
    if node is None:
        return default
    most = node.source.problems.bounds.name_characters
    if not isinstance(node.value, str):
        node.wrong_type("a string")
        return default
    reason = name_problem(node.value, most)
    if reason:
        node.problem(reason)
    return node.value


def name_problem(value: str, most: int) -> str:
    """Say what is wrong with a name; empty: nothing."""
    if 1 <= len(value) <= most and value.isprintable() and value == value.strip():
        return ""
    return f"must be 1 to {most} printable characters without blanks at its ends"


def names(node: Node | None) -> tuple[str, ...]:
    """Return a list of different names."""
    if node is None:
        return ()
    items = node.items(node.source.problems.bounds.name_characters)
    found = [name(item) for item in items]
    for index, item in enumerate(items):
        if found[index] in found[:index]:
            item.problem(f"{found[index]!r} is there already")
    return tuple(found)


def number(node: Node | None, default: float, *, least: float, most: float, above: bool = False) -> float:
    """Return a finite number from `least` (exclusive when `above`) to `most`."""
    if node is None:
        return default
    value = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        node.wrong_type("a number")
        return default
    if not math.isfinite(value) or value < least or value > most or (above and value == least):
        low = f"above {least:g}" if above else f"at least {least:g}"
        node.problem(f"must be {low} and at most {most:g}, not {value:g}")
        return default
    return float(value)


def integer(node: Node | None, default: int, *, least: int, most: int) -> int:
    """Return a whole number from `least` to `most`."""
    if node is None:
        return default
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int):
        node.wrong_type("a whole number")
        return default
    if not least <= value <= most:
        node.problem(f"must be {least} to {most}, not {value}")
        return default
    return value


def exit_code(node: Node | None) -> int | None:
    """Return what a program must exit with, 0 by default; null: anything."""
    return None if node is not None and node.value is None else integer(node, 0, least=0, most=255)


def boolean(node: Node | None, *, default: bool) -> bool:
    """Return true or false."""
    if node is None:
        return default
    if not isinstance(node.value, bool):
        node.wrong_type("true or false")
        return default
    return node.value


def choice(node: Node | None, default: Choice) -> Choice:
    """Return one of the values of an enumeration, spelled with `-` or `_`."""
    if node is None:
        return default
    kind = type(default)
    known = [str(member.value) for member in kind]
    if not isinstance(node.value, str):
        node.wrong_type("a string")
    elif node.value in known:
        return kind(node.value)
    else:
        node.problem(f"{node.value!r} is unknown{did_you_mean(node.value, known)}")
    return default


def mode(node: Node | None, default: int) -> int:
    """Return permission bits, written as an octal string such as "0755"."""
    if node is None:
        return default
    if isinstance(node.value, str) and 3 <= len(node.value) <= 5 and all(digit in "01234567" for digit in node.value):  # noqa: PLR2004 - "755" to "01755"
        bits = int(node.value, 8)
        if bits <= 0o7777:  # noqa: PLR2004 - all the bits there are
            return bits
    node.problem('must be permission bits as an octal string, such as "0644"')
    return default


def path(node: Node, value: object, *, absolute: bool = False) -> str:
    """Return a path in the sandbox, normalised; `..` has no place in it."""
    if not isinstance(value, str):
        node.wrong_type("a path")
        return "."
    checked_text(node, value, most=MAX_PATH_BYTES, empty=False)
    if absolute and not value.startswith("/"):
        node.problem(f"must be an absolute path, not {value!r}")
    if ".." in value.split("/"):
        node.problem(f'must not have ".." in it: {value!r}')
    normal = posixpath.normpath(value or ".")
    return normal.removeprefix("/") if normal.startswith("//") else normal
