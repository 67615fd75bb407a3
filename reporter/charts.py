"""Figures as Plotly dicts, and the same figures as inline SVG that needs no script.

Colours are CSS custom properties, `var(--forecast)`: a page resolves them for Plotly, a browser for
SVG. An SVG is as wide as its parent and as high as the figure; its shapes stretch, its texts do not.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any

import numpy as np

from reporter.dates import Cadence, day_in_words
from reporter.schema import INTERVALS, LEVELS, MEDIAN, Floats

Figure = dict[str, Any]
"""A Plotly figure: `data` and `layout`, of what this module draws itself."""

INK, FORECAST, LIKELY, SURE, EDGE, FAINT, MUTED, OUTSIDE, PAPER = (
    f"var(--{name})" for name in ("ink", "forecast", "likely", "sure", "edge", "faint", "muted", "outside", "paper")
)

HEADROOM = 1.06
MOST_STRETCH = 2.2
"""A wide range may make the scale this much higher than all else; beyond it is cut, and said so."""

DOTS = 75
"""More counts than this are drawn without dots."""


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
    """

    cadence: Cadence
    counts: dict[date, float]
    ahead: dict[date, Floats]
    reference: date
    previous: dict[date, float] | None = None
    past: Sequence[dict[date, float]] = ()
    revised: dict[date, float] | None = None
    height: int = 320


def number(value: float) -> str:
    r"""Write a number with thin spaces (U+202F) between thousands and a true minus.

    >>> ascii(number(-19374.4))
    "'\\u221219\\u202f374'"
    """
    return f"{round(value):,}".replace(",", "\u202f").replace("-", "\u2212")


# ---------------------------------------------------------------------------- fan


