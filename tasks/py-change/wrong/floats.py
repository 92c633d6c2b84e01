"""Gives change: change.py PRICE PAID."""

import sys

PIECES = (5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
DIGITS = set("0123456789")


def cents(text):
    """Return an amount such as 12.5 in cents; raises ValueError."""
    euros, point, fraction = text.partition(".")
    if not euros or not set(euros + fraction) <= DIGITS:
        raise ValueError(text)
    if point and not 1 <= len(fraction) <= 2:
        raise ValueError(text)
    return int(float(text) * 100)


def euros(amount):
    """Write an amount of cents as euros."""
    return f"{amount // 100}.{amount % 100:02d}"


def main(arguments):
    """Print the change; return the exit status."""
    try:
        price, paid = (cents(argument) for argument in arguments)
    except ValueError:
        print("usage: change.py PRICE PAID, amounts such as 12.50", file=sys.stderr)
        return 2
    if paid < price:
        print("missing", euros(price - paid))
        return 1
    rest = paid - price
    print("change", euros(rest))
    for piece in PIECES:
        count, rest = divmod(rest, piece)
        if count:
            print(f"{count} x {euros(piece)}")
    return 0


sys.exit(main(sys.argv[1:]))
