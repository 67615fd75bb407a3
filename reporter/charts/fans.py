"""The fan chart: counts, the forecast with its two bands, and forecasts before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

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
    label,
    line,
    number,
    plain,
    rounded,
    rule,
)
from reporter.dates import Cadence, day_in_words
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
    layout = {
        "height": chart.height,
        "margin": {"l": 0, "r": 0, "t": 18, "b": 26},
        "xaxis": date_axis(min(days), max(days)),
        "yaxis": count_axis(top),
        "shapes": [rule(chart.reference.isoformat())],
        "annotations": [label(chart.reference.isoformat(), "data ends here", anchor=anchor), *_edges(chart, top)],
        "showlegend": False,
        "hovermode": "x",
        "dragmode": False,
        "separators": ".\u202f",
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
    texts = [_tooltip(day, q) for day, q in chart.ahead.items()]
    last = None if chart.reference in chart.apart else chart.counts.get(chart.reference)
    if last is not None:
        days = [chart.reference.isoformat(), *days]
        values = np.vstack([np.full(len(LEVELS), last), values])
    traces = [] if (values[:, 0] == values[:, -1]).all() else [
        _band(name, days, values, nominal, colour)
        for name, nominal, colour in (("almost surely (95 %)", 95, SURE), ("likely (50 %)", 50, LIKELY))
    ]  # fmt: skip
    median = line("about", days, values[:, MEDIAN], FORECAST, 2.25)
    median |= {"text": texts if last is None else ["", *texts], "hoverinfo": "text"}
    return [*traces, median]


def _band(name: str, days: list[str], values: Floats, nominal: int, colour: str) -> dict[str, Any]:
    lower, upper = INTERVALS[nominal]
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines",
        "x": [*days, *reversed(days)],
        "y": rounded([*values[:, upper], *values[::-1, lower]]),
        "fill": "toself",
        "fillcolor": colour,
        "line": {"color": EDGE, "width": 0.75},
        "hoverinfo": "skip",
    }


def _tooltip(day: date, quantiles: Floats) -> str:
    """What a touch on a forecast day says."""
    lines = [day_in_words(day), f"about {number(quantiles[MEDIAN])}"]
    if quantiles[0] == quantiles[-1]:
        return "<br>".join([*lines, "one number, no range"])
    for word, nominal in (("likely", 50), ("almost surely", 95)):
        lower, upper = INTERVALS[nominal]
        lines.append(f"{word} {number(quantiles[lower])}\u2013{number(quantiles[upper])}")
    return "<br>".join(lines)


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
        "y": [None if value is None else plain(value) for value in values],
        "line": {"color": INK, "width": 1.5},
        "text": ["" if value is None else _counted(day, value, chart) for day, value in zip(days, values, strict=True)],
        "hoverinfo": "text",
        "connectgaps": False,
    }
    if dots:
        line["marker"] = {"color": INK, "size": 4.5}
    return [*_revised(chart), line]


def _counted(day: date, value: float, chart: Fan) -> str:
    text = f"{day_in_words(day)}<br>counted {number(value)}"
    first = (chart.revised or {}).get(day)
    return text if first is None else f"{text}<br>at first {number(first)}"


def _revised(chart: Fan) -> list[dict[str, Any]]:
    if not chart.revised:
        return []
    marker = {"color": INK, "size": 7, "symbol": "circle-open", "line": {"color": INK, "width": 1}}
    trace = line("first value", [day.isoformat() for day in chart.revised], chart.revised.values(), INK, 1)
    return [trace | {"mode": "markers", "marker": marker, "hoverinfo": "skip"}]


def _odd(chart: Fan, top: float) -> list[dict[str, Any]]:
    """Marked counts, as hollow squares; at the edge where they lie outside the scale."""
    if not chart.odd:
        return []
    low, high = MARGIN * top, (1 - MARGIN) * top
    values = {day: chart.counts[day] for day in chart.odd}
    places = [min(max(value, low), high) for value in values.values()]
    texts = [f"{_counted(day, value, chart)}<br>marked: {chart.odd[day]}" for day, value in values.items()]
    marker = {"color": OUTSIDE, "size": 9, "symbol": "square-open", "line": {"color": OUTSIDE, "width": 1.5}}
    trace = line("marked as odd", [day.isoformat() for day in values], places, OUTSIDE, 1)
    return [trace | {"mode": "markers", "marker": marker, "text": texts, "hoverinfo": "text"}]


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
    return [trace | {"opacity": 0.75, "hoverinfo": "skip"}]


def _past(chart: Fan) -> list[dict[str, Any]]:
    """Past forecasts, fading with age."""
    number_of = len(chart.past)
    return [
        line("past forecast", _texts(said), said.values(), FORECAST, 1)
        | {"opacity": round(0.15 + 0.5 * (place + 1) / number_of, 2), "hoverinfo": "skip"}
        for place, said in enumerate(chart.past)
    ]


def _grid(counts: dict[date, float], cadence: Cadence) -> list[date]:
    """Every period end from the first count to the last; counts off the cadence are kept too."""
    if not counts:
        return []
    first, last = min(counts), max(counts)
    steps = (last - first) // cadence.step
    return sorted({first + n * cadence.step for n in range(steps + 1)} | set(counts))


def _texts(line: dict[date, float]) -> list[str]:
    return [day.isoformat() for day in line]
