import sys


def main():
    data = sys.stdin.read().split()
    n, q = int(data[0]), int(data[1])
    values = [int(word) for word in data[2:2 + n]]
    at = 2 + n
    known = {}
    for _ in range(q):
        first, last = int(data[at]), int(data[at + 1])
        at += 2
        if (first, last) not in known:
            known[first, last] = sum(values[first - 1:last])
        print(known[first, last])


main()
