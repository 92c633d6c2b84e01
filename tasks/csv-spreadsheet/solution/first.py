"""First step: constants only."""

import csv
import sys

from cells import constant, shown

writer = csv.writer(sys.stdout, lineterminator="\n")
for row in csv.reader(sys.stdin):
    writer.writerow([text if text.startswith("=") else shown(constant(text)) for text in row])
