"""One forecast against one count, as a density."""

from typing import Any

import numpy as np

from reporter.charts.axes import (
    EDGE,
    FAINT,
    FORECAST,
    INK,
    LIKELY,
    MUTED,
    OUTSIDE,
    SURE,
    Figure,
    label,
    line,
    nice_ticks,
    number,
    plain,
    rounded,
    rule,
)
from reporter.schema import INTERVALS, LEVELS, MEDIAN, Floats

POINTS = 27
"""Of each of the three hills' outlines."""


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
    ticks = nice_ticks(low, high)
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
        "yaxis": {"range": [0, 1.05], "tickvals": [], "ticktext": [], "showgrid": False},
        "shapes": shapes,
        "annotations": labels,
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
    places = np.concatenate([np.linspace(max(left, low), min(right, high), POINTS) for left, right, _ in parts])
    heights = _density(quantiles, places)
    heights = heights / heights.max()
    traces = []
    for number_of, (_, _, colour) in enumerate(parts):
        own = slice(number_of * POINTS, (number_of + 1) * POINTS)
        x, y = rounded(places[own].tolist()), heights[own].round(4).tolist()
        trace = line("density", [], [], EDGE, 0.75) | {"fill": "toself", "fillcolor": colour}
        # The end of the wide range is told from that of the narrow one without colour.
        trace["line"]["dash"] = "dot" if colour == SURE else "solid"
        traces.append(trace | {"x": [x[0], *x, x[-1], x[0]], "y": [0, *y, 0, 0]})
    return traces


def _density(quantiles: Floats, x: Floats) -> Floats:
    """A smooth density at `x`: a Gaussian kernel over 99 points as likely as each other."""
    points = np.interp(np.linspace(0.01, 0.99, 99), LEVELS, quantiles)
    spread = min(float(np.std(points)), float(quantiles[LEVELS.index(0.75)] - quantiles[LEVELS.index(0.25)]) / 1.34)
    width = max(0.5 * spread, 1e-3 * float(quantiles[-1] - quantiles[0]), 1e-9)
    return np.asarray(np.exp(-0.5 * ((x[:, None] - points) / width) ** 2).sum(axis=1))


def _mark(x: float, colour: str, width: float) -> dict[str, Any]:
    return rule(plain(x)) | {"line": {"color": colour, "width": width, "dash": "solid"}}


def _beside(x: float, text: str, colour: str, low: float, high: float, *, right: bool) -> dict[str, Any]:
    """A label beside its mark, turned inwards where it would leave the figure."""
    place = (x - low) / (high - low)
    right = (right or place < 0.15) and place < 0.85  # noqa: PLR2004 - a word is 15 % of a phone's width
    # A hard space between a mark and its label, and so between two labels back to back.
    return label(plain(x), f"\u00a0{text}" if right else f"{text}\u00a0", "left" if right else "right", colour)
