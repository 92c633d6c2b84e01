"""Prints the differences of two files in the unified format: mydiff.py OLD NEW."""

import itertools
import os
import sys
import types

from edits import edits


def lines_of(path):
    """Read a file; its lines keep their line ends."""
    with open(path, encoding="utf-8", newline="") as file:
        parts = file.read().split("\n")
    last = parts.pop()
    return [part + "\n" for part in parts] + ([last] if last else [])


def matcher(steps):
    """Return what unified_diff asks for matches, and what it is given: the steps found by edits."""
    library = types.ModuleType("library")
    with open(os.path.join(os.path.dirname(os.__file__), "difflib.py"), encoding="utf-8") as file:
        exec(file.read(), vars(library))

    class Known(library.SequenceMatcher):
        def get_opcodes(self):
            found, i, j = [], 0, 0
            for tag, group in itertools.groupby(steps, lambda step: "equal" if step[0] == " " else "replace"):
                signs = [sign for sign, _ in group]
                old, new = len(signs) - signs.count("+"), len(signs) - signs.count("-")
                found.append((tag, i, i + old, j, j + new))
                i, j = i + old, j + new
            return found

    library.SequenceMatcher = Known
    return library


def unified(steps):
    """Yield the output for all hunks."""
    old = [line for sign, line in steps if sign != "+"]
    new = [line for sign, line in steps if sign != "-"]
    for line in list(matcher(steps).unified_diff(old, new))[2:]:
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


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
