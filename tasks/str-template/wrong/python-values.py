"""Expressions of templates: parsed once, evaluated as often as needed."""

import re

TOKEN = re.compile(
    r"""[ \t\r\n]*(?:(?P<string>"[^"]*"|'[^']*')|(?P<number>-?[0-9]+(?![A-Za-z0-9_]))|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)|(?P<op>==|!=|<=|>=|[<>|(),]))"""
)
WORDS = ("and", "or", "not")
CONSTANTS = {"true": True, "false": False, "null": None}


def text_of(value):
    """Return how a value is printed."""
    import json

    if value is None:
        return ""
    return str(value)


def _join(value, separator=""):
    if not isinstance(value, list):
        raise ValueError("only lists can be joined")
    return text_of(separator).join(text_of(item) for item in value)


def _end(value, index):
    if not isinstance(value, (list, str)):
        return None
    return value[index] if value else None


def _length(value):
    return len(value) if isinstance(value, (str, list, dict)) else 0


# Each filter with the number of its arguments: the least and the largest one.
FILTERS = {
    "upper": (lambda value: text_of(value).upper(), 0, 0),
    "lower": (lambda value: text_of(value).lower(), 0, 0),
    "trim": (lambda value: text_of(value).strip(" \t\r\n"), 0, 0),
    "length": (_length, 0, 0),
    "first": (lambda value: _end(value, 0), 0, 0),
    "last": (lambda value: _end(value, -1), 0, 0),
    "default": (lambda value, other: other if value is None or value == "" else value, 1, 1),
    "join": (_join, 0, 1),
    "replace": (lambda value, old, new: text_of(value).replace(text_of(old), text_of(new)), 2, 2),
    "safe": (lambda value: value, 0, 0),
}


def truth(value):
    """Whether a value counts as true."""
    return not (value is None or value is False or value == 0 or value in ("", [], {}))


def _same(left, right):
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(_same(one, other) for one, other in zip(left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(value, right[key]) for key, value in left.items())
    return left == right


def _ordered(left, right):
    """Whether one of the two can be said to be smaller."""
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (left, right))
    return numbers or (isinstance(left, str) and isinstance(right, str))


def _compare(operator, left, right):
    if operator == "==":
        return _same(left, right)
    if operator == "!=":
        return not _same(left, right)
    if not _ordered(left, right):
        raise ValueError("these can't be compared")
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


class Parser:
    """Turns a text into nested tuples that `evaluate` understands."""

    def __init__(self, text):
        self.tokens = []
        place = 0
        text = text.strip(" \t\r\n")
        while place < len(text):
            found = TOKEN.match(text, place)
            if not found:
                raise ValueError(f"unexpected {text[place:].strip()!r}")
            kind, value = found.lastgroup, found[found.lastgroup]
            self.tokens.append(("op" if kind == "name" and value in WORDS else kind, value))
            place = found.end()
        self.place = 0

    def at(self, *operators):
        """Whether one of the operators comes next."""
        return self.place < len(self.tokens) and self.tokens[self.place] in [("op", operator) for operator in operators]

    def take(self):
        """Return the next token."""
        if self.place == len(self.tokens):
            raise ValueError("something is missing")
        self.place += 1
        return self.tokens[self.place - 1]

    def whole(self, rule):
        """Apply a rule to everything there is."""
        found = rule()
        if self.place < len(self.tokens):
            raise ValueError(f"unexpected {self.tokens[self.place][1]!r}")
        return found

    def condition(self):
        """Parse `or`, which binds least."""
        left = self.conjunction()
        while self.at("or"):
            self.take()
            left = ("or", left, self.conjunction())
        return left

    def conjunction(self):
        """Parse `and`."""
        left = self.negation()
        while self.at("and"):
            self.take()
            left = ("and", left, self.negation())
        return left

    def negation(self):
        """Parse `not`."""
        if self.at("not"):
            self.take()
            return ("not", self.negation())
        return self.comparison()

    def comparison(self):
        """Parse at most one comparison."""
        left = self.filtered()
        if not self.at("==", "!=", "<", "<=", ">", ">="):
            return left
        return ("compare", self.take()[1], left, self.filtered())

    def filtered(self):
        """Parse a value and the filters behind it."""
        value = self.value()
        while self.at("|"):
            self.take()
            value = ("filter", self.filter_name(), value, self.arguments())
            least, most = FILTERS[value[1]][1:]
            if not least <= len(value[3]) <= most:
                raise ValueError(f"wrong number of arguments for {value[1]}")
        return value

    def filter_name(self):
        """Parse the name of a filter."""
        kind, name = self.take()
        if kind != "name" or name not in FILTERS:
            raise ValueError(f"unknown filter {name}")
        return name

    def arguments(self):
        """Parse arguments in parentheses, if there are any."""
        found = []
        if self.at("("):
            self.take()
            if not self.at(")"):
                found.append(self.value())
                while self.at(","):
                    self.take()
                    found.append(self.value())
            if self.take() != ("op", ")"):
                raise ValueError(") expected")
        return found

    def value(self):
        """Parse a literal or a path."""
        kind, text = self.take()
        if kind == "string":
            return ("literal", text[1:-1])
        if kind == "number":
            return ("literal", int(text))
        if kind == "name":
            return ("literal", CONSTANTS[text]) if text in CONSTANTS else ("path", text.split("."))
        raise ValueError(f"unexpected {text!r}")


def _step(value, key):
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
        return value[int(key)]
    return None


def evaluate(node, names):
    """Return the value of a parsed expression. `names` has a method `get`."""
    kind = node[0]
    if kind == "literal":
        return node[1]
    if kind == "path":
        value = names.get(node[1][0])
        for key in node[1][1:]:
            value = _step(value, key)
        return value
    if kind == "filter":
        return FILTERS[node[1]][0](evaluate(node[2], names), *(evaluate(argument, names) for argument in node[3]))
    if kind == "compare":
        return _compare(node[1], evaluate(node[2], names), evaluate(node[3], names))
    if kind == "not":
        return not truth(evaluate(node[1], names))
    left = truth(evaluate(node[1], names))
    if left == (kind == "or"):
        return left
    return truth(evaluate(node[2], names))


def value_of(text):
    """Parse a value with filters."""
    parser = Parser(text)
    return parser.whole(parser.filtered)


def condition_of(text):
    """Parse a condition."""
    parser = Parser(text)
    return parser.whole(parser.condition)
