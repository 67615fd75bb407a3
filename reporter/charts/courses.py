"""Lines of several models over one axis, and the histogram of where counts fell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reporter.charts.axes import (
    EDGE,
    FORECAST,
    INK,
    LIKELY,
    MUTED,
    SURE,
    Figure,
    date_axis,
    level_rule,
    line,
    nice_ticks,
    plain,
    steps_axis,
)
from reporter.schema import Floats

STYLES: tuple[tuple[str, float, str], ...] = (
    (FORECAST, 2.5, "solid"),
    (INK, 1.25, "solid"),
    (INK, 1.5, "dash"),
    (INK, 1.5, "dot"),
    (MUTED, 1.25, "solid"),
    (MUTED, 1.5, "dash"),
    (MUTED, 1.5, "dot"),
)
"""Colour, width and dash of the first line, the second, …: told apart without colour too."""

MOST = 2.5
"""Higher values are cut."""


@dataclass(frozen=True)
class Course:
    """One model's values, None where there is none, with what a touch on each says."""

    name: str
    values: Sequence[float | None]
    texts: Sequence[str]


def courses(where: Sequence[date] | Sequence[int], lines: Sequence[Course], height: int = 220) -> Figure:
    """Draw the values of each model over days or whole numbers, and a level rule at 1.

    Args:
        where: places on the horizontal axis, rising.
        lines: as many as `STYLES` at most, the leading one first.
    """
    top = min(max([1.2, *_seen(lines)]) * 1.06, MOST)
    x = [place.isoformat() if isinstance(place, date) else place for place in where]
    traces = []
    # The leading line is drawn last, above the others.
    for style, drawn in reversed(list(zip(STYLES, lines, strict=False))):
        colour, width, dash = style
        trace = line(drawn.name, [], [], colour, width)
        trace["line"]["dash"] = dash
        trace |= {"x": x, "y": [None if value is None else plain(min(value, top)) for value in drawn.values]}
        trace |= {"text": list(drawn.texts)}
        if len(x) <= 40:  # noqa: PLR2004 - more dots than that run into each other
            trace |= {"mode": "lines+markers", "marker": {"color": colour, "size": 5 if width > 2 else 4}}  # noqa: PLR2004
        traces.append(trace)
    days = [place for place in where if isinstance(place, date)]
    ticks = nice_ticks(0, top)
    layout = {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 10, "b": 26},
        "xaxis": date_axis(days[0], days[-1]) if days else steps_axis([int(str(place)) for place in where]),
        "yaxis": _level(top, ticks, [f"{tick:g}" for tick in ticks]),
        "shapes": [level_rule(1)],
        "annotations": [],
    }
    return {"data": traces, "layout": layout}


def is_cut(lines: Sequence[Course]) -> bool:
    """Whether a value is beyond the chart."""
    return any(value > MOST for value in _seen(lines))


def _seen(lines: Sequence[Course]) -> list[float]:
    return [value for drawn in lines for value in drawn.values if value is not None]


def histogram(shares: Floats, band: tuple[float, float], top: float, words: Mapping[float, str]) -> Figure:
    """Draw a histogram over 0 to 1 with the band in which every bar lies by chance.

    Args:
        shares: of the bars, equally wide.
        band: the ends of the band.
        top: the upper end of the axis, the same in charts that stand beside each other.
        words: labels of the horizontal axis by place.
    """
    width = 1 / len(shares)
    x = [0.0]
    y = [0.0]
    for number, share in enumerate(shares):
        x += [plain(number * width), plain((number + 1) * width)]
        y += [plain(min(float(share), top))] * 2
    bars = line("share", [], [], EDGE, 1) | {"fill": "toself", "fillcolor": LIKELY}
    low, high = (plain(end) for end in band)
    chance = line("by chance", [], [], MUTED, 1) | {"x": [0, 1, None, 0, 1]}
    fill = line("by chance", [], [], SURE, 0) | {"fill": "toself", "fillcolor": SURE}
    ticks = [tick for tick in nice_ticks(0, top, 3) if tick > 0]
    layout = {
        "height": 140,
        "margin": {"l": 0, "r": 0, "t": 8, "b": 26},
        "xaxis": {
            "type": "linear",
            "range": [0, 1],
            "tickvals": list(words),
            "ticktext": list(words.values()),
            "tickfont": {"color": MUTED, "size": 12},
        },
        "yaxis": _level(top, ticks, [f"{100 * tick:g}\u202f%" for tick in ticks]),
        "shapes": [level_rule(width)],
        "annotations": [],
    }
    data = [
        fill | {"x": [0, 1, 1, 0, 0], "y": [low, low, high, high, low]},
        bars | {"x": [*x, 1.0], "y": [*y, 0.0]},
        chance | {"y": [low, low, None, high, high]},
    ]
    return {"data": data, "layout": layout}


def _level(top: float, ticks: list[float], texts: list[str]) -> dict[str, Any]:
    return {
        "range": [0, plain(top)],
        "tickvals": ticks,
        "ticktext": texts,
        "tickfont": {"color": MUTED, "size": 12},
    }
