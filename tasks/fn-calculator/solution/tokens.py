"""Cuts an expression into tokens."""

import re

NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OPERATORS = "+-*/%^(),"


def tokenize(text):
    """Return the tokens of a text as [kind, value]; raises ValueError."""
    tokens = []
    place = 0
    while place < len(text):
        if text[place] in " \t":
            place += 1
            continue
        number = NUMBER.match(text, place)
        name = NAME.match(text, place)
        if number:
            tokens.append(["number", float(number.group())])
            place = number.end()
        elif name:
            tokens.append(["name", name.group()])
            place = name.end()
        elif text[place] in OPERATORS:
            tokens.append(["op", text[place]])
            place += 1
        else:
            raise ValueError(f"unexpected character {text[place]!r}")
    return tokens
