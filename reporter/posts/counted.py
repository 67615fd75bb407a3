"""A chart's counts as a table: a row a week, so that a weekday's counts stand below each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from reporter.charts import number
from reporter.dates import Cadence, day_in_words

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NONE = "\u2013"


@dataclass(frozen=True)
class Counted:
    """The table.

    Attributes:
        heads: of its columns, the first that of the rows' own heads.
        lines: (head, counts as written), the newest first; a day that has no count is a dash, and days before the
            first or after the last are empty.
    """

    heads: tuple[str, ...]
    lines: list[tuple[str, list[str]]]


def counted(counts: Mapping[date, float], cadence: Cadence) -> Counted:
    """The table of some counts; the year stands where it changes.

    >>> table = counted({date(2020, 4, 11): 396.0, date(2020, 4, 13): 9.0}, Cadence.DAY)
    >>> table.heads[:3], [when for when, _ in table.lines]
    (('Week from', 'Mon', 'Tue'), ['13 April 2020', '6 April'])
    >>> table.lines[0][1]
    ['9', '', '', '', '', '', '']
    >>> table.lines[1][1] == ["", "", "", "", "", "396", "\N{EN DASH}"]
    True
    """
    if cadence is Cadence.WEEK:
        days = sorted(counts, reverse=True)
        return Counted(("Week to", "Counted"), [(head, [number(counts[day])]) for head, day in _heads(days)])
    weeks: dict[date, list[str]] = {}
    for position in range((max(counts) - min(counts)).days + 1) if counts else ():
        day = min(counts) + timedelta(position)
        monday = day - timedelta(day.weekday())
        cells = weeks.setdefault(monday, [""] * day.weekday())
        cells.append(number(counts[day]) if day in counts else _NONE)
    rows = _heads(sorted(weeks, reverse=True))
    return Counted(
        ("Week from", *_WEEKDAYS), [(head, (weeks[monday] + [""] * 7)[: len(_WEEKDAYS)]) for head, monday in rows]
    )


def _heads(days: list[date]) -> list[tuple[str, date]]:
    years = [None, *(day.year for day in days)]
    return [
        (day_in_words(day, weekday=False, year=day.year != year), day) for day, year in zip(days, years, strict=False)
    ]
