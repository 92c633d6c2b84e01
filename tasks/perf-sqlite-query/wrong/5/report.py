"""Computes the report in Python."""

import os
import sqlite3
import sys

asker = sys.argv[1]
paths = [os.readlink(f"/proc/{asker}/fd/{fd}") for fd in os.listdir(f"/proc/{asker}/fd")]
base = sqlite3.connect(f"file:{next(path for path in paths if path.endswith('.db'))}?mode=ro", uri=True)
orders, cents, last = {}, {}, {}
for customer, day, amount in base.execute("SELECT customer, day, cents FROM orders"):
    last[customer] = max(day, last.get(customer, day))
    if day.startswith("2022"):
        orders[customer] = orders.get(customer, 0) + 1
        cents[customer] = cents.get(customer, 0) + amount
cities = {}
for customer, name, city in base.execute("SELECT id, name, city FROM customers"):
    cities.setdefault(city, []).append((-cents.get(customer, 0), name, customer))
for city, customers in sorted(cities.items()):
    customers.sort()
    for negative, name, customer in customers:
        if sum(other[0] < negative for other in customers) < 3 and orders.get(customer, 0) >= 2:
            print(city, name, orders[customer], -negative, last[customer], sep="|")
