"""Says in which order to build: order.py [TARGET ...] < rules."""

import heapq
import sys
from collections import deque


def read(lines):
    """Return for each target the set of those that it needs directly; raises ValueError."""
    needs = {}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        left, colon, right = text.partition(":")
        targets = left.split()
        if not colon or not targets or ":" in right:
            raise ValueError(f"line {number}")
        for target in targets:
            needs[target] = set(right.split())
    for needed in list(needs.values()):
        for name in needed:
            needs.setdefault(name, set())
    return needs


def part(needs, wanted):
    """Return the rules of all that is needed for some targets."""
    found = {}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = needs[name]
            waiting.extend(needs[name])
    return found


def reverse(needs):
    """Return for each target those that need it directly."""
    users = {name: set() for name in needs}
    for name, needed in needs.items():
        for other in needed:
            users[other].add(name)
    return users


def order(needs):
    """Return all targets in order, the smallest name first wherever there is a choice; those in or behind a cycle are missing."""
    users = reverse(needs)
    missing = {name: len(needed) for name, needed in needs.items()}
    ready = [name for name, count in missing.items() if count == 0]
    heapq.heapify(ready)
    done = []
    while ready:
        name = heapq.heappop(ready)
        done.append(name)
        for user in users[name]:
            missing[user] -= 1
            if missing[user] == 0:
                heapq.heappush(ready, user)
    return done


def cycle_from(start, needs, users):
    """Return the best cycle in which `start` has the smallest name, or None."""
    # Steps back to the start, over larger names only.
    steps = {start: 0}
    waiting = deque([start])
    while waiting:
        name = waiting.popleft()
        for user in users[name]:
            if user > start and user not in steps:
                steps[user] = steps[name] + 1
                waiting.append(user)
    if start in needs[start]:
        return [start]
    following = [name for name in needs[start] if name > start and name in steps]
    if not following:
        return None
    cycle = [start]
    left = min(steps[name] for name in following)
    while left:
        cycle.append(min(name for name in needs[cycle[-1]] if steps.get(name) == left))
        left -= 1
    return cycle


def best_cycle(needs):
    """Return the cycle with the fewest targets, the one with the smallest names of several."""
    users = reverse(needs)
    cycles = [cycle for name in needs if (cycle := cycle_from(name, needs, users))]
    return min(cycles, key=lambda cycle: (len(cycle), cycle))


def main(wanted):
    """Return the exit status."""
    try:
        needs = read(sys.stdin)
    except ValueError as error:
        print("malformed:", error, file=sys.stderr)
        return 2
    for name in wanted:
        if name not in needs:
            print(f"unknown: {name}")
            return 2
    needs = part(needs, wanted) if wanted else needs
    done = order(needs)
    if len(done) == len(needs):
        for name in done:
            print(name)
        return 0
    # Nothing that could be built is part of a cycle.
    built = set(done)
    rest = {name: needed - built for name, needed in needs.items() if name not in built}
    cycle = best_cycle(rest)
    print("cycle:", " -> ".join([*cycle, cycle[0]]))
    return 1


sys.exit(main(sys.argv[1:]))
