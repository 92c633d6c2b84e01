"""Read alarms from standard input, print each one unless the same alarm was printed less than 60 seconds before."""

import sys


class Memory:
    """When each alarm was printed last."""

    def __init__(self):
        self.printed = {}

    def is_known(self, time, source, text):
        last = self.printed.get((source, text))
        return last is not None and time - last < 60

    def note(self, time, source, text):
        self.printed[source, text] = time


def main():
    memory = Memory()
    counts = {}
    output = []
    suppressed = 0
    for line in sys.stdin.read().splitlines():
        if not line.strip():
            continue
        time, source, text = line.split(" ", 2)
        counts[source] = counts.get(source, 0) + 1
        if memory.is_known(int(time), source, text):
            suppressed += 1
            continue
        memory.note(int(time), source, text)
        output.append(line)
    output.append(f"suppressed {suppressed}")
    if counts:
        output.append(f"busiest {max(counts, key=counts.get)}")
    print("\n".join(output))


main()
