"""How long ago a source last had something new, and what that is called."""

import enum
from dataclasses import dataclass
from datetime import date, timedelta


class State(enum.Enum):
    """What a feed's counts are, by the days since new ones were expected."""

    FRESH = "fresh"
    LATE = "late"
    STALE = "stale"
    RETIRED = "retired"


@dataclass(frozen=True)
class Timeliness:
    """How timely a source is.

    Attributes:
        newest: the newest period end it holds.
        since: when that was first seen.
        expected: when the next was expected.
        state: what it is called.
        changes: when the state will be the next, should nothing come; None of a retired one.
    """

    newest: date
    since: date
    expected: date
    state: State
    changes: date | None


def timeliness(newest: date, since: date, step: timedelta, patience: tuple[int, int, int], today: date) -> Timeliness:
    """Judge a source by the day on which its newest period was first seen.

    Args:
        step: the time between two period ends.
        patience: days after the expected date at which it is late, stale and retired.

    >>> from datetime import date, timedelta
    >>> released, week = date(2025, 9, 24), timedelta(7)  # the last before the shutdown
    >>> for day in (date(2025, 10, 5), date(2025, 10, 6), date(2025, 11, 18)):
    ...     print(timeliness(date(2025, 9, 20), released, week, (4, 14, 180), day).state.value)
    fresh
    late
    stale
    """
    expected = since + step
    starts = [expected + timedelta(days) for days in patience]
    passed = sum(today > start for start in starts)
    changes = starts[passed] + timedelta(1) if passed < len(starts) else None
    return Timeliness(newest, since, expected, list(State)[passed], changes)
