"""Cadences and dates. Nothing here reads a clock."""

import enum
from datetime import date, timedelta


class Cadence(enum.Enum):
    """How often a count is made: every day, or every week; which weekday weeks end on is the source's."""

    DAY = "day"
    WEEK = "week"

    @property
    def step(self) -> timedelta:
        """The time between two period ends."""
        return timedelta(days=self.days)

    @property
    def days(self) -> int:
        """Days between two period ends."""
        return 1 if self is Cadence.DAY else 7


def parse_date(text: str) -> date:
    """Read `YYYY-MM-DD`, and only that.

    Raises:
        ValueError: the text is not a day of the calendar in that form.

    >>> parse_date("2020-04-11")
    datetime.date(2020, 4, 11)
    """
    if len(text) != 10:  # noqa: PLR2004 - fromisoformat would also take 20200411 and 2020-W15-6
        raise ValueError(f"not a date as YYYY-MM-DD: {text!r}")
    return date.fromisoformat(text)


MARGIN = timedelta(days=35)
"""How long a month of the record has been over before its files become one."""


def month_of(day: date) -> str:
    """The month of a day, as `YYYY-MM`."""
    return str(day)[:7]


def is_over(month: str, newest: date) -> bool:
    """Whether a record whose newest day is `newest` keeps a month in one file.

    >>> is_over("2026-01", date(2026, 3, 7)), is_over("2026-01", date(2026, 3, 8))
    (False, True)
    """
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=31)).replace(day=1) + MARGIN <= newest


def kept_under(day: date, newest: date) -> str:
    """What the file of a day goes by: the day, or once that is over its month."""
    return month_of(day) if is_over(month_of(day), newest) else str(day)


def day_in_words(day: date, *, weekday: bool = True, year: bool = True) -> str:
    """Write a date out, in English whatever the locale.

    >>> day_in_words(date(2020, 4, 11))
    'Saturday 11 April 2020'
    >>> day_in_words(date(2020, 4, 11), weekday=False, year=False)
    '11 April'
    """
    parts = [_WEEKDAYS[day.weekday()]] if weekday else []
    parts += [str(day.day), _MONTHS[day.month - 1]]
    parts += [str(day.year)] if year else []
    return " ".join(parts)


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
