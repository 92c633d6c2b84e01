"""Prints the differences of two files in the unified format: mydiff.py OLD NEW."""

import sys

from edits import edits

CONTEXT = 3


def lines_of(path):
    """Read a file; its lines keep their line ends."""
    with open(path, encoding="utf-8", newline="") as file:
        parts = file.read().split("\n")
    last = parts.pop()
    return [part + "\n" for part in parts] + ([last] if last else [])


def hunks(steps):
    """Yield (first, behind) of the steps of each hunk."""
    first = behind = None
    for index, (sign, _) in enumerate(steps):
        if sign == " ":
            continue
        if first is None:
            first = max(0, index - CONTEXT)
        elif index - behind > CONTEXT + 1:
            yield first, min(len(steps), behind + CONTEXT)
            first = index - CONTEXT
        behind = index + 1
    if first is not None:
        yield first, min(len(steps), behind + CONTEXT)


def span(start, count):
    """Write where a hunk lies in a file; an empty one lies behind the line before it."""
    if count == 1:
        return str(start + 1)
    return f"{start if count == 0 else start + 1},{count}"


def unified(steps):
    """Yield the output for all hunks."""
    place = old = new = 0
    for first, behind in hunks(steps):
        for sign, _ in steps[place:first]:
            old += sign != "+"
            new += sign != "-"
        hunk = steps[first:behind]
        old_count = sum(sign != "+" for sign, _ in hunk)
        new_count = sum(sign != "-" for sign, _ in hunk)
        yield f"@@ -{span(old, old_count)} +{span(new, new_count)} @@\n"
        for sign, line in hunk:
            yield sign + line
            if not line.endswith("\n"):
                yield "\n\\ No newline at end of file\n"
        place, old, new = behind, old + old_count, new + new_count


def main(arguments):
    """Return the exit status."""
    try:
        old_name, new_name = arguments
        old, new = lines_of(old_name), lines_of(new_name)
    except (ValueError, OSError) as error:
        print("mydiff:", error, file=sys.stderr)
        return 2
    if old == new:
        return 0
    sys.stdout.reconfigure(encoding="utf-8", newline="")
    sys.stdout.write(f"--- {old_name}\n+++ {new_name}\n")
    sys.stdout.writelines(unified(edits(old, new)))
    return 1


sys.exit(main(sys.argv[1:]))
