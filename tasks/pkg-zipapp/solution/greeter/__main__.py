"""The command line."""

import argparse
import sys

from greeter import __version__
from greeter.greetings import UnknownLanguageError, greeting


def main():
    """Greet; return the exit status."""
    parser = argparse.ArgumentParser(prog="greeter")
    parser.add_argument("name", nargs="?", default="World")
    parser.add_argument("--language", default="en")
    parser.add_argument("--version", action="version", version=f"greeter {__version__}")
    arguments = parser.parse_args()
    try:
        print(greeting(arguments.name, arguments.language))
    except UnknownLanguageError as error:
        print(f"unknown language: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
