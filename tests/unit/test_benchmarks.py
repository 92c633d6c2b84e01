"""The arithmetic and the table of the benchmarks: what is printed must be what was measured."""

import io
import json

import pytest
from each import each

from benchmarks.__main__ import MEASUREMENTS, main
from benchmarks.figure import Bound, Compare, Figure
from benchmarks.progress import Progress
from benchmarks.stats import milliseconds, p50, p99, percentile
from benchmarks.table import number, render

FASTER = Bound(Compare.TIMES_FASTER, 30, at_least=True, aim=50)
SLOWER = Bound(Compare.TIMES_FLOOR, 1.5)


@each(
    ("samples", "share", "expected"),
    [
        ([7.0], 0.0, 7.0),
        ([7.0], 0.99, 7.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 3.0, 2.0, 1.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([float(n) for n in range(1, 102)], 0.99, 100.0),
        ([1.0, 2.0], 1.0, 2.0),
        ([1.0, 2.0], 0.0, 1.0),
    ],
)
def test_a_percentile_is_a_sample_that_occurred(samples: list[float], share: float, expected: float) -> None:
    """Nearest rank: the smallest sample that at least that share of all do not exceed, whatever their order."""
    assert percentile(samples, share) == expected


@each(("samples", "share"), [([], 0.5), ([1.0], -0.1), ([1.0], 1.1)])
def test_no_percentile_is_made_up(samples: list[float], share: float) -> None:
    """Without samples, or outside of 0 to 1, there is an error and no number."""
    with pytest.raises(ValueError, match="no percentile"):
        percentile(samples, share)


def test_the_named_percentiles() -> None:
    """p50 and p99 are what their names say, and seconds become milliseconds."""
    samples = milliseconds(n / 1000 for n in range(1, 201))
    assert p50(samples) == pytest.approx(100)
    assert p99(samples) == pytest.approx(198)


@each(
    ("value", "floor", "bound", "ratio", "ok"),
    [
        (2.0, 60.0, FASTER, 30.0, True),
        (2.0, 59.0, FASTER, 29.5, False),
        (3.0, 2.0, SLOWER, 1.5, True),
        (3.1, 2.0, SLOWER, 1.55, False),
        (31.0, None, Bound(Compare.VALUE, 32), None, True),
        (33.0, None, Bound(Compare.VALUE, 32), None, False),
        (33.0, 11.0, Bound(Compare.VALUE, 32), 3.0, False),
        (3.0, 2.0, None, 1.5, None),
        (None, 2.0, SLOWER, None, None),
        (3.0, 0.0, SLOWER, None, None),
        (None, None, Bound(Compare.VALUE, 32), None, None),
    ],
)
def test_a_figure_is_held_against_its_bound(
    value: float | None, floor: float | None, bound: Bound | None, ratio: float | None, ok: bool | None
) -> None:
    """The ratio goes the way the bound speaks of it, and where nothing was measured nothing is ok."""
    figure = Figure("step", "a step", value, "ms", "a floor", floor, bound)
    assert figure.ratio == (None if ratio is None else pytest.approx(ratio))
    assert figure.ok is ok


def test_the_table_shows_value_floor_ratio_bound_and_verdict() -> None:
    """Each figure is one line that has everything, under a head, its note below it."""
    table = render(
        [
            Figure("step", "Step", 1.234, "ms", "docker exec", 61.7, FASTER),
            Figure("reset", "Reset", 400.0, "ms", "create + start", 100.0, SLOWER, note="on a busy machine"),
            Figure("idle", "idle", None, "MiB"),
        ]
    )
    assert [" ".join(line.split()) for line in table.splitlines()] == [
        "what value floor ratio bound",
        f"{'-' * 22} {'-' * 7} {'-' * 7} {'-' * 5} {'-' * 23} {'-' * 4}",
        "Step / docker exec 1.23 ms 61.7 ms 50 x >= 30 x faster (aim 50) ok",
        "Reset / create + start 400 ms 100 ms 4 x <= 1.50 x over",
        "on a busy machine",
        "idle -",
    ]


@each(
    ("value", "text"),
    [(0.12345, "0.123"), (1.2345, "1.23"), (12.345, "12.3"), (123.45, "123"), (123456.7, "123,457"), (50.0, "50"), (0.0, "0")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    """What is printed claims no more than three digits, and is never in scientific notation."""
    assert number(value) == text


def test_json_carries_the_whole_figure() -> None:
    """A program that reads the JSON finds what the table shows."""
    figure = Figure("step", "Step", 2.0, "ms", "docker exec", 60.0, FASTER)
    assert json.loads(json.dumps(figure.document())) == {
        "name": "step",
        "what": "Step",
        "value": 2.0,
        "unit": "ms",
        "floor_name": "docker exec",
        "floor": 60.0,
        "ratio": 30.0,
        "bound": {"of": "floor / value", "limit": 30, "at_least": True, "aim": 50},
        "ok": True,
        "note": None,
    }


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """As terminals do."""
        return True


def test_progress_is_one_line_a_measurement_in_a_log() -> None:
    """Where it is no terminal, nothing is rewritten."""
    log = io.StringIO()
    progress = Progress(log)
    progress.measure("step")
    progress.round(1, 2)
    progress.measure("reset")
    progress.done()
    assert log.getvalue() == "step ...\nreset ...\n"


def test_progress_rewrites_its_line_on_a_terminal() -> None:
    """On a terminal each round replaces the last, and nothing is left at the end."""
    terminal = Terminal()
    progress = Progress(terminal)
    progress.measure("step")
    progress.round(1, 2)
    progress.done()
    assert terminal.getvalue() == "\r\033[Kstep: 1/2\r\033[K"


def test_an_unknown_measurement_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """`--only` with a wrong name ends with status 2 and names every right one."""
    with pytest.raises(SystemExit) as ended:
        main(["--only", "nonsense"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert all(name in said for name in MEASUREMENTS)
