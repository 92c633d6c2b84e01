"""A table as one test. A test item costs far more than most rows, so those rows that need nothing made for them alone share one."""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest


def each(names: str | tuple[str, ...], rows: Iterable[Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run a test for every row of a table, and report each row that fails as a subtest with its values.

    As with `parametrize`, `names` are the arguments that a row has values for; a mapping names its rows. All rows share the test's
    fixtures and event loop, and can't be chosen one by one: where that matters, `parametrize`.
    """
    arguments = (names,) if isinstance(names, str) else names
    labelled = rows.items() if isinstance(rows, Mapping) else ((None, row) for row in rows)
    table = [(label, dict(zip(arguments, [row] if isinstance(names, str) else row, strict=True))) for label, row in labelled]
    if not table:
        raise ValueError(f"no rows of {arguments}: nothing would be tested")

    def over_all_rows(test: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(test):

            @functools.wraps(test)
            async def run(subtests: pytest.Subtests, **fixtures: Any) -> None:
                for label, row in table:
                    with _failure_told(subtests, label, row):
                        await test(**row, **fixtures)
        else:

            @functools.wraps(test)
            def run(subtests: pytest.Subtests, **fixtures: Any) -> None:
                for label, row in table:
                    with _failure_told(subtests, label, row):
                        test(**row, **fixtures)

        ours = inspect.signature(run, follow_wrapped=False).parameters["subtests"]
        theirs = [parameter for name, parameter in inspect.signature(test).parameters.items() if name not in arguments]
        run.__signature__ = inspect.Signature([ours, *theirs])  # type: ignore[attr-defined] - what pytest takes fixtures from
        return run

    return over_all_rows


@contextmanager
def _failure_told(subtests: pytest.Subtests, label: str | None, row: Mapping[str, Any]) -> Iterator[None]:
    """Enter a subtest when there is something to tell: most of what one costs is to catch what is printed."""
    try:
        yield
    except BaseException:  # pytest's own outcomes are no `Exception`
        with subtests.test(label, **({} if label else row)):
            raise
