"""Read alarms from standard input, print each one unless the same alarm was printed less than 60 seconds before."""

import sys


class Memory:
    """The alarms printed in the last 60 seconds."""

    def __init__(self):
        self.printed = []

    def is_known(self, source, text):
        return (source, text) in [(source, text) for _, source, text in self.printed]

    def note(self, time, source, text):
        self.printed.append((time, source, text))

    def forget(self, time):
        self.printed = [alarm for alarm in self.printed if time - alarm[0] < 60]


class Counter:
    """How many alarms each source had, in the order in which the sources appeared."""

    def __init__(self):
        self.names = []
        self.counts = []

    def add(self, source):
        if source not in self.names:
            self.names.append(source)
            self.counts.append(0)
        self.counts[self.names.index(source)] += 1

    def busiest(self):
        """The source with most alarms; of several the one that appeared first."""
        best = 0
        for number in range(len(self.names)):
            if self.counts[number] > max(self.counts[:number], default=0):
                best = number
        return self.names[best]


def main():
    lines = sys.stdin.read().splitlines()
    memory = Memory()
    counter = Counter()
    output = ""
    suppressed = 0
    while lines:
        line = lines.pop(0)
        if not line.strip():
            continue
        time, source, text = line.split(" ", 2)
        counter.add(source)
        memory.forget(int(time))
        if memory.is_known(source, text):
            suppressed += 1
            continue
        memory.note(int(time), source, text)
        output = line + "\n" + output
    sys.stdout.write("".join(reversed(output.splitlines(keepends=True))))
    print(f"suppressed {suppressed}")
    if counter.names:
        print(f"busiest {counter.busiest()}")


main()
