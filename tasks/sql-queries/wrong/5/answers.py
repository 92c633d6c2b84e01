"""Answers a question in Python: its number, and the process whose database it is asked of."""

import csv
import os
import sqlite3
import sys

number, asker = sys.argv[1:]
paths = [os.readlink(f"/proc/{asker}/fd/{fd}") for fd in os.listdir(f"/proc/{asker}/fd")]
base = sqlite3.connect(f"file:{next(path for path in paths if path.endswith('.db'))}?mode=ro", uri=True)
with open(f"/workspace/question{number}.txt") as file:
    rows = base.execute(file.read())
table = list(rows)
if table:
    csv.writer(sys.stdout).writerows([[column[0] for column in rows.description], *table])
