"""From lines of text to bookings."""

import re

DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])")
AMOUNT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{2}))?")


def parse_amount(text):
    """Return cents; ValueError when it is no amount."""
    match = AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError("bad amount")
    cents = int(match[2]) * 100 + int(match[3] or "0")
    return -cents if match[1] else cents


def parse_line(line):
    """Return the booking of a line as (name, month, cents); None when it has none, ValueError when it is wrong."""
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 3:
        raise ValueError("3 fields expected")
    date, who, amount = parts
    if not DATE.fullmatch(date):
        raise ValueError("bad date")
    return who, date[:7], parse_amount(amount)


def parse(lines):
    """Return all bookings, and the messages about lines that are wrong."""
    bookings, problems = [], []
    for number, line in enumerate(lines, 1):
        try:
            booking = parse_line(line)
        except ValueError as error:
            problems.append(f"line {number}: {error}")
            continue
        if booking is not None:
            bookings.append(booking)
    return bookings, problems
