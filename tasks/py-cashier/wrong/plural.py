"""Adds up prices: one whole number of cents per line of standard input."""

import sys

prices = [int(line) for line in sys.stdin if line.strip()]
total = sum(prices)
print(len(prices), "items")
print(f"total {total // 100}.{total % 100:02d}")
