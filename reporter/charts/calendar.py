"""A calendar of hits and misses: a cell for each period, told apart by its shape as well as by its colour."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from reporter.charts.axes import EDGE, FORECAST, LIKELY, LINE, MUTED, OUTSIDE, PAPER
from reporter.dates import Cadence, day_in_words

PITCH = 12
"""From one cell to the next."""

SIDE = 10
"""The side of a cell."""

WEEKS = 26
"""Columns: weeks of a calendar of days, newest last; or the weeks of half a year, a row each."""

LEAST = timedelta(days=55)
"""What a calendar of days shows of the time before its newest day, however little was judged."""

HALVES = 6
"""Half-years that a calendar of weeks shows at most."""

_HEAD = 16
"""Room for a line of text."""

_ROW = _HEAD + PITCH + 2

Place = tuple[int, int]


def shown(newest: date, cadence: Cadence) -> date:
    """The first period end that a calendar up to `newest` has room for."""
    if cadence is Cadence.DAY:
        return newest - timedelta(days=newest.weekday() + 7 * (WEEKS - 1))
    year, half = divmod(newest.year * 2 + (newest.month > 6) - HALVES + 1, 2)  # noqa: PLR2004 - July on
    return date(year, 7 if half else 1, 1)


@dataclass(frozen=True)
class Layout:
    """Where the cell of each period is, what is written where, and the width and height of it all."""

    places: dict[date, Place]
    labels: list[tuple[Place, str]]
    size: Place


def laid_out(held: Mapping[date, str], newest: date, cadence: Cadence) -> Layout:
    """Find places for the periods from the first that is held, if there is room, to the newest.

    Args:
        held: by period end, one of `MARKS`.
        newest: the last period end that there is room for.
        cadence: days in columns of weeks, or weeks in rows of half-years.
    """
    earliest, since = min([*held, newest]), shown(newest, cadence)
    if cadence is Cadence.DAY:
        return Layout(*_days(max(since, min(earliest, newest - LEAST)), newest))
    return Layout(*_weeks(max(since, date(earliest.year, 7 if earliest.month > 6 else 1, 1)), newest))  # noqa: PLR2004 - July on


def drawn(layout: Layout, held: Mapping[date, str], ident: str, title: str, finding: str) -> str:
    """Draw, as inline SVG, how each forecast held.

    Args:
        layout: of the same `held`.
        held: as for `laid_out`.
        ident: what its ids begin with.
        title: its text alternative in short.
        finding: the same at length.
    """
    kinds: dict[str, list[Place]] = {}
    for day, place in layout.places.items():
        kinds.setdefault(held.get(day, ""), []).append(place)
    cells = "".join(_drawn(kind, kinds[kind]) for kind in sorted(kinds))
    texts = "".join(f'<text x="{x}" y="{y}" fill="{MUTED}">{escape(text)}</text>' for (x, y), text in layout.labels)
    width, height = layout.size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="calendar" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" aria-labelledby="{escape(ident)}-title {escape(ident)}-desc">'
        f'<title id="{escape(ident)}-title">{escape(title)}</title>'
        f'<desc id="{escape(ident)}-desc">{escape(finding)}</desc>{texts}{cells}</svg>'
    )


def _days(first: date, newest: date) -> tuple[dict[date, Place], list[tuple[Place, str]], Place]:
    """A column a week from Monday to Sunday, the months above."""
    monday = first - timedelta(days=first.weekday())
    found = {}
    labels: list[tuple[Place, str]] = []
    for number in range((newest - first).days + 1):
        day = first + timedelta(days=number)
        column, row = divmod((day - monday).days, 7)
        found[day] = (column * PITCH, _HEAD + row * PITCH)
        # Of a month that begins the calendar late the next one's name has the room.
        starts = day.day == 1 or (number == 0 and day.day <= 10)  # noqa: PLR2004
        if starts and (not labels or column * PITCH - labels[-1][0][0] >= 3 * PITCH):
            labels.append(((column * PITCH, _HEAD - 5), _month(day)))
    columns = (newest - monday).days // 7 + 1
    labels = labels or [((0, _HEAD - 5), _month(first))]
    return found, labels, (max(columns, 5) * PITCH, _HEAD + 7 * PITCH)


def _weeks(first: date, newest: date) -> tuple[dict[date, Place], list[tuple[Place, str]], Place]:
    """A row a half-year, the newest at the bottom, its name above it."""
    found = {}
    labels: list[tuple[Place, str]] = []
    day = newest - (newest - first) // timedelta(days=7) * timedelta(days=7)
    while day <= newest:
        half = (day.year, day.month > 6)  # noqa: PLR2004 - July on
        start = date(day.year, 7 if half[1] else 1, 1)
        text = f"{'July to December' if half[1] else 'January to June'} {day.year}, by week"
        if not labels or labels[-1][1] != text:
            labels.append(((0, _HEAD - 5 + len(labels) * _ROW), text))
        found[day] = ((day - start).days // 7 * PITCH, _HEAD + (len(labels) - 1) * _ROW)
        day += timedelta(days=7)
    return found, labels, ((WEEKS + 1) * PITCH, len(labels) * _ROW)


def _month(day: date) -> str:
    month = day_in_words(day, weekday=False, year=False).split()[1][:3]
    return f"{month} {day.year}" if day.month == 1 else month


def _drawn(kind: str, at: list[Place]) -> str:
    shape, attributes = MARKS[kind]
    path = "".join(f"M{x} {y}{shape}" for x, y in at)
    bar = _BARS.get(kind)
    cells = f'<path d="{path}" {attributes}/>'
    if bar is None:
        return cells
    return cells + f'<path d="{"".join(f"M{x} {y}{bar}" for x, y in at)}" fill="{FORECAST}"/>'


_SQUARE = f"m.5.5h{SIDE - 1}v{SIDE - 1}h-{SIDE - 1}z"
_OUTLINE = f'fill="{PAPER}" stroke="{EDGE}"'

MARKS = {
    "likely": (_SQUARE, f'fill="{LIKELY}" stroke="{EDGE}"'),
    "more": (_SQUARE, _OUTLINE),
    "less": (_SQUARE, _OUTLINE),
    "over": (f"m0 {SIDE}h{SIDE}l-{SIDE // 2}-{SIDE}z", f'fill="{OUTSIDE}"'),
    "under": (f"h{SIDE}l-{SIDE // 2} {SIDE}z", f'fill="{OUTSIDE}"'),
    "point": ("m5 1.5a3.5 3.5 0 1 0 .01 0z", f'fill="none" stroke="{MUTED}"'),
    "": ("m4.5 4.5h1v1h-1z", f'fill="{LINE}"'),
}
"""What each kind looks like: inside the likely range, more or less than it but inside the wide one, over or under
both, a forecast without a range, nothing judged."""

_BARS = {"more": f"h{SIDE}v4h-{SIDE}z", "less": f"m0 {SIDE - 4}h{SIDE}v4h-{SIDE}z"}
