"""Tells which computers are connected: reads commands from standard input."""

import sys

parents = {}
sizes = {}


def root(name):
    """Return the computer that stands for a group; shortens the way for next time."""
    top = name
    while parents[top] != top:
        top = parents[top]
    while parents[name] != top:
        parents[name], name = top, parents[name]
    return top


def link(left, right):
    """Connect two computers and with them their groups: the smaller group joins the larger one."""
    for name in (left, right):
        if name not in parents:
            parents[name] = name
            sizes[name] = 1
    left, right = root(left), root(right)
    if left == right:
        return False
    if sizes[left] < sizes[right]:
        left, right = right, left
    parents[right] = left
    sizes[left] += sizes.pop(right)
    return True


def main():
    """Carry out the commands."""
    spare = largest = 0
    for line in sys.stdin:
        command, *names = line.split()
        if command == "link":
            spare += not link(*names)
            largest = max(largest, sizes[root(names[0])])
        elif command == "ask":
            left, right = names
            for name in names:
                if name not in parents:
                    parents[name] = name
                    sizes[name] = 1
            known = True
            print("yes" if left == right or (known and root(left) == root(right)) else "no")
        elif command == "size":
            print(sizes[root(names[0])] if names[0] in parents else 1)
        elif command == "groups":
            print(len(sizes))
        elif command == "largest":
            print(largest)
        else:
            print(spare)


main()
