"""Evaluates a spreadsheet: reads CSV with formulas from standard input, writes CSV with their values."""

import csv
import sys

from cells import CellError, constant, finite, number_of, shown
from formula import FormulaError, parse, references
from functions import FUNCTIONS


def _rank(value):
    """Return where a value stands among values of other types."""
    return 2 if isinstance(value, bool) else 1 if isinstance(value, str) else 0


def _like(value, other):
    """Return a value; an empty one becomes one of the other's type."""
    if value is not None:
        return value
    return {0: 0.0, 1: "", 2: False}[_rank(other)]


def compare(operator, left, right):
    """Compare two values of any types."""
    left, right = _like(left, right), _like(right, left)
    left, right = (_rank(left), left), (_rank(right), right)
    return {
        "=": left == right,
        "<>": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


def calculate(operator, left, right):
    """Calculate with two values."""
    left, right = number_of(left), number_of(right)
    try:
        if operator == "+":
            return finite(left + right)
        if operator == "-":
            return finite(left - right)
        if operator == "*":
            return finite(left * right)
        return finite(left / right if operator == "/" else left**right)
    except ZeroDivisionError as error:
        raise CellError("#DIV/0!") from error
    except OverflowError as error:
        raise CellError("#NUM!") from error


class Sheet:
    """A table of cells, and what is known of their values; cells are (column, row), both from 0."""

    def __init__(self, rows):
        self.rows = rows
        self.width = max(map(len, rows), default=0)
        self.trees = {}
        self.results = {}  # a value, or a CellError
        for y, row in enumerate(rows):
            for x, text in enumerate(row):
                self.read((x, y), text)

    def read(self, cell, text):
        """Take in a cell: formulas are parsed, all others have their value at once."""
        try:
            if text.startswith("="):
                self.trees[cell] = parse(text[1:])
            else:
                self.results[cell] = constant(text)
        except FormulaError:
            self.results[cell] = CellError("#SYNTAX!")
        except CellError as error:
            self.results[cell] = error

    def inside(self, left, top, right, bottom):
        """Return the cells of a range that can hold something."""
        columns = range(left, min(right, self.width - 1) + 1)
        return [(x, y) for y in range(top, min(bottom, len(self.rows) - 1) + 1) for x in columns]

    def values(self, node):
        """Return the values of a cell or a range, row by row; raises CellError for the first error."""
        area = (*node[1], *node[1]) if node[0] == "cell" else node[1:]
        return [self.value(cell) for cell in self.inside(*area)]

    def value(self, cell):
        """Return the value of a cell that is known; raises CellError."""
        result = self.results.get(cell)
        if isinstance(result, CellError):
            raise CellError(result.code)
        return result

    def evaluate(self, node):
        """Return the value of a tree whose cells are known; raises CellError."""
        kind = node[0]
        if kind == "value":
            return finite(node[1]) if isinstance(node[1], float) else node[1]
        if kind == "cell":
            return self.value(node[1])
        if kind == "error":
            raise CellError(node[1])
        if kind == "sign":
            number = number_of(self.evaluate(node[2]))
            return -number if node[1] == "-" else number
        if kind == "call":
            result = FUNCTIONS[node[1]](self, node[2])
            return finite(result) if isinstance(result, float) else result
        operator, left, right = node[1], self.evaluate(node[2]), self.evaluate(node[3])
        if operator == "&":
            return shown(left) + shown(right)
        if operator in ("+", "-", "*", "/", "^"):
            return calculate(operator, left, right)
        return compare(operator, left, right)

    def run(self):
        """Evaluate all formulas, each after those that it refers to."""
        needs = {cell: self.needs(tree) for cell, tree in self.trees.items()}
        for group in strong_groups(needs):
            for cell in group:
                broken = [other for other in needs[cell] if isinstance(self.results.get(other), CellError)]
                if len(group) > 1 or cell in needs[cell] or "#CYCLE!" in [self.results[other].code for other in broken]:
                    self.results[cell] = CellError("#CYCLE!")
                else:
                    self.results[cell] = self.result(cell)

    def needs(self, tree):
        """Return the formulas that a tree refers to."""
        return {cell for area in references(tree) for cell in self.inside(*area) if cell in self.trees}

    def result(self, cell):
        """Return the value of a formula, or its error."""
        try:
            return self.evaluate(self.trees[cell])
        except CellError as error:
            return error

    def text(self, cell):
        """Return what is written for a cell."""
        result = self.results[cell]
        return result.code if isinstance(result, CellError) else shown(result)


def strong_groups(needs):
    """Yield the groups of cells that need each other, each group after those that it needs (Tarjan, without recursion)."""
    number, low, stack, on_stack = {}, {}, [], set()
    for root in needs:
        if root in number:
            continue
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(needs[root]))]
        while work:
            cell, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[cell])
                if low[cell] == number[cell]:
                    group = []
                    while not group or group[-1] != cell:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    yield group
            elif following not in number:
                number[following] = low[following] = len(number)
                stack.append(following)
                on_stack.add(following)
                work.append((following, iter(needs[following])))
            elif following in on_stack:
                low[cell] = min(low[cell], number[following])


def main():
    """Read, evaluate, write."""
    sys.stdin.reconfigure(encoding="utf-8", newline="")
    sys.stdout.reconfigure(encoding="utf-8", newline="")
    rows = list(csv.reader(sys.stdin))
    sheet = Sheet(rows)
    sheet.run()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for y, row in enumerate(rows):
        writer.writerow([sheet.text((x, y)) for x in range(len(row))])


if __name__ == "__main__":
    main()
