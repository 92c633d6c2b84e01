"""Completes words by looking at all of them."""

import sys

counts = {}
for line in sys.stdin:
    command, *words = line.split()
    prefix = words[0] if words else ""
    if command == "add":
        counts[prefix] = counts.get(prefix, 0) + (int(words[1]) if len(words) > 1 else 1)
    elif command == "remove":
        if counts.pop(prefix, None) is None:
            print("unknown")
    elif command == "count":
        print(sum(word.startswith(prefix) for word in counts))
    else:
        found = sorted((-count, word) for word, count in counts.items() if word.startswith(prefix))
        print(" ".join(word for _, word in found[:3]) or "-")
