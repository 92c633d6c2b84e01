"""The command line."""

import sys
from importlib.metadata import entry_points
from importlib.resources import files

from unit_tool import __version__


def tables():
    """Return the tables of units by the names of their entry points, other packages' included."""
    return {point.name: point.load() for point in entry_points(group="unit_tool.units")}


def convert(number, source, target):
    """Return the number in the other unit; ValueError when there is no way."""
    units = {unit: (name, factor) for name, table in tables().items() for unit, factor in table.items()}
    if source in units and target in units and units[source][0] == units[target][0]:
        return number * units[source][1] / units[target][1]
    raise ValueError(f"can't convert {source} to {target}")


def main():
    """Run; return the exit status."""
    words = sys.argv[1:]
    if words == ["--version"]:
        print(__version__)
    elif words == ["--units"]:
        for name, units in sorted(tables().items()):
            print(f"{name}: {' '.join(sorted(units))}")
    elif len(words) == 3:
        try:
            print(f"{convert(float(words[0]), words[1], words[2]):g}")
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
    else:
        print(files("unit_tool").joinpath("help.txt").read_text(), end="", file=sys.stderr)
        return 2
    return 0
