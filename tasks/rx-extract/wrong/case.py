"""Finds dates in a text: prints LINE:COLUMN YYYY-MM-DD for each."""

import datetime
import re
import sys

MONTHS = "january february march april may june july august september october november december".split()
MONTH = "|".join(month.capitalize() for month in MONTHS)
DATE = re.compile(
    rf"""
    (?<!\w)(?<![0-9][.-])
    (?:
        (?P<y1>[0-9]{{4}})-(?P<m1>[0-9]{{2}})-(?P<d1>[0-9]{{2}})
      | (?P<d2>[0-9]{{1,2}})\.(?P<m2>[0-9]{{1,2}})\.(?P<y2>[0-9]{{4}})
      | (?P<d3>[0-9]{{1,2}})[ ](?P<m3>{MONTH})[ ](?P<y3>[0-9]{{4}})
      | (?P<m4>{MONTH})[ ](?P<d4>[0-9]{{1,2}}),[ ](?P<y4>[0-9]{{4}})
    )
    (?!\w)(?![.-][0-9])
    """,
    re.VERBOSE,
)


def month_number(text):
    """Return the number of a month that is written as number or name."""
    return int(text) if text.isdecimal() else MONTHS.index(text.lower()) + 1


def dates(line):
    """Yield column and date of all valid dates in a line."""
    for match in DATE.finditer(line):
        parts = {name[0]: text for name, text in match.groupdict().items() if text is not None}
        try:
            date = datetime.date(int(parts["y"]), month_number(parts["m"]), int(parts["d"]))
        except ValueError:
            continue
        yield match.start() + 1, date


for number, line in enumerate(sys.stdin, 1):
    for column, date in dates(line):
        print(f"{number}:{column} {date.isoformat()}")
