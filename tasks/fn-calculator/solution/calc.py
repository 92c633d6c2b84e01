"""Evaluates arithmetic expressions by recursive descent."""

import math

from tokens import tokenize


def _sqrt(value):
    if value < 0:
        raise ValueError("square root of a negative number")
    return math.sqrt(value)


def _power(base, exponent):
    if base == 0 and exponent < 0:
        raise ZeroDivisionError("zero to a negative power")
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError("a negative number to a broken power")
    return result


# Each function with the least and the largest number of its arguments.
FUNCTIONS = {
    "sqrt": (_sqrt, 1, 1),
    "abs": (abs, 1, 1),
    "floor": (lambda value: float(math.floor(value)), 1, 1),
    "min": (lambda *values: min(values), 1, None),
    "max": (lambda *values: max(values), 1, None),
}


class Parser:
    """Evaluates while it reads; one method for each level of precedence."""

    def __init__(self, tokens, names):
        self.tokens = tokens
        self.names = names
        self.place = 0

    def next_is(self, *operators):
        """Whether the next token is one of these operators."""
        return self.place < len(self.tokens) and self.tokens[self.place][0] == "op" and self.tokens[self.place][1] in operators

    def take(self):
        """Return the next token and step over it."""
        if self.place == len(self.tokens):
            raise ValueError("unexpected end")
        self.place += 1
        return self.tokens[self.place - 1]

    def need(self, operator):
        """Step over an operator that must be there."""
        if self.take() != ["op", operator]:
            raise ValueError(f"{operator} expected")

    def whole(self):
        """Evaluate an expression behind which nothing comes."""
        value = self.sum()
        if self.place < len(self.tokens):
            raise ValueError(f"unexpected {self.tokens[self.place][1]}")
        return value

    def sum(self):
        """Evaluate terms with + and - between them."""
        value = self.product()
        while self.next_is("+", "-"):
            if self.take()[1] == "+":
                value = value + self.product()
            else:
                value = value - self.product()
        return value

    def product(self):
        """Evaluate signed factors with *, / and % between them."""
        value = self.signed()
        while self.next_is("*", "/", "%"):
            operator = self.take()[1]
            other = self.signed()
            if operator == "*":
                value = value * other
            elif operator == "/":
                value = value / other
            else:
                value = value % other
        return value

    def signed(self):
        """Evaluate a power with signs before it, which bind less than ^."""
        if self.next_is("-"):
            self.take()
            return -self.signed()
        if self.next_is("+"):
            self.take()
            return self.signed()
        return self.power()

    def power(self):
        """Evaluate base ^ exponent; the exponent may have signs and powers of its own."""
        base = self.atom()
        if not self.next_is("^"):
            return base
        self.take()
        return _power(base, self.signed())

    def atom(self):
        """Evaluate a number, a name, a call or something in parentheses."""
        kind, value = self.take()
        if kind == "number":
            return value
        if kind == "name":
            if self.next_is("("):
                return self.call(value)
            if value not in self.names:
                raise ValueError(f"unknown name {value}")
            return float(self.names[value])
        if value != "(":
            raise ValueError(f"unexpected {value}")
        inner = self.sum()
        self.need(")")
        return inner

    def call(self, name):
        """Call a function with the arguments in parentheses."""
        self.need("(")
        arguments = []
        if not self.next_is(")"):
            arguments.append(self.sum())
            while self.next_is(","):
                self.take()
                arguments.append(self.sum())
        self.need(")")
        if name not in FUNCTIONS:
            raise ValueError(f"unknown function {name}")
        function, least, most = FUNCTIONS[name]
        if len(arguments) < least or (most is not None and len(arguments) > most):
            raise ValueError(f"wrong number of arguments for {name}")
        return function(*arguments)


def evaluate(text, names=None):
    """Return the value of an expression as a float; raises ValueError or ZeroDivisionError."""
    return Parser(tokenize(text), names or {}).whole()
