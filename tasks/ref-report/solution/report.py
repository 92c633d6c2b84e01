"""A report of bookings by person and month."""

import sys

from parsing import parse
from rendering import render_csv, render_text

OPTIONS = ("--csv", "--total")


def main(arguments):
    """Read standard input, print the report; return the exit status."""
    for argument in arguments:
        if argument not in OPTIONS:
            print(f"unknown option {argument}", file=sys.stderr)
            return 2
    bookings, problems = parse(sys.stdin)
    for problem in problems:
        print(problem, file=sys.stderr)
    render = render_csv if "--csv" in arguments else render_text
    print("\n".join(render(bookings, with_total="--total" in arguments)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
