"""Days and months of the Gregorian calendar."""

_DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


def is_leap(year):
    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year, month):
    """How many days a month has; ValueError when month is not 1 to 12."""
    if month not in _DAYS:
        raise ValueError("no such month")
    return 29 if month == 2 and is_leap(year) else _DAYS[month]


def next_day(year, month, day):
    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""
    if not 1 <= day <= days_in_month(year, month):
        raise ValueError("no such day")
    if day < days_in_month(year, month):
        return year, month, day + 1
    if month < 12:
        return year, month + 1, 1
    return year + 1, 1, 1
