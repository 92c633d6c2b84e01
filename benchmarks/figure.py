"""A figure: a measured value, the floor it stands beside, the ratio of both, and the bound that the ratio or the value must keep.

Knows nothing of how anything is measured.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Compare(Enum):
    """What a bound holds."""

    VALUE = "value"  # the value itself
    TIMES_FLOOR = "value / floor"
    TIMES_FASTER = "floor / value"


@dataclass(frozen=True, slots=True)
class Bound:
    """`compare` must be at most (or at least) `limit`. `aim`: the limit we work towards, for information."""

    compare: Compare
    limit: float
    at_least: bool = False
    aim: float | None = None

    def holds(self, number: float) -> bool:
        """Whether the bound is kept."""
        return number >= self.limit if self.at_least else number <= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        name: The measurement it belongs to, as `--only` takes it.
        what: What was measured, in words.
        value: In `unit`.
        floor: What the same run measured for the floor, in the same unit; None when the figure has none.
        floor_name: Which floor.
        note: What else a reader must know, such as why there is no value.
    """

    name: str
    what: str
    value: float | None
    unit: str
    floor_name: str = ""
    floor: float | None = None
    bound: Bound | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Value over floor, or floor over value where that is what the bound speaks of; None without a floor."""
        if self.value is None or self.floor is None:
            return None
        over, under = self.value, self.floor
        if self.bound is not None and self.bound.compare is Compare.TIMES_FASTER:
            over, under = under, over
        return over / under if under else None

    @property
    def ok(self) -> bool | None:
        """Whether the bound is kept; None when there is none, or nothing was measured."""
        number = self.value if self.bound is not None and self.bound.compare is Compare.VALUE else self.ratio
        if self.bound is None or number is None:
            return None
        return self.bound.holds(number)

    def document(self) -> dict[str, Any]:
        """What JSON gets."""
        bound = self.bound
        return {
            "name": self.name,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "floor_name": self.floor_name or None,
            "floor": self.floor,
            "ratio": self.ratio,
            "bound": None
            if bound is None
            else {"of": bound.compare.value, "limit": bound.limit, "at_least": bound.at_least, "aim": bound.aim},
            "ok": self.ok,
            "note": self.note or None,
        }
