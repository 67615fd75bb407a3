"""What was estimated at one reference date after another: a dot, a thick bar and a thin one for each."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reporter.charts.axes import (
    EDGE,
    FORECAST,
    INK,
    LIKELY,
    MUTED,
    Figure,
    date_axis,
    level_rule,
    nice_ticks,
    number,
    plain,
)
from reporter.dates import day_in_words

STRETCH = 0.75
"""The thin bars may make the scale longer by this share of all else, at either end; beyond it they are cut."""

WIDE = 20.0
"""Sizes, or likely ends of them, that differ by more than this factor are drawn on a log scale."""

_TIMES = (1, 2, 3, 5, 7, 10, 14, 21, 30, 60)
"""Doubling times that may be marked, in periods."""

_APART = 0.13
"""How far apart marks are at least, as a share of the scale."""

ABOVE = 0.11
"""The room a mark needs above its place, as a share of the scale."""


@dataclass(frozen=True)
class Vintage:
    """What was estimated at one reference date; None is not told.

    Attributes:
        half, most: the ends of the likely and the almost sure range, each None where it is open.
        text: what a touch says.
    """

    day: date
    estimate: float
    half: tuple[float | None, float | None]
    most: tuple[float | None, float | None]
    text: str


@dataclass(frozen=True)
class _Scale:
    """A vertical axis: from values to places, and what is marked on it."""

    low: float
    high: float
    at: Callable[[float], float]
    ticks: list[tuple[float, str]]

    @property
    def digits(self) -> int:
        """Decimals of a place: a hundredth of a pixel is more than enough, and a post holds many."""
        return 4 - math.ceil(math.log10(self.high - self.low))

    def place(self, value: float | None, end: float) -> float:
        """Where a value is drawn; an open end is at that of the axis."""
        place = min(max(end if value is None else self.at(value), self.low), self.high)
        return place if place in (self.low, self.high) else plain(round(place, self.digits))


def turns(vintages: Sequence[Vintage], height: int = 260) -> Figure:
    """Draw days, as numbers of the calendar (`date.toordinal`), over reference dates, and where the two are the same.

    Args:
        vintages: by rising reference date, two at least.
    """
    base = vintages[0].day.toordinal()

    def at(day: float) -> float:
        return day - base

    low, high = _ends(vintages, at, [0.0, at(vintages[-1].day.toordinal())])
    step = next((days for days in (1, 2, 7, 14, 28, 91) if (high - low) / days <= 5), 182)  # noqa: PLR2004 - lines of text
    places = [place for place in range(math.ceil(low), math.floor(high)) if place % step == 0]
    ticks = [(float(place), _day(date.fromordinal(base + place))) for place in places]
    figure = _figure(vintages, _Scale(low, high, at, ticks), height)
    figure["data"].insert(0, _diagonal(vintages, at))
    return figure


def sizes(vintages: Sequence[Vintage], height: int = 200) -> Figure:
    """Draw counts over reference dates, on a log scale if they are far apart.

    Args:
        vintages: as `turns`.
    """
    seen = [value for value in _all(vintages) if value is not None]
    most = max(value for one in vintages for value in (one.estimate, one.half[1]) if value is not None)
    if min(seen) <= 0 or most < WIDE * min(seen):
        _, high = _ends(vintages, float, [0.0])
        ticks = [(tick, _count(tick)) for tick in nice_ticks(0, high) if tick > 0]
        return _figure(vintages, _Scale(0.0, high, float, ticks), height)
    low, high = _ends(vintages, math.log10, [])
    marks = [float(10**power) for power in range(math.ceil(low), math.floor(high) + 1)]
    marks = marks if len(marks) > 1 else [factor * 10.0 ** math.floor(low) for factor in (1, 2, 5, 10, 20, 50)]
    ticks = [(math.log10(tick), _count(tick)) for tick in marks if low < math.log10(tick) < high]
    return _figure(vintages, _Scale(low, high, math.log10, ticks), height)


def rates(vintages: Sequence[Vintage], words: Callable[[float], str], height: int = 200) -> Figure:
    """Draw growth rates per period over reference dates, marked with the times in which counts double or halve.

    Args:
        vintages: as `turns`.
        words: such a time for a rate other than 0.
    """
    low, high = _ends(vintages, float, [0.0])
    high = max(high, 1.01 * ABOVE / (1 - ABOVE) * -low)
    places = [0.0]
    for time in reversed(_TIMES):
        for rate in (math.log(2) / time, -math.log(2) / time):
            if low < rate < high and all(abs(rate - place) > _APART * (high - low) for place in places):
                places.append(rate)
    ticks = [(plain(place), words(place) if place else "level") for place in sorted(places)]
    figure = _figure(vintages, _Scale(low, high, float, ticks), height)
    figure["layout"]["shapes"] = [level_rule(0)]
    return figure


def is_cut(figure: Figure) -> bool:
    """Whether a thin bar reaches an end of the scale."""
    low, high = figure["layout"]["yaxis"]["range"]
    thin = next(trace for trace in figure["data"] if trace["name"] == "almost surely (95 %)")
    return any(place in (low, high) for place in thin["y"] if place is not None)


def _all(vintages: Sequence[Vintage]) -> list[float | None]:
    return [value for one in vintages for value in (one.estimate, *one.half, *one.most)]


def _ends(vintages: Sequence[Vintage], at: Callable[[float], float], others: Sequence[float]) -> tuple[float, float]:
    """Ends of a scale that holds every dot, thick bars and, as far as they do not dwarf these, thin ones."""
    core = [*others, *(at(one.estimate) for one in vintages)]
    core += [at(end) for one in vintages for end in one.half if end is not None]
    low, high = min(core), max(core)
    room = STRETCH * ((high - low) or abs(high) or 1.0)
    thin = [at(end) for one in vintages for end in one.most if end is not None]
    low = min([low, *(max(end, low - room) for end in thin)])
    high = max([high, *(min(end, high + room) for end in thin)])
    margin = 0.05 * ((high - low) or abs(high) or 1.0)
    return plain(low - margin), plain(high + margin)


def _figure(vintages: Sequence[Vintage], scale: _Scale, height: int, room: float = 0.2) -> Figure:
    """Draw bars and dots, with room at the left for what is marked, as a share of the time."""
    first, last = vintages[0].day, vintages[-1].day
    # What is marked stands above its place, inside the plot.
    ticks = [tick for tick in scale.ticks if tick[0] <= scale.high - ABOVE * (scale.high - scale.low)]
    days = [one.day.isoformat() for one in vintages]
    dots = {
        "type": "scatter",
        "name": "about",
        "mode": "markers",
        "x": days,
        "y": [scale.place(one.estimate, scale.low) for one in vintages],
        "marker": {"color": FORECAST, "size": 6},
        "text": [one.text for one in vintages],
    }
    bars = [
        _bars("almost surely (95 %)", vintages, [one.most for one in vintages], scale, (EDGE, 1.5)),
        _bars("likely (50 %)", vintages, [one.half for one in vintages], scale, (LIKELY, 6)),
    ]
    layout = {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 10, "b": 26},
        "xaxis": date_axis(first, last, max(room, 0.027 * max((len(text) for _, text in ticks), default=0))),
        "yaxis": {
            "range": [scale.low, scale.high],
            "tickvals": [place for place, _ in ticks],
            "ticktext": [text for _, text in ticks],
            "tickfont": {"color": MUTED, "size": 12},
        },
        "shapes": [],
        "annotations": [],
    }
    return {"data": [*bars, dots], "layout": layout}


def _bars(
    name: str,
    vintages: Sequence[Vintage],
    ranges: Sequence[tuple[float | None, float | None]],
    scale: _Scale,
    style: tuple[str, float],
) -> dict[str, Any]:
    """Upright bars; none where both ends are open."""
    x: list[str | None] = []
    y: list[float | None] = []
    for one, (low, high) in zip(vintages, ranges, strict=True):
        if low is not None or high is not None:
            x += [one.day.isoformat(), one.day.isoformat(), None]
            y += [scale.place(low, scale.low), scale.place(high, scale.high), None]
    line = {"color": style[0], "width": style[1]}
    return {"type": "scatter", "name": name, "mode": "lines", "x": x, "y": y, "line": line}


def _diagonal(vintages: Sequence[Vintage], at: Callable[[float], float]) -> dict[str, Any]:
    """Where the day that is estimated is the day of the forecast."""
    ends = (vintages[0].day, vintages[-1].day)
    return {
        "type": "scatter",
        "name": "day of the forecast",
        "mode": "lines",
        "x": [day.isoformat() for day in ends],
        "y": [at(day.toordinal()) for day in ends],
        "line": {"color": INK, "width": 1.25, "dash": "dash"},
    }


def _day(day: date) -> str:
    """A day as on other axes, `5 Apr`."""
    return " ".join(word[:3] for word in day_in_words(day, weekday=False, year=False).split())


def _count(value: float) -> str:
    return number(value) if value >= 1 else f"{value:g}"
