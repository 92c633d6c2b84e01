"""Turns nested JSON into a flat object of paths and back."""

import json
import re
import sys

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
STEP = re.compile(r'\.(?P<plain>[A-Za-z_][A-Za-z0-9_]*)|\[(?P<index>0|[1-9][0-9]*)\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]')


def _key(key):
    return f".{key}" if PLAIN.fullmatch(key) else f"[{json.dumps(key, ensure_ascii=False)}]"


def _leaves(value, path):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, path + _key(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def flatten(value):
    """Return a dictionary from paths to leaves, in the order of the document."""
    return dict(_leaves(value, "$"))


def _steps(path):
    """Return the keys (strings) and indices (numbers) of a path; raises ValueError."""
    if not path.startswith("$"):
        raise ValueError(f"no path: {path!r}")
    steps = []
    place = 1
    while place < len(path):
        found = STEP.match(path, place)
        if not found:
            raise ValueError(f"no path: {path!r}")
        if found["index"] is not None:
            steps.append(int(found["index"]))
        else:
            steps.append(found["plain"] if found["plain"] is not None else json.loads(found["quoted"]))
        place = found.end()
    return tuple(steps)


def _build(leaves, depth):
    """Return the value that a list of (steps, leaf) describes, whose first `depth` steps are the same."""
    if any(len(steps) == depth for steps, _ in leaves):
        if len(leaves) > 1:
            raise ValueError("two values in one place")
        return leaves[0][1]
    groups = {}
    for steps, leaf in leaves:
        groups.setdefault(steps[depth], []).append((steps, leaf))
    kinds = {type(step) for step in groups}
    if len(kinds) > 1:
        raise ValueError("an object and an array in one place")
    if kinds == {str}:
        return {key: _build(group, depth + 1) for key, group in groups.items()}
    if sorted(groups) != list(range(len(groups))):
        raise ValueError("an item of an array is missing")
    return [_build(groups[index], depth + 1) for index in range(len(groups))]


def unflatten(flat):
    """Return the value that was flattened; raises ValueError for what no value has as its paths."""
    if not flat:
        raise ValueError("no paths")
    return _build([(_steps(path), leaf) for path, leaf in flat.items()], 0)


if __name__ == "__main__":
    for path, leaf in flatten(json.load(sys.stdin)).items():
        print(path, "=", json.dumps(leaf, ensure_ascii=False))
