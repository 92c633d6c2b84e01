"""The cheats: how somebody paid to break the grader, who knows all of its source and none of the hidden files, goes about it.

One small module a family. Each cheat comes with its control, a grader weakened in the one way it aims at, which pays for it; else its
failure would prove nothing. `writing` and `guesses` say how a cheat made for any task finds its place in a given one.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from codecraft_server.checking.cheats import (
    hostile_work,
    links,
    peeking,
    planted,
    printing,
    processes,
    room,
    surroundings,
    test_files,
    tools,
)
from codecraft_server.checking.cheats.cheat import Cheat, Control, Weakened
from codecraft_server.errors import ConfigurationError, did_you_mean

__all__ = ["CHEATS", "Cheat", "Control", "Weakened", "named"]

_FAMILIES = (planted, surroundings, test_files, hostile_work, processes, links, peeking, printing, room, tools)
_NEAR = 3  # names that may have been meant
CHEATS: Mapping[str, Cheat] = {cheat.name: cheat for family in _FAMILIES for cheat in family.CHEATS}


def named(names: Sequence[str]) -> tuple[Cheat, ...]:
    """Return the cheats of these names or globs; `all` and `none` mean what they say.

    Raises:
        ConfigurationError: A name fits no cheat.
    """
    if list(names) == ["none"]:
        return ()
    patterns = ["*" if name == "all" else name for name in names]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in CHEATS):
            meant = did_you_mean(get_close_matches(pattern, CHEATS, n=_NEAR))
            raise ConfigurationError(f"no cheat is called {pattern[:128]!r}{meant} `codecraft-server tasks check --help` names all of them")
    return tuple(cheat for name, cheat in CHEATS.items() if any(fnmatchcase(name, pattern) for pattern in patterns))
