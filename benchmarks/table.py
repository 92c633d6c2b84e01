"""The table that people read."""

from collections.abc import Sequence

from benchmarks.figure import Bound, Compare, Figure

HEAD = ("what", "value", "floor", "ratio", "bound", "")


def render(figures: Sequence[Figure]) -> str:
    """The figures as lines of text, one a figure and one a note, ending in a newline."""
    rows = [HEAD, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [_line(HEAD, widths), "  ".join("-" * width for width in widths).rstrip()]
    for figure, row in zip(figures, rows[1:], strict=True):
        lines.append(_line(row, widths))
        if figure.note:
            lines.append(f"    {figure.note}")
    return "\n".join(lines) + "\n"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.ljust(width) if column in {0, 4, 5} else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join((first, *rest)).rstrip()


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.what + (f" / {figure.floor_name}" if figure.floor_name else ""),
        "-" if figure.value is None else f"{number(figure.value)} {figure.unit}",
        "" if figure.floor is None else f"{number(figure.floor)} {figure.unit}",
        "" if figure.ratio is None else f"{number(figure.ratio)} x",
        "" if figure.bound is None else _bound(figure.bound, figure.unit),
        {True: "ok", False: "over", None: ""}[figure.ok],
    )


def _bound(bound: Bound, unit: str) -> str:
    sign = ">=" if bound.at_least else "<="
    last = {Compare.VALUE: f" {unit}", Compare.TIMES_FLOOR: " x", Compare.TIMES_FASTER: " x faster"}[bound.compare]
    aim = "" if bound.aim is None else f" (aim {number(bound.aim)})"
    return f"{sign} {number(bound.limit)}{last}{aim}"


def number(value: float) -> str:
    """Three significant digits, never in scientific notation."""
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"
