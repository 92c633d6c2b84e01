import pytest
from calendar_days import days_in_month, is_leap, next_day


@pytest.mark.parametrize("year", [2024, 1996, 2000, 1600, 2400, 4])
def test_leap_years(year):
    assert is_leap(year)


@pytest.mark.parametrize("year", [2023, 1900, 2100, 1800, 2001, 2022])
def test_common_years(year):
    assert not is_leap(year)


def test_all_months_of_a_common_year():
    assert [days_in_month(2023, month) for month in range(1, 13)] == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def test_february():
    assert [days_in_month(year, 2) for year in (2024, 2000, 1900)] == [29, 29, 28]


@pytest.mark.parametrize("month", [0, 13, -1])
def test_no_such_month(month):
    with pytest.raises(ValueError):
        days_in_month(2023, month)


@pytest.mark.parametrize(
    ("day", "following"),
    [
        ((2023, 5, 7), (2023, 5, 8)),
        ((2023, 5, 30), (2023, 5, 31)),
        ((2023, 5, 31), (2023, 6, 1)),
        ((2023, 6, 30), (2023, 7, 1)),
        ((2024, 2, 28), (2024, 2, 29)),
        ((2024, 2, 29), (2024, 3, 1)),
        ((2023, 2, 28), (2023, 3, 1)),
        ((2023, 12, 31), (2024, 1, 1)),
        ((2023, 12, 30), (2023, 12, 31)),
    ],
)
def test_next_day(day, following):
    assert next_day(*day) == following


@pytest.mark.parametrize("day", [(2023, 2, 29), (2023, 1, 0), (2023, 4, 31), (2023, 1, 32), (2023, 13, 1)])
def test_no_such_day(day):
    with pytest.raises(ValueError):
        next_day(*day)
