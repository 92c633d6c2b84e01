import sqlite3
import sys


def draws(seed):
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 33


def make(path, customers, orders, seed):
    draw = draws(seed)
    base = sqlite3.connect(path)
    base.executescript("""
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, day TEXT NOT NULL, cents INTEGER NOT NULL);
    """)
    cities = ["Bonn", "Graz", "Lyon", "Oslo", "Riga"]
    base.executemany("INSERT INTO customers VALUES (?, ?, ?)", ((number, f"c{next(draw) % 100000:05}-{number}", cities[next(draw) % 5]) for number in range(1, customers + 1)))
    base.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", ((number, next(draw) % (customers + customers // 10) + 1, f"20{20 + next(draw) % 4}-{next(draw) % 12 + 1:02}-{next(draw) % 28 + 1:02}", next(draw) % 50000) for number in range(1, orders + 1)))
    base.commit()
    base.close()


if __name__ == "__main__":
    make(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