def fan(chart: Fan) -> Figure:
    """Draw counts, the forecast's median and its two bands, and where data ends."""
    days = [*chart.counts, *chart.ahead, chart.reference]
    top = _top(chart)
    traces = [*_past(chart), *_bands(chart), *_previous(chart), *_counts(chart)]
    layout = {
        "height": chart.height,
        "margin": {"l": 0, "r": 0, "t": 18, "b": 26},
        "xaxis": _date_axis(min(days), max(days)),
        "yaxis": _count_axis(top),
        "shapes": [_rule(chart.reference.isoformat())],
        "annotations": [_label(chart.reference.isoformat(), "data ends here", anchor="right")],
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


def _top(chart: Fan) -> float:
    """The scale's upper end: all counts and likely values, and the wide range unless it dwarfs them."""
    lines = [*chart.past, chart.previous or {}, chart.revised or {}, chart.counts]
    must = [value for line in lines for value in line.values()]
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
    last = chart.counts.get(chart.reference)
    if last is not None:
        days = [chart.reference.isoformat(), *days]
        values = np.vstack([np.full(len(LEVELS), last), values])
    traces = [] if (values[:, 0] == values[:, -1]).all() else [
        _band(name, days, values, nominal, colour)
        for name, nominal, colour in (("almost surely (95 %)", 95, SURE), ("likely (50 %)", 50, LIKELY))
    ]  # fmt: skip
    median = _line("about", days, values[:, MEDIAN], FORECAST, 2.25)
    median |= {"text": texts if last is None else ["", *texts], "hoverinfo": "text"}
    return [*traces, median]


def _band(name: str, days: list[str], values: Floats, nominal: int, colour: str) -> dict[str, Any]:
    lower, upper = INTERVALS[nominal]
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines",
        "x": [*days, *reversed(days)],
        "y": _rounded([*values[:, upper], *values[::-1, lower]]),
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
    values = [chart.counts.get(day) for day in days]
    dots = len(days) <= DOTS
    line: dict[str, Any] = {
        "type": "scatter",
        "name": "counted",
        "mode": "lines+markers" if dots else "lines",
        "x": [day.isoformat() for day in days],
        "y": [None if value is None else _plain(value) for value in values],
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
    trace = _line("first value", [day.isoformat() for day in chart.revised], chart.revised.values(), INK, 1)
    return [trace | {"mode": "markers", "marker": marker, "hoverinfo": "skip"}]


def _previous(chart: Fan) -> list[dict[str, Any]]:
    if not chart.previous:
        return []
    trace = _line("said last time", _texts(chart.previous), chart.previous.values(), FORECAST, 1.5)
    trace["line"]["dash"] = "dot"
    return [trace | {"opacity": 0.75, "hoverinfo": "skip"}]


def _past(chart: Fan) -> list[dict[str, Any]]:
    """Past forecasts, fading with age."""
    number_of = len(chart.past)
    return [
        _line("past forecast", _texts(line), line.values(), FORECAST, 1)
        | {"opacity": round(0.15 + 0.5 * (place + 1) / number_of, 2), "hoverinfo": "skip"}
        for place, line in enumerate(chart.past)
    ]


def _line(name: str, x: Sequence[str], y: Iterable[float], colour: str, width: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines",
        "x": list(x),
        "y": _rounded(y),
        "line": {"color": colour, "width": width},
    }


def _grid(counts: dict[date, float], cadence: Cadence) -> list[date]:
    """Every period end from the first count to the last; counts off the cadence are kept too."""
    if not counts:
        return []
    first, last = min(counts), max(counts)
    steps = (last - first) // cadence.step
    return sorted({first + n * cadence.step for n in range(steps + 1)} | set(counts))


def _texts(line: dict[date, float]) -> list[str]:
    return [day.isoformat() for day in line]


def _rounded(values: Iterable[float]) -> list[float]:
    return [_plain(value) for value in values]


def _plain(value: float) -> float:
    """Six significant digits are more than a chart can show, and a short text."""
    short = float(f"{value:.6g}")
    return int(short) if short.is_integer() else short


def _rule(x: str) -> dict[str, Any]:
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


def _label(x: str | float, text: str, anchor: str, colour: str = MUTED) -> dict[str, Any]:
    """A text above the plot, at `x`."""
    return {
        "x": x,
        "y": 1,
        "xref": "x",
        "yref": "paper",
        "text": text,
        "showarrow": False,
        "xanchor": anchor,
        "yanchor": "bottom",
        "font": {"color": colour, "size": 12},
    }


# ---------------------------------------------------------------------------- axes


def _count_axis(top: float) -> dict[str, Any]:
    ticks = [tick for tick in nice_ticks(0, top) if tick > 0]
    return {
        "range": [0, _plain(top)],
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [number(tick) if tick >= 1 else f"{tick:g}" for tick in ticks],
        "ticklabelposition": "inside top",
        "tickfont": {"color": MUTED, "size": 12},
        "gridcolor": FAINT,
        "zerolinecolor": MUTED,
        "fixedrange": True,
    }


def _date_axis(first: date, last: date) -> dict[str, Any]:
    """Four to seven labelled days, the same distance apart, and room at both ends."""
    span = max((last - first).days, 1)
    step = next((days for days in (1, 2, 7, 14, 28, 56, 91, 182, 364) if span / days <= 5), span)  # noqa: PLR2004
    margin = timedelta(days=span * 0.02)
    ticks = [first + timedelta(days=offset) for offset in range(step // 2 % 7, span + 1, step)]
    ticks = [tick for tick in ticks if 0.05 <= (tick - first).days / span <= 0.95] or [first]  # noqa: PLR2004
    with_year = first.year != last.year
    return {
        "type": "date",
        "range": [_moment(first, -margin), _moment(last, margin)],
        "tickmode": "array",
        "tickvals": [tick.isoformat() for tick in ticks],
        "ticktext": [_tick(tick, with_year=with_year) for tick in ticks],
        "tickfont": {"color": MUTED, "size": 12},
        "showgrid": False,
        "fixedrange": True,
    }


def _tick(day: date, *, with_year: bool) -> str:
    """A day on an axis: `5 Apr`, with the year where the axis spans two.

    >>> _tick(date(2020, 4, 5), with_year=True)
    '5 Apr 20'
    """
    text = f"{day.day} {day_in_words(day, weekday=False, year=False).split()[1][:3]}"
    return f"{text} {day.year % 100:02d}" if with_year else text


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
    return [_plain(n * step) for n in range(first, math.floor(high / step * 1.000001) + 1)]


# ---------------------------------------------------------------------------- strip


def strip(quantiles: Floats, actual: float | None, height: int = 132) -> Figure:
    """Draw a forecast as a density with its two bands, and what was counted as a mark."""
    inside = [float(quantiles[i]) for i in INTERVALS[95]]
    marks = [*inside, float(quantiles[MEDIAN]), *([] if actual is None else [actual])]
    low, high = min(marks), max(marks)
    margin = 0.12 * (high - low) or max(0.05 * high, 1.0)
    low, high = max(low - margin, 0.0), high + margin
    missed = actual is not None and not inside[0] <= actual <= inside[1]
    median = float(quantiles[MEDIAN])
    shapes = [_mark(median, FORECAST, 2.0)]
    labels = [_beside(median, "we said", FORECAST, low, high, right=actual is None or median > actual)]
    if actual is not None:
        colour = OUTSIDE if missed else INK
        shapes.append(_mark(actual, colour, 3.0))
        labels.append(_beside(actual, "it was", colour, low, high, right=actual >= median))
    ticks = nice_ticks(low, high, 3)
    axis = {
        "type": "linear",
        "range": [low, high],
        "tickvals": ticks,
        "ticktext": [number(tick) if tick >= 1 or tick == 0 else f"{tick:g}" for tick in ticks],
        "tickfont": {"color": MUTED, "size": 12},
    }
    layout = {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 22, "b": 26},
        "xaxis": axis,
        "yaxis": {"range": [0, 1.05], "tickvals": [], "ticktext": [], "visible": False},
        "shapes": shapes,
        "annotations": labels,
        "showlegend": False,
    }
    return {"data": _hills(quantiles, low, high), "layout": layout}


def _hills(quantiles: Floats, low: float, high: float) -> list[dict[str, Any]]:
    """The density: all of it, its 95 % and its 50 %; nothing for a forecast without a range."""
    if quantiles[0] == quantiles[-1]:
        return []
    parts = [(low, high, FAINT)]
    for nominal, colour in ((95, SURE), (50, LIKELY)):
        left, right = (float(quantiles[i]) for i in INTERVALS[nominal])
        parts.append((left, right, colour))
    highest = _density(quantiles, np.linspace(low, high, 121)).max()
    traces = []
    for left, right, colour in parts:
        x = np.linspace(max(left, low), min(right, high), 81)
        y = _density(quantiles, x) / highest
        trace = _line("density", [], [], EDGE, 0.75)
        trace |= {"fill": "toself", "fillcolor": colour, "hoverinfo": "skip"}
        trace["x"] = _rounded([x[0], *x, x[-1]])
        trace["y"] = [0, *(round(float(value), 4) for value in y), 0]
        traces.append(trace)
    return traces


def _density(quantiles: Floats, x: Floats) -> Floats:
    """A smooth density at `x`: a Gaussian kernel over 99 points as likely as each other."""
    points = np.interp(np.linspace(0.01, 0.99, 99), LEVELS, quantiles)
    spread = min(float(np.std(points)), float(quantiles[LEVELS.index(0.75)] - quantiles[LEVELS.index(0.25)]) / 1.34)
    width = max(0.5 * spread, 1e-3 * float(quantiles[-1] - quantiles[0]), 1e-9)
    return np.asarray(np.exp(-0.5 * ((x[:, None] - points) / width) ** 2).sum(axis=1))


def _mark(x: float, colour: str, width: float) -> dict[str, Any]:
    rule = _rule("")
    return rule | {"x0": _plain(x), "x1": _plain(x), "line": {"color": colour, "width": width, "dash": "solid"}}


def _beside(x: float, text: str, colour: str, low: float, high: float, *, right: bool) -> dict[str, Any]:
    """A label beside its mark, turned inwards where it would leave the figure."""
    place = (x - low) / (high - low)
    right = (right or place < 0.15) and place < 0.85  # noqa: PLR2004 - a word is 15 % of a phone's width
    return _label(_plain(x), text, "left" if right else "right", colour)


def bar(quantiles: Floats, actual: float | None, reach: float) -> str:
    """A row's tiny SVG: the two ranges and the count, in shares of the median, ±`reach` at the ends."""
    median = float(quantiles[MEDIAN]) or 1.0

    def at(value: float) -> str:
        share = (value - float(quantiles[MEDIAN])) / abs(median) / reach
        return f"{50 + 48 * max(-1.0, min(1.0, share)):.1f}"

    shapes = []
    for nominal, colour, height in ((95, SURE, 6), (50, LIKELY, 10)):
        left, right = (at(float(quantiles[i])) for i in INTERVALS[nominal])
        width = max(float(right) - float(left), 0.4)
        style = f"fill:{colour};stroke:{EDGE};stroke-width:.5"
        box = f'x="{left}" y="{8 - height / 2:g}" width="{width:.1f}" height="{height}"'
        shapes.append(f'<rect {box} vector-effect="non-scaling-stroke" style="{style}"/>')
    shapes.append(_tick_mark("50", 3, 13, FORECAST, 1.5))
    if actual is not None:
        inside = quantiles[INTERVALS[95][0]] <= actual <= quantiles[INTERVALS[95][1]]
        shapes.append(_tick_mark(at(actual), 0, 16, INK if inside else OUTSIDE, 3))
    body = "".join(shapes)
    return f'<svg class="bar" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">{body}</svg>'


def _tick_mark(x: str, top: int, bottom: int, colour: str, width: float) -> str:
    style = f"stroke:{colour};stroke-width:{width:g}"
    return f'<path d="M{x} {top}V{bottom}" vector-effect="non-scaling-stroke" style="{style}"/>'


# ---------------------------------------------------------------------------- SVG

SIZE = 1000
"""Both sides of the stretching plot, in units of its own."""


def svg(figure: Figure, ident: str, title: str, description: str) -> str:
    """Draw a figure of this module as SVG.

    Args:
        figure: of `fan` or `strip`.
        ident: what its ids begin with; unique on the page, letters, digits and hyphens.
        title: its text alternative in short.
        description: the finding, for those who cannot see it.
    """
    layout = figure["layout"]
    height = layout["height"]
    top, bottom = layout["margin"]["t"], layout["margin"]["b"]
    scale = _Scale(layout)
    plot = "".join([*_gridlines(layout, scale), *(_trace(trace, scale) for trace in figure["data"])])
    plot += "".join(_shape(shape, scale) for shape in layout["shapes"])
    texts = "".join([*_axis_texts(layout, scale), *(_annotation(a, scale) for a in layout["annotations"])])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" width="100%" height="{height}" '
        f'aria-labelledby="{escape(ident)}-title {escape(ident)}-desc">'
        f'<title id="{escape(ident)}-title">{escape(title)}</title>'
        f'<desc id="{escape(ident)}-desc">{escape(description)}</desc>'
        f'<svg y="{top}" width="100%" height="{height - top - bottom}" viewBox="0 0 {SIZE} {SIZE}" '
        f'preserveAspectRatio="none">{plot}</svg>{texts}</svg>'
    )


class _Scale:
    """From values to places in the plot."""

    def __init__(self, layout: dict[str, Any]) -> None:
        self._x = [_value(end) for end in layout["xaxis"]["range"]]
        self._y = [_value(end) for end in layout["yaxis"]["range"]]
        self.height: int = layout["height"]
        self._top: int = layout["margin"]["t"]
        self.bottom: int = layout["height"] - layout["margin"]["b"]

    def x(self, value: object) -> float:
        return SIZE * (_value(value) - self._x[0]) / (self._x[1] - self._x[0])

    def y(self, value: object) -> float:
        return SIZE * (1 - (_value(value) - self._y[0]) / (self._y[1] - self._y[0]))

    def pixels(self, y: float) -> float:
        """Distance from the top of the whole figure."""
        return self._top + y / SIZE * (self.bottom - self._top)

    def pairs(self, trace: dict[str, Any]) -> list[tuple[float, float] | None]:
        both = zip(trace["x"], trace["y"], strict=True)
        return [None if y is None else (self.x(x), self.y(y)) for x, y in both]


def _value(value: object) -> float:
    """A day or moment in days, or a number as it is."""
    if not isinstance(value, str):
        return float(str(value))
    hours = int(value[11:13]) if len(value) > 10 else 0  # noqa: PLR2004 - as _moment writes it
    return date.fromisoformat(value[:10]).toordinal() + hours / 24


def _gridlines(layout: dict[str, Any], scale: _Scale) -> list[str]:
    lines = [f"M0 {scale.y(tick):.1f}H{SIZE}" for tick in layout["yaxis"]["tickvals"]]
    grid = [_path("".join(lines), FAINT, 1)] if lines else []
    return [*grid, _path(f"M0 {SIZE}H{SIZE}", MUTED, 1.5)]


def _trace(trace: dict[str, Any], scale: _Scale) -> str:
    points = scale.pairs(trace)
    opacity = trace.get("opacity", 1)
    drawn = ""
    if "lines" in trace["mode"]:
        line, fill = trace["line"], trace.get("fillcolor")
        drawn += _path(_through(points), line["color"], line["width"], fill, opacity, line.get("dash"))
    if "markers" in trace["mode"]:
        drawn += _dots([point for point in points if point], trace["marker"])
    return drawn


def _through(points: Sequence[tuple[float, float] | None]) -> str:
    """An SVG path through the points, interrupted at gaps."""
    steps, pen = [], "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        steps.append(f"{pen}{point[0]:.1f} {point[1]:.1f}")
        pen = "L"
    return "".join(steps)


def _dots(points: Sequence[tuple[float, float]], marker: dict[str, Any]) -> str:
    """Dots that stay round in a stretched plot: lines of no length with round ends."""
    path = "".join(f"M{x:.1f} {y:.1f}h.01" for x, y in points)
    if marker.get("symbol") != "circle-open":
        return _path(path, marker["color"], marker["size"], round_ends=True)
    outer = _path(path, marker["color"], marker["size"], round_ends=True)
    return outer + _path(path, PAPER, marker["size"] - 2, round_ends=True)


def _shape(shape: dict[str, Any], scale: _Scale) -> str:
    line = shape["line"]
    return _path(f"M{scale.x(shape['x0']):.1f} 0V{SIZE}", line["color"], line["width"], dash=line["dash"])


def _path(
    path: str,
    colour: str,
    width: float,
    fill: str | None = None,
    opacity: float = 1,
    dash: str | None = None,
    *,
    round_ends: bool = False,
) -> str:
    if not path:
        return ""
    style = f"fill:{fill or 'none'};stroke:{colour};stroke-width:{width:g}"
    style += f";opacity:{opacity:g}" if opacity != 1 else ""
    style += ";stroke-dasharray:2 3" if dash == "dot" else ""
    style += ";stroke-linecap:round" if round_ends else ";stroke-linejoin:round"
    return f'<path d="{path}" vector-effect="non-scaling-stroke" style="{style}"/>'


def _axis_texts(layout: dict[str, Any], scale: _Scale) -> list[str]:
    rows, columns = layout["yaxis"], layout["xaxis"]
    left = [
        _text(0, scale.pixels(scale.y(value)) - 4, text, "start", MUTED)
        for value, text in zip(rows["tickvals"], rows["ticktext"], strict=True)
    ]
    below = [
        _text(scale.x(value) / SIZE * 100, scale.bottom + 18, text, "middle", MUTED)
        for value, text in zip(columns["tickvals"], columns["ticktext"], strict=True)
    ]
    return left + below


def _annotation(annotation: dict[str, Any], scale: _Scale) -> str:
    anchor = {"left": "start", "right": "end"}.get(annotation["xanchor"], "middle")
    place = scale.x(annotation["x"]) / SIZE * 100
    return _text(place, scale.pixels(0) - 5, annotation["text"], anchor, annotation["font"]["color"])


def _text(percent: float, y: float, text: str, anchor: str, colour: str) -> str:
    style = f"fill:{colour}"
    return f'<text x="{percent:.2f}%" y="{y:.1f}" text-anchor="{anchor}" style="{style}">{escape(text)}</text>'
