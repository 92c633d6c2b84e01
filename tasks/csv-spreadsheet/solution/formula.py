"""Parses formulas into nested tuples whose first part is the kind of node."""

import re

from functions import ARGUMENTS, RANGE_FUNCTIONS

TOKEN = re.compile(
    r"""[ \t]*(?:
        (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
      | (?P<text>"(?:[^"]|"")*")
      | (?P<cell>\$?[A-Za-z]{1,2}\$?[1-9][0-9]{0,3}(?![A-Za-z0-9_]))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<op><=|>=|<>|[-+*/^&=<>(),:])
    )""",
    re.VERBOSE,
)
COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")


class FormulaError(Exception):
    """The formula does not follow the rules."""


def tokens_of(text):
    """Return the tokens as (kind, text)."""
    text = text.rstrip(" \t")
    tokens = []
    place = 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if not found:
            raise FormulaError(text[place:])
        tokens.append((found.lastgroup, found[found.lastgroup]))
        place = found.end()
    return tokens


def position(text):
    """Return (column, row) of a reference, both from 0."""
    letters, digits = re.fullmatch(r"\$?([A-Za-z]+)\$?([0-9]+)", text).groups()
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1, int(digits) - 1


class Parser:
    """One method for each level of precedence, from the weakest to the strongest."""

    def __init__(self, text):
        self.tokens = tokens_of(text)
        self.place = 0

    def at(self, *operators):
        """Whether one of the operators comes next."""
        return self.place < len(self.tokens) and self.tokens[self.place][0] == "op" and self.tokens[self.place][1] in operators

    def take(self):
        """Return the next token."""
        if self.place == len(self.tokens):
            raise FormulaError("something is missing")
        self.place += 1
        return self.tokens[self.place - 1]

    def need(self, operator):
        """Step over an operator that must come next."""
        if self.take() != ("op", operator):
            raise FormulaError(f"{operator} expected")

    def whole(self):
        """Parse everything there is."""
        node = self.comparison()
        if self.place < len(self.tokens):
            raise FormulaError(self.tokens[self.place][1])
        return node

    def comparison(self):
        """Parse at most one comparison."""
        left = self.concatenation()
        if not self.at(*COMPARISONS):
            return left
        operator = self.take()[1]
        return ("binary", operator, left, self.concatenation())

    def _chain(self, part, *operators):
        left = part()
        while self.at(*operators):
            operator = self.take()[1]
            left = ("binary", operator, left, part())
        return left

    def concatenation(self):
        """Parse texts with & between them."""
        return self._chain(self.sum, "&")

    def sum(self):
        """Parse terms."""
        return self._chain(self.product, "+", "-")

    def product(self):
        """Parse factors."""
        return self._chain(self.signed, "*", "/")

    def signed(self):
        """Parse signs, which bind less than a power."""
        if self.at("-", "+"):
            return ("sign", self.take()[1], self.signed())
        return self.power()

    def power(self):
        """Parse a power; its exponent may have signs and powers."""
        base = self.atom()
        if not self.at("^"):
            return base
        self.take()
        return ("binary", "^", base, self.signed())

    def atom(self):
        """Parse what can't be taken apart."""
        kind, text = self.take()
        if kind == "number":
            return ("value", float(text))
        if kind == "text":
            return ("value", text[1:-1].replace('""', '"'))
        if kind == "cell":
            return ("cell", position(text))
        if kind == "name":
            return self.named(text.upper())
        if text != "(":
            raise FormulaError(text)
        inner = self.comparison()
        self.need(")")
        return inner

    def named(self, name):
        """Parse what begins with a name."""
        if self.at("("):
            return self.call(name)
        if name in ("TRUE", "FALSE"):
            return ("value", name == "TRUE")
        return ("error", "#NAME?")

    def call(self, name):
        """Parse the arguments of a function."""
        self.need("(")
        arguments = []
        if not self.at(")"):
            arguments.append(self.argument(name))
            while self.at(","):
                self.take()
                arguments.append(self.argument(name))
        self.need(")")
        if name not in ARGUMENTS:
            return ("error", "#NAME?", arguments)
        least, most = ARGUMENTS[name]
        if len(arguments) < least or (most is not None and len(arguments) > most):
            raise FormulaError(f"wrong number of arguments for {name}")
        return ("call", name, arguments)

    def argument(self, name):
        """Parse an argument, which may be a range for some functions."""
        following = self.tokens[self.place + 1 : self.place + 2]
        if following != [("op", ":")]:
            return self.comparison()
        first, _, last = self.take(), self.take(), self.take()
        if first[0] != "cell" or last[0] != "cell" or (name in ARGUMENTS and name not in RANGE_FUNCTIONS):
            raise FormulaError("a range is not possible here")
        (left, top), (right, bottom) = position(first[1]), position(last[1])
        return ("range", min(left, right), min(top, bottom), max(left, right), max(top, bottom))


def parse(text):
    """Return the tree of a formula (without its =); raises FormulaError."""
    return Parser(text).whole()


def references(node):
    """Yield the cells and ranges of a tree, each as (left, top, right, bottom)."""
    kind = node[0]
    if kind == "cell":
        yield (*node[1], *node[1])
    elif kind == "range":
        yield node[1:]
    else:
        for part in node[1:]:
            if isinstance(part, tuple):
                yield from references(part)
            elif isinstance(part, list):
                for argument in part:
                    yield from references(argument)
