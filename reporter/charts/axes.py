"""What figures share: colours, lines, labels, axes and ticks."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from html import escape
from typing import Any

from reporter.dates import day_in_words

Figure = dict[str, Any]
"""A Plotly figure: `data` and `layout`, of what this module draws itself."""

INK, FORECAST, LIKELY, SURE, EDGE, FAINT, MUTED, OUTSIDE, PAPER, LINE = (
    f"var(--{name})"
    for name in ("ink", "forecast", "likely", "sure", "edge", "faint", "muted", "outside", "paper", "line")
)


def named(colour: str) -> str:
    """The name of a colour, which figures hold as a CSS custom property.

    >>> named("var(--forecast)")
    'forecast'
    """
    return colour[6:-1]


def number(value: float) -> str:
    r"""Write a number with thin spaces (U+202F) between thousands and a true minus.

    >>> ascii(number(-19374.4))
    "'\\u221219\\u202f374'"
    """
    return f"{round(value):,}".replace(",", "\u202f").replace("-", "\u2212")


def literal(text: str) -> str:
    """A text that a figure shows as it is: Plotly reads texts as a kind of HTML.

    >>> literal("<b>Team</b> & co")
    '&lt;b&gt;Team&lt;/b&gt; &amp; co'
    """
    return escape(text, quote=False)


def line(name: str, x: Sequence[str], y: Iterable[float], colour: str, width: float) -> dict[str, Any]:
    """A trace: a line through points."""
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines",
        "x": list(x),
        "y": rounded(y),
        "line": {"color": colour, "width": width},
    }


def rounded(values: Iterable[float]) -> list[float]:
    """Each value, `plain`."""
    return [plain(value) for value in values]


def plain(value: float) -> float:
    """Six significant digits are more than a chart can show, and a short text."""
    short = float(f"{value:.6g}")
    return int(short) if short.is_integer() else short


def exact(value: float) -> float:
    """A short number that is written as the very count it stands for: `plain`, unless that would round to another.

    >>> exact(1234567.8), exact(100 / 3), exact(0.50000001)
    (1234568, 33.3333, 0.50000001)
    """
    if abs(value) >= 1e4 or value == int(value):  # noqa: PLR2004 - a pixel is more than a count there
        return round(value)
    short = plain(value)
    return short if round(short) == round(value) else float(value)


def rule(x: str | float) -> dict[str, Any]:
    """A dotted vertical rule."""
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "line": {"color": MUTED, "width": 1, "dash": "dot"},
    }


def level_rule(y: float) -> dict[str, Any]:
    """A level dashed rule, below the lines."""
    across = {"xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": plain(y), "y1": plain(y), "layer": "below"}
    return rule(0) | across | {"line": {"color": INK, "width": 1.25, "dash": "dash"}}


def label(x: str | float, text: str, anchor: str, colour: str = MUTED) -> dict[str, Any]:
    """A text above the plot, at `x`."""
    return {
        "x": x,
        "y": 1,
        "xref": "x",
        "yref": "paper",
        "text": text,
        "xanchor": anchor,
        "yanchor": "bottom",
        "font": {"color": colour, "size": 12},
    }


def count_axis(top: float) -> dict[str, Any]:
    """Counts from zero, labelled inside the plot so that it can be as wide as the screen."""
    ticks = [tick for tick in nice_ticks(0, top) if tick > 0]
    return {
        "range": [0, plain(top)],
        "tickvals": ticks,
        "ticktext": [number(tick) if tick >= 1 else f"{tick:g}" for tick in ticks],
        "tickfont": {"color": MUTED, "size": 12},
    }


def date_axis(first: date, last: date, room: float = 0.04) -> dict[str, Any]:
    """Days with labels, none so near an end that its label would be cut, and room at both ends.

    Args:
        first: the first day that is drawn.
        last: the last one.
        room: before the first day, as a share of the time.
    """
    span = max((last - first).days, 1)
    margin = timedelta(days=span * 0.02)
    ticks = [tick for tick in _date_ticks(first, span) if 0.05 <= (tick - first).days / span <= 0.95]  # noqa: PLR2004
    return {
        "type": "date",
        "range": [_moment(first, -room / 0.02 * margin), _moment(last, margin)],
        "tickvals": [tick.isoformat() for tick in ticks],
        "ticktext": [_tick(tick, months=span > LONG) for tick in ticks],
        "tickfont": {"color": MUTED, "size": 12},
        "showgrid": False,
    }


def room_for(labels: Iterable[str]) -> float:
    r"""How much of the time to leave free before the first day, so that no line runs through a label on a phone.

    >>> round(room_for(["500", "1\u202f000"]), 2)
    0.12
    """
    return 0.02 + 0.02 * max(map(len, labels), default=0)


def steps_axis(places: list[int]) -> dict[str, Any]:
    """Whole numbers, every one labelled, or every few where they are many."""
    every = math.ceil(len(places) / 14)
    room = 0.04 * max(places[-1] - places[0], 1)
    shown = places[::every]
    return {
        "type": "linear",
        "range": [places[0] - 2 * room, places[-1] + room],
        "tickvals": shown,
        "ticktext": [str(place) for place in shown],
        "tickfont": {"color": MUTED, "size": 12},
        "showgrid": False,
    }


LONG = 100
"""Days; a longer axis is labelled by months."""


def _date_ticks(first: date, span: int) -> list[date]:
    """Days the same distance apart, or first days of months on a long axis; five or six."""
    if span <= LONG:
        step = next(days for days in (1, 2, 3, 7, 14, 28) if span / days <= 5)  # noqa: PLR2004
        return [first + timedelta(days=offset) for offset in range(0, span + 1, step)]
    step = next((months for months in (1, 2, 3, 6) if span / months <= 6 * 31), 12)
    ends = first + timedelta(days=span)
    months = range(first.year * 12 + first.month, ends.year * 12 + ends.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months if month % step == 0]


def _tick(day: date, *, months: bool) -> str:
    """A day on an axis, `5 Apr`; or a month, with the year in January.

    >>> _tick(date(2020, 4, 5), months=False), _tick(date(2020, 1, 1), months=True)
    ('5 Apr', 'Jan 2020')
    """
    month = day_in_words(day, weekday=False, year=False).split()[1][:3]
    if not months:
        return f"{day.day} {month}"
    return f"{month} {day.year}" if day.month == 1 else month


def _moment(day: date, shift: timedelta) -> str:
    hours = round(shift.total_seconds() / 3600)
    moved = day + timedelta(days=hours // 24)
    return f"{moved.isoformat()} {hours % 24:02d}:00"


def nice_ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers from `low` to `high`, `most` steps apart at most.

    >>> nice_ticks(0, 555313)
    [0, 200000, 400000]
    """
    raw = max(high - low, 1e-9) / most
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= raw * 0.999)
    first = math.ceil(low / step)
    return [plain(n * step) for n in range(first, math.floor(high / step * 1.000001) + 1)]
