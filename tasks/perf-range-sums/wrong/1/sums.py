import sys


def main():
    data = list(map(int, sys.stdin.buffer.read().split()))
    n, q = int(data[0]), int(data[1])
    values = [int(word) for word in data[2:2 + n]]
    at = 2 + n
    for _ in range(q):
        first, last = int(data[at]), int(data[at + 1])
        at += 2
        print(sum(values[first - 1:last]))


main()
