import statistics
import sys


def main():
    data = sys.stdin.read().split()
    width = int(data[0])
    values = [int(word) for word in data[1:]]
    for end in range(width, len(values) + 1):
        print(f"{statistics.median(values[end - width:end]):.1f}")


main()
