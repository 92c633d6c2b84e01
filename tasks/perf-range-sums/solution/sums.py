import sys
from itertools import accumulate


def main():
    data = list(map(int, sys.stdin.buffer.read().split()))
    n, q = data[0], data[1]
    sums = [0, *accumulate(data[2:2 + n])]
    bounds = data[2 + n:]
    print("\n".join([str(sums[last] - sums[first - 1]) for first, last in zip(bounds[0:2 * q:2], bounds[1:2 * q:2])]))


if __name__ == "__main__":
    main()
