"""Reference dates in stretches short enough for a chart's points, and in seasons."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from reporter.dates import Cadence, day_in_words
from reporter.posts.measures import ratio

MOST = 36
"""Points of a chart over time."""

GAP = timedelta(days=90)
"""A longer pause between reference dates parts two seasons."""

_SATURDAY = 5


@dataclass(frozen=True)
class Cell:
    """A model's skill in a group of tasks; NaN where the baseline was exactly right."""

    skill: float
    tasks: int


def _week(day: date) -> date:
    return day + timedelta(days=(_SATURDAY - day.weekday()) % 7)


def _month(day: date) -> date:
    return day.replace(day=1)


def _quarter(day: date) -> date:
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def _year(day: date) -> date:
    return date(day.year, 1, 1)


def _month_words(day: date) -> str:
    return day_in_words(day, weekday=False).split(" ", 1)[1]


_UNITS: dict[str, tuple[Callable[[date], date], Callable[[date], str]]] = {
    "reference date": (lambda day: day, lambda day: day_in_words(day, weekday=False)),
    "week of reference dates": (_week, lambda day: f"week to {day_in_words(day, weekday=False)}"),
    "month of reference dates": (_month, _month_words),
    "quarter of reference dates": (_quarter, lambda day: f"quarter from {_month_words(day)}"),
    "year of reference dates": (_year, lambda day: str(day.year)),
}


def unit_of(days: list[date], cadence: Cadence) -> str:
    """The finest unit that leaves no more than `MOST` stretches."""
    for name, (start, _) in _UNITS.items():
        if not (cadence is Cadence.WEEK and start is _week) and len({start(day) for day in days}) <= MOST:
            return name
    return name


def over_time(totals: pd.DataFrame, unit: str) -> dict[tuple[date, str], dict[str, Cell]]:
    """Skill by stretch, oldest first, and model.

    Args:
        totals: of `evaluate.common_totals`.
        unit: of `unit_of`.

    Returns:
        (newest reference date in the stretch, its name) → model → skill and tasks.
    """
    start, words = _UNITS[unit]
    days = {stamp: stamp.date() for stamp in totals["reference_date"].unique()}
    newest: dict[date, date] = {}
    for day in sorted(days.values()):
        newest[start(day)] = day
    stretches = totals["reference_date"].map({stamp: start(day) for stamp, day in days.items()})
    cells = _cells(totals, stretches)
    return {(newest[key], words(key)): found for key, found in sorted(cells.items())}


def by_horizon(totals: pd.DataFrame) -> dict[int, dict[str, Cell]]:
    """Skill by horizon and model."""
    return {int(key): found for key, found in sorted(_cells(totals, totals["horizon"]).items())}


def _cells(totals: pd.DataFrame, key: pd.Series) -> dict[Any, dict[str, Cell]]:
    sums = totals.groupby([key.rename("key"), "model_id"])[["tasks", "total", "total_baseline"]].sum()
    found: dict[Any, dict[str, Cell]] = {}
    for (group, model), tasks, total, total_baseline in sums.itertuples():
        found.setdefault(group, {})[str(model)] = Cell(ratio(total, total_baseline), int(tasks))
    return found


def seasons(days: list[date]) -> list[tuple[date, date]]:
    """First and last of each run of days without a long pause, oldest first.

    >>> seasons([date(2024, 1, 6), date(2024, 1, 13), date(2024, 11, 2)])
    [(datetime.date(2024, 1, 6), datetime.date(2024, 1, 13)), (datetime.date(2024, 11, 2), datetime.date(2024, 11, 2))]
    """
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day - found[-1][1] <= GAP:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
