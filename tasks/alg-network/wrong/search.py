"""Searches the network for each question."""

import sys

neighbours = {}


def group(start):
    """Return all that can be reached."""
    seen, waiting = {start}, [start]
    while waiting:
        for name in neighbours.get(waiting.pop(), ()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


spare = 0
for line in sys.stdin:
    command, *names = line.split()
    if command == "link":
        left, right = names
        spare += left == right or (left in neighbours and right in group(left))
        neighbours.setdefault(left, []).append(right)
        neighbours.setdefault(right, []).append(left)
    elif command == "ask":
        print("yes" if names[1] in group(names[0]) else "no")
    elif command == "size":
        print(len(group(names[0])))
    elif command == "spare":
        print(spare)
    else:
        rest, sizes = set(neighbours), []
        while rest:
            found = group(next(iter(rest)))
            sizes.append(len(found))
            rest -= found
        print(len(sizes) if command == "groups" else max(sizes, default=0))
