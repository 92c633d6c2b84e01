"""Hands it all to Python."""

import math

FUNCTIONS = {"sqrt": math.sqrt, "abs": abs, "min": lambda *values: min(values), "max": lambda *values: max(values), "floor": math.floor}


def evaluate(text, names=None):
    """Return the value of an expression."""
    space = dict(FUNCTIONS)
    space.update(names or {})
    try:
        value = eval(text.strip().replace("^", "**"), {"__builtins__": {}}, space)
        if isinstance(value, complex):
            raise ValueError("complex")
        return float(value)
    except ZeroDivisionError:
        raise
    except Exception as error:
        raise ValueError(str(error)) from error
