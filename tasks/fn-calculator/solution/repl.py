"""A calculator for standard input: expressions and assignments, one a line."""

import re
import sys

from calc import evaluate

ASSIGNMENT = re.compile(r"[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=(.*)", re.DOTALL)


def shown(value):
    """Write whole numbers without a point, others with up to ten digits."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.10g}"


names = {"ans": 0.0}
for line in sys.stdin:
    text = line.rstrip("\n")
    if not text.strip():
        continue
    assignment = ASSIGNMENT.fullmatch(text)
    try:
        if assignment:
            name, expression = assignment.groups()
            if name == "ans":
                raise ValueError("ans can't be assigned")
            names[name] = evaluate(expression, names)
        else:
            names["ans"] = evaluate(text, names)
            print(shown(names["ans"]))
    except ZeroDivisionError:
        print("error: division by zero")
    except ValueError:
        print("error: invalid")
