"""Programs of ours that run inside a sandbox, on the Python of its image, standard library only.

They live here as ordinary modules, so that they are linted, typed and tested; `source` joins one with the modules that it imports from
this package into a single text that needs nothing installed.
"""

import re
from functools import cache
from importlib import resources

_IMPORT = re.compile(r"^from codecraft_server\.grading\.inside\.(\w+) import [^\n]+\n", re.MULTILINE)


@cache
def source(name: str) -> bytes:
    """Return the text of a program, each module of this package that it imports standing once, before its first user."""
    return ("from __future__ import annotations\n" + "".join(_parts(name, set()))).encode()


def _parts(name: str, seen: set[str]) -> list[str]:
    if name in seen:
        return []
    seen.add(name)
    text = resources.files(__package__).joinpath(f"{name}.py").read_text("utf-8")
    parts = [part for other in _IMPORT.findall(text) for part in _parts(other, seen)]
    return [*parts, _IMPORT.sub("", text)]
