"""Finds the start with the longest Collatz chain for each range of standard input."""

import sys


def steps(number):
    """Count the steps from a number to 1."""
    count = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        count += 1
    return count


for line in sys.stdin:
    if not line.strip():
        continue
    first, last = (int(word) for word in line.split())
    best_start, best_steps = 0, -1
    for start in range(min(first, last), max(first, last) + 1):
        count = steps(start)
        if count > best_steps:
            best_start, best_steps = start, count
    print(first, last, best_start, best_steps)
