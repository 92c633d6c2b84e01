"""Turns the fields of a CSV file into values for the database."""

import datetime
import re

INTEGER = re.compile(r"[+-]?[0-9]+")
DECIMAL = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")
ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
DOTTED_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
BOOLEANS = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}


def _text(field, column):
    if "max" in column and len(field) > column["max"]:
        raise ValueError("length")
    if "values" in column and field not in column["values"]:
        raise ValueError("value")
    return field


def _in_range(number, column):
    if number < column.get("min", number) or number > column.get("max", number):
        raise ValueError("range")
    return number


def _integer(field, column):
    if not INTEGER.fullmatch(field):
        raise ValueError("integer")
    return _in_range(int(field), column)


def _decimal(field, column):
    found = DECIMAL.fullmatch(field)
    scale = column.get("scale", 2)
    if not found or len(found[3] or "") > scale:
        raise ValueError("decimal")
    return _in_range(int(float(field) * 10**scale), column)


def _date(field, column):
    iso, dotted = ISO_DATE.fullmatch(field), DOTTED_DATE.fullmatch(field)
    try:
        if iso:
            return datetime.date(*map(int, iso.groups())).isoformat()
        if dotted:
            return datetime.date(*map(int, reversed(dotted.groups()))).isoformat()
    except ValueError:
        pass
    raise ValueError("date")


def _boolean(field, column):
    if field.lower() not in BOOLEANS:
        raise ValueError("boolean")
    return BOOLEANS[field.lower()]


TYPES = {"text": _text, "integer": _integer, "decimal": _decimal, "date": _date, "boolean": _boolean}


def convert(field, column):
    """Return the value of a field, or None; raises ValueError with the reason."""
    field = field.strip()
    if field:
        return TYPES[column["type"]](field, column)
    if "default" in column:
        return column["default"]
    if column.get("required"):
        raise ValueError("required")
    return None
