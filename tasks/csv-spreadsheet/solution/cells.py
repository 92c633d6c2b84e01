"""What stands in cells: values, errors, and how both are read and written."""

import math
import re

NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class CellError(Exception):
    """An error value such as #VALUE!; it is raised where it is met, and caught where it becomes the value of a cell."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def finite(number):
    """Return a number; raises CellError if it is none that can be written."""
    if isinstance(number, complex) or not math.isfinite(number):
        raise CellError("#NUM!")
    return number


def constant(text):
    """Return the value of a cell without a formula: None, a number or a text."""
    if not text:
        return None
    if text.startswith("'"):
        return text[1:]
    if NUMBER.fullmatch(text):
        return finite(float(text))
    return text


def shown(value):
    """Return how a value is written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return value
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.12g}"


def number_of(value):
    """Return a value as a number; raises CellError for a text."""
    if isinstance(value, str):
        raise CellError("#VALUE!")
    return 0.0 if value is None else float(value)


def truth_of(value):
    """Return a value as true or false; raises CellError for a text."""
    return number_of(value) != 0
