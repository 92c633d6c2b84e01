"""Says the time in words: reads HH:MM lines from standard input."""

import sys

SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
)


def number(value):
    """Write a number below 30 in words."""
    if value < 20:
        return SMALL[value]
    return "twenty" if value == 20 else "twenty-" + SMALL[value - 20]


def hour(value):
    """Name an hour of the day."""
    if value == 0:
        return "midnight"
    return "noon" if value == 12 else number(value % 12)


def distance(minutes):
    """Name 1 to 30 minutes."""
    if minutes == 30:
        return "half"
    if minutes == 15:
        return "quarter"
    if minutes % 5 == 0:
        return number(minutes)
    return number(minutes) + " minutes"


def spoken(text):
    """Say HH:MM in words, or "?" if it is no time."""
    if len(text) != 5 or text[2] != ":" or not all(digit in "0123456789" for digit in text[:2] + text[3:]):
        return "?"
    hours, minutes = int(text[:2]), int(text[3:])
    if hours > 23 or minutes > 59:
        return "?"
    if minutes == 0:
        return hour(hours) if hours in (0, 12) else hour(hours) + " o'clock"
    if minutes <= 30:
        return f"{distance(minutes)} past {hour(hours)}"
    return f"{distance(60 - minutes)} to {hour((hours + 1) % 24)}"


for line in sys.stdin:
    print(spoken(line.rstrip("\n")))
