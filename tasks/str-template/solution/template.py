"""A small template engine: render(text, data), or python3 template.py TEMPLATE < DATA."""

import html
import json
import re
import sys

from expressions import condition_of, evaluate, text_of, truth, value_of
from pieces import split

NAME = "[A-Za-z_][A-Za-z0-9_]*"
FOR = re.compile(rf"for\s+({NAME})(?:\s*,\s*({NAME}))?\s+in\s+(.+)", re.DOTALL)
SET = re.compile(rf"set\s+({NAME})\s*=(.+)", re.DOTALL)
WORD = re.compile(r"[A-Za-z_]*")


class Scope:
    """Names of a template: those of the data, hidden by those of the loops around."""

    def __init__(self, names, outer=None):
        self.names = names
        self.outer = outer

    def get(self, name):
        """Return the innermost value of a name, or None."""
        scope = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None


def _at(line, function, *arguments):
    """Call a function; its ValueError tells the line."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from error


class Parser:
    """Turns pieces into a tree of nodes, each a tuple that begins with its kind."""

    def __init__(self, pieces):
        self.pieces = pieces
        self.place = 0

    def body(self, opener, *ends):
        """Return the nodes up to a tag that begins with one of the words `ends`, that word, its text and its line."""
        nodes = []
        while self.place < len(self.pieces):
            piece = self.pieces[self.place]
            self.place += 1
            if piece[0] == "text":
                nodes.append(("text", piece[1]))
            elif piece[0] == "print":
                nodes.append(("print", piece[2], _at(piece[2], value_of, piece[1])))
            else:
                text, line = piece[1:]
                word = WORD.match(text).group()
                if word in ends:
                    return nodes, word, text, line
                nodes.append(self.tag(word, text, line))
        if opener:
            raise ValueError(f"line {opener[1]}: {opener[0]} is not closed")
        return nodes, "", "", 0

    def tag(self, word, text, line):
        """Return the node of a tag that opens a block or stands alone."""
        if word == "if":
            return self.branches(text, line)
        if word == "for":
            return self.loop(text, line)
        if word == "set":
            found = SET.fullmatch(text)
            if not found:
                raise ValueError(f"line {line}: set NAME = VALUE expected")
            return ("set", line, found[1], _at(line, value_of, found[2]))
        raise ValueError(f"line {line}: unexpected {text!r}")

    def branches(self, text, line):
        """Return the node of an if, up to its endif."""
        opener = ("if", line)
        found, otherwise = [], []
        word, at = "if", line
        while word in ("if", "elif"):
            condition = _at(at, condition_of, text[len(word) :])
            nodes, word, text, next_at = self.body(opener, "elif", "else", "endif")
            found.append((at, condition, nodes))
            at = next_at
        _alone(word, text, at)
        if word == "else":
            otherwise, word, text, at = self.body(opener, "endif")
            _alone(word, text, at)
        return ("if", found, otherwise)

    def loop(self, text, line):
        """Return the node of a for, up to its endfor."""
        found = FOR.fullmatch(text)
        if not found:
            raise ValueError(f"line {line}: for NAME in VALUE expected")
        values = _at(line, value_of, found[3])
        opener = ("for", line)
        nodes, word, text, at = self.body(opener, "else", "endfor")
        _alone(word, text, at)
        otherwise = []
        if word == "else":
            otherwise, word, text, at = self.body(opener, "endfor")
            _alone(word, text, at)
        return ("for", line, found[1], found[2], values, nodes, otherwise)


def _alone(word, text, line):
    if text != word:
        raise ValueError(f"line {line}: nothing may stand behind {word}")


def _items(value, pairs):
    """Return what a loop goes through, each a tuple of one or two values."""
    if value is None:
        return []
    if isinstance(value, dict):
        return list(value.items()) if pairs else [(key,) for key in value]
    if isinstance(value, list) and not pairs:
        return [(item,) for item in value]
    raise ValueError("this can't be gone through")


def _safe(node):
    """Whether the last of the filters is `safe`."""
    return node[0] == "filter" and node[1] == "safe"


def _run(nodes, scope, out):
    for node in nodes:
        kind = node[0]
        if kind == "text":
            out.append(node[1])
        elif kind == "print":
            text = text_of(_at(node[1], evaluate, node[2], scope))
            out.append(text if _safe(node[2]) else html.escape(text).replace("&#x27;", "&#39;"))
        elif kind == "set":
            scope.names[node[2]] = _at(node[1], evaluate, node[3], scope)
        elif kind == "if":
            _run(next((inner for line, condition, inner in node[1] if truth(_at(line, evaluate, condition, scope))), node[2]), scope, out)
        else:
            _run_loop(node, scope, out)


def _run_loop(node, scope, out):
    _, line, first, second, values, inner, otherwise = node
    items = _at(line, lambda: _items(evaluate(values, scope), second is not None))
    if not items:
        _run(otherwise, scope, out)
    for index, item in enumerate(items):
        names = {"loop": {"index": index + 1, "first": index == 0, "last": index == len(items) - 1}}
        names |= dict(zip((first, second), item))
        _run(inner, Scope(names, scope), out)


def render(text, data):
    """Return the text that a template makes of the data; raises ValueError."""
    nodes, *_ = Parser(split(text)).body(None)
    out = []
    _run(nodes, Scope({}, Scope(data)), out)
    return "".join(out)


def main(arguments):
    """Return the exit status."""
    try:
        (name,) = arguments
        with open(name, encoding="utf-8") as file:
            text = file.read()
        sys.stdout.write(render(text, json.load(sys.stdin)))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
