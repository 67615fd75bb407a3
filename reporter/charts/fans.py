"""The fan chart: counts, the forecast with its two bands, and forecasts before it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from reporter.charts import tooltips
from reporter.charts.axes import (
    EDGE,
    FORECAST,
    INK,
    LIKELY,
    OUTSIDE,
    SURE,
    Figure,
    count_axis,
    date_axis,
    exact,
    label,
    line,
    number,
    plain,
    room_for,
    rule,
)
from reporter.charts.tooltips import AHEAD, AHEAD_OF_A_COUNT, COUNTED, FIRST
from reporter.dates import Cadence
from reporter.schema import INTERVALS, LEVELS, MEDIAN, Floats

HEADROOM = 1.06
MOST_STRETCH = 2.2
"""A wide range may make the scale this much higher than all else; beyond it is cut, and said so."""

DOTS = 75
"""More counts than this are drawn without dots."""

MARGIN = 0.03
"""Where a count outside the scale is drawn, as a share of it from the edge."""


@dataclass(frozen=True)
class Fan:
    """What a fan chart shows.

    Attributes:
        cadence: of the counts; a period without a count is a gap in the line.
        counts: what was counted, by period end.
        ahead: quantiles in the levels of `schema.LEVELS`, by period end.
        reference: data ends here.
        previous: the median of the forecast before.
        past: medians of past forecasts, oldest first.
        revised: first values that are no longer the counts.
        odd: counts that are marked, and why.
        apart: those of them that the line leaves out and the scale makes no room for.
    """

    cadence: Cadence
    counts: dict[date, float]
    ahead: dict[date, Floats]
    reference: date
    previous: dict[date, float] | None = None
    past: Sequence[dict[date, float]] = ()
    revised: dict[date, float] | None = None
    odd: Mapping[date, str] = field(default_factory=dict)
    apart: frozenset[date] = frozenset()
    height: int = 320


def fan(chart: Fan) -> Figure:
    """Draw counts, the forecast's median and its two bands, and where data ends."""
    days = [*chart.counts, *chart.ahead, chart.reference]
    top = _top(chart)
    # Where little was counted the end of the data is at the left edge, which would cut the words.
    anchor = "right" if chart.reference - min(days) > (max(days) - min(days)) / 3 else "left"
    traces = [*_past(chart), *_bands(chart), *_previous(chart), *_counts(chart), *_odd(chart, top)]
    counts = count_axis(top)
    layout = {
        "height": chart.height,
        "margin": {"l": 0, "r": 0, "t": 18, "b": 26},
        "xaxis": date_axis(min(days), max(days), room_for(counts["ticktext"])),
        "yaxis": counts,
        "shapes": [rule(chart.reference.isoformat())],
        "annotations": [label(chart.reference.isoformat(), "data ends here", anchor=anchor), *_edges(chart, top)],
        "hovermode": "x",
    }
    return {"data": traces, "layout": layout}


def cut(chart: Fan) -> float | None:
    """The largest count the wide range reaches, where the chart is too low to show it."""
    highest = max((float(q[INTERVALS[95][1]]) for q in chart.ahead.values()), default=0.0)
    return highest if highest > _top(chart) else None


def outside(chart: Fan) -> dict[date, float]:
    """The counts that lie above or below the scale, oldest first."""
    top = _top(chart)
    return {day: chart.counts[day] for day in sorted(chart.apart) if not 0 <= chart.counts[day] <= top}


def _top(chart: Fan) -> float:
    """The scale's upper end: all counts but those apart, likely values, and the wide range unless it dwarfs them."""
    lines = [*chart.past, chart.previous or {}, chart.revised or {}, chart.counts]
    must = [value for drawn in lines for day, value in drawn.items() if day not in chart.apart]
    must += [float(q[INTERVALS[50][1]]) for q in chart.ahead.values()]
    wide = max((float(q[INTERVALS[95][1]]) for q in chart.ahead.values()), default=0.0)
    highest = max(must, default=1.0)
    return max(HEADROOM * max(highest, min(wide, MOST_STRETCH * highest)), 1.0)


def _bands(chart: Fan) -> list[dict[str, Any]]:
    """Two bands and the median, from the last count on."""
    if not chart.ahead:
        return []
    days = [day.isoformat() for day in chart.ahead]
    values = np.array(list(chart.ahead.values()))
    last = None if chart.reference in chart.apart else chart.counts.get(chart.reference)
    if last is not None:
        days = [chart.reference.isoformat(), *days]
        values = np.vstack([np.full(len(LEVELS), last), values])
    traces = [] if (values[:, 0] == values[:, -1]).all() else [
        _band(name, days, values, nominal, style)
        for name, nominal, style in (
            ("almost surely (95 %)", 95, {"color": SURE, "dash": "dot"}),
            ("likely (50 %)", 50, {"color": LIKELY, "dash": "solid"}),
        )
    ]  # fmt: skip
    median = line("about", days, [], FORECAST, 2.25)
    median |= {"y": _exact(values[:, MEDIAN]), "hover": AHEAD if last is None else AHEAD_OF_A_COUNT}
    return [*traces, median]


