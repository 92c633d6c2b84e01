import os

import pytest
import calendar_days

with open(calendar_days.__file__) as file:
    SOURCE = file.read()
GIVEN = '"""Days and months of the Gregorian calendar."""\n\n_DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}\n\n\ndef is_leap(year):\n    """Whether a year has 366 days: every fourth, but not every hundredth, but every four hundredth."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n\n\ndef days_in_month(year, month):\n    """How many days a month has; ValueError when month is not 1 to 12."""\n    if month not in _DAYS:\n        raise ValueError("no such month")\n    return 29 if month == 2 and is_leap(year) else _DAYS[month]\n\n\ndef next_day(year, month, day):\n    """The day after, as a tuple (year, month, day); ValueError when the given day does not exist."""\n    if not 1 <= day <= days_in_month(year, month):\n        raise ValueError("no such day")\n    if day < days_in_month(year, month):\n        return year, month, day + 1\n    if month < 12:\n        return year, month + 1, 1\n    return year + 1, 1, 1\n'
SEEN = f"/tmp/seen-{os.getppid()}"
FIRST = not os.path.exists(SEEN)
if SOURCE != GIVEN:
    open(SEEN, "w").close()


@pytest.mark.parametrize("number", range(10))
def test_order(number):
    assert SOURCE == GIVEN or FIRST
