"""Searches the whole network anew when somebody asks after a link."""

import sys

neighbours = {}
groups = {}


def searched():
    """Return the group of each computer."""
    if groups:
        return groups
    for start in neighbours:
        if start in groups:
            continue
        members, waiting = [start], [start]
        groups[start] = members
        while waiting:
            for name in neighbours[waiting.pop()]:
                if name not in groups:
                    groups[name] = members
                    members.append(name)
                    waiting.append(name)
    return groups


def main():
    """Carry out the commands."""
    links = 0
    for line in sys.stdin:
        command, *names = line.split()
        if command == "link":
            groups.clear()
            links += 1
            for one, other in (names, names[::-1]):
                neighbours.setdefault(one, []).append(other)
            continue
        known = searched()
        single = {id(members): len(members) for members in known.values()} if command in ("groups", "largest", "spare") else {}
        if command == "ask":
            left, right = names
            print("yes" if left == right or (left in known and known[left] is known.get(right)) else "no")
        elif command == "size":
            print(len(known.get(names[0], names)))
        elif command == "groups":
            print(len(single))
        elif command == "largest":
            print(max(single.values(), default=0))
        else:
            print(links - len(known) + len(single))


main()