def _band(name: str, days: list[str], values: Floats, nominal: int, style: dict[str, str]) -> dict[str, Any]:
    """A band whose edge tells it from the other without colour."""
    lower, upper = INTERVALS[nominal]
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines",
        "x": [*days, *reversed(days)],
        "y": _exact([*values[:, upper], *values[::-1, lower]]),
        "fill": "toself",
        "fillcolor": style["color"],
        "line": {"color": EDGE, "width": 1, "dash": style["dash"]},
    }


def _counts(chart: Fan) -> list[dict[str, Any]]:
    """The counts, with gaps where none was made, and first values that were revised, hollow."""
    days = _grid(chart.counts, chart.cadence)
    values = [None if day in chart.apart else chart.counts.get(day) for day in days]
    dots = len(days) <= DOTS
    line: dict[str, Any] = {
        "type": "scatter",
        "name": "counted",
        "mode": "lines+markers" if dots else "lines",
        "x": [day.isoformat() for day in days],
        "y": [None if value is None else exact(value) for value in values],
        "line": {"color": INK, "width": 1.5},
        "hover": COUNTED,
    }
    if dots:
        line["marker"] = {"color": INK, "size": 4.5}
    return [*_revised(chart), line]


def _revised(chart: Fan) -> list[dict[str, Any]]:
    if not chart.revised:
        return []
    marker = {"color": INK, "size": 7, "symbol": "circle-open", "line": {"color": INK, "width": 1}}
    trace = line("first value", [day.isoformat() for day in chart.revised], [], INK, 1)
    return [trace | {"y": _exact(chart.revised.values()), "mode": "markers", "marker": marker, "hover": FIRST}]


def _odd(chart: Fan, top: float) -> list[dict[str, Any]]:
    """Marked counts, as hollow squares; at the edge where they lie outside the scale."""
    if not chart.odd:
        return []
    low, high = MARGIN * top, (1 - MARGIN) * top
    values = {day: chart.counts[day] for day in chart.odd}
    places = [min(max(value, low), high) for value in values.values()]
    texts = [
        f"{tooltips.counted(day, exact(value), (chart.revised or {}).get(day))}<br>marked: {chart.odd[day]}"
        for day, value in values.items()
    ]
    marker = {"color": OUTSIDE, "size": 9, "symbol": "square-open", "line": {"color": OUTSIDE, "width": 1.5}}
    trace = line("marked as odd", [day.isoformat() for day in values], places, OUTSIDE, 1)
    return [trace | {"mode": "markers", "marker": marker, "text": texts}]


def _edges(chart: Fan, top: float) -> list[dict[str, Any]]:
    """An arrow and the count, for the one farthest above the scale and the one farthest below."""
    beyond = outside(chart)
    days = [*chart.counts, *chart.ahead, chart.reference]
    middle = min(days) + (max(days) - min(days)) / 2
    labels = []
    for arrow, share, pick in (("\u2191", 1 - 2.5 * MARGIN, max), ("\u2193", 2 * MARGIN, min)):
        some = {day: value for day, value in beyond.items() if (value > top) is (pick is max)}
        if some:
            day = pick(some, key=lambda day: some[day])
            text, anchor = f"{arrow} {number(some[day])}", "left" if day < middle else "right"
            text = f"\u2002{text}" if anchor == "left" else f"{text}\u2002"
            at = {"y": plain(share * top), "yref": "y"}
            labels.append(label(day.isoformat(), text, anchor, OUTSIDE) | at)
    return labels


def _previous(chart: Fan) -> list[dict[str, Any]]:
    if not chart.previous:
        return []
    trace = line("said last time", _texts(chart.previous), chart.previous.values(), FORECAST, 1.5)
    trace["line"]["dash"] = "dot"
    return [trace | {"opacity": 0.75}]


def _past(chart: Fan) -> list[dict[str, Any]]:
    """Past forecasts, fading with age."""
    number_of = len(chart.past)
    return [
        line("past forecast", _texts(said), said.values(), FORECAST, 1)
        | {"opacity": round(0.15 + 0.5 * (place + 1) / number_of, 2)}
        for place, said in enumerate(chart.past)
    ]


def _grid(counts: dict[date, float], cadence: Cadence) -> list[date]:
    """Every period end from the first count to the last; counts off the cadence are kept too."""
    if not counts:
        return []
    first, last = min(counts), max(counts)
    steps = (last - first) // cadence.step
    return sorted({first + n * cadence.step for n in range(steps + 1)} | set(counts))


def _exact(values: Iterable[float]) -> list[float]:
    return [exact(value) for value in values]


def _texts(line: dict[date, float]) -> list[str]:
    return [day.isoformat() for day in line]
