"""The functions of the spreadsheet. Each is given the evaluator and the nodes of its arguments."""

from cells import CellError, number_of, shown, truth_of


def _numbers(evaluator, arguments):
    """Return all numbers: those of cells and ranges as they are, of other arguments as they count."""
    areas = [argument[0] in ("cell", "range") for argument in arguments]
    found = [evaluator.values(argument) if area else evaluator.evaluate(argument) for area, argument in zip(areas, arguments)]
    numbers = []
    for area, values in zip(areas, found):
        if area:
            numbers += [value for value in values if isinstance(value, float)]
        else:
            numbers.append(number_of(values))
    return numbers


def _sum(evaluator, arguments):
    return sum(_numbers(evaluator, arguments), 0.0)


def _average(evaluator, arguments):
    numbers = _numbers(evaluator, arguments)
    if not numbers:
        raise CellError("#DIV/0!")
    return sum(numbers) / len(numbers)


def _min(evaluator, arguments):
    return min(_numbers(evaluator, arguments), default=0.0)


def _max(evaluator, arguments):
    return max(_numbers(evaluator, arguments), default=0.0)


def _count(evaluator, arguments):
    return float(len(_numbers(evaluator, arguments)))


def _if(evaluator, arguments):
    if truth_of(evaluator.evaluate(arguments[0])):
        return evaluator.evaluate(arguments[1])
    return evaluator.evaluate(arguments[2]) if len(arguments) > 2 else False


def _iferror(evaluator, arguments):
    try:
        return evaluator.evaluate(arguments[0])
    except CellError:
        return evaluator.evaluate(arguments[1])


def _truths(evaluator, arguments):
    values = [evaluator.evaluate(argument) for argument in arguments]
    return [truth_of(value) for value in values]


def _and(evaluator, arguments):
    return all(_truths(evaluator, arguments))


def _or(evaluator, arguments):
    return any(_truths(evaluator, arguments))


def _not(evaluator, arguments):
    return not truth_of(evaluator.evaluate(arguments[0]))


def _whole(value, least, most):
    number = number_of(value)
    if number != int(number) or not least <= number <= most:
        raise CellError("#VALUE!")
    return int(number)


def _round(evaluator, arguments):
    values = [evaluator.evaluate(argument) for argument in arguments]
    number = number_of(values[0])
    places = _whole(values[1], -10, 10) if len(values) > 1 else 0
    return float(round(number, places))


def _abs(evaluator, arguments):
    return abs(number_of(evaluator.evaluate(arguments[0])))


def _len(evaluator, arguments):
    return float(len(shown(evaluator.evaluate(arguments[0]))))


def _upper(evaluator, arguments):
    return shown(evaluator.evaluate(arguments[0])).upper()


def _left(evaluator, arguments):
    text, length = (evaluator.evaluate(argument) for argument in arguments)
    return shown(text)[: _whole(length, 0, 1e9)]


RANGE_FUNCTIONS = {"SUM": _sum, "AVERAGE": _average, "MIN": _min, "MAX": _max, "COUNT": _count}
FUNCTIONS = {
    **RANGE_FUNCTIONS,
    "IF": _if,
    "IFERROR": _iferror,
    "AND": _and,
    "OR": _or,
    "NOT": _not,
    "ROUND": _round,
    "ABS": _abs,
    "LEN": _len,
    "UPPER": _upper,
    "LEFT": _left,
}
# The least and the largest number of arguments.
ARGUMENTS = {
    **dict.fromkeys(RANGE_FUNCTIONS, (1, None)),
    "IF": (2, 3),
    "IFERROR": (2, 2),
    "AND": (1, None),
    "OR": (1, None),
    "NOT": (1, 1),
    "ROUND": (1, 2),
    "ABS": (1, 1),
    "LEN": (1, 1),
    "UPPER": (1, 1),
    "LEFT": (2, 2),
}
