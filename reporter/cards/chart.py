"""The chart of a card: counts, the forecast's median and its two ranges, smoothed column by column."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from reporter.cards.lettering import height, width, write
from reporter.cards.palette import (
    EDGE,
    FORECAST,
    FORECAST_ON_BAND,
    INK,
    LIKELY,
    LINE,
    MUTED,
    PAPER,
    SURE,
    Indices,
    Shares,
    lay,
)
from reporter.charts import number
from reporter.dates import day_in_words
from reporter.posts.share import Sketch

_FOOT = 34
"""Pixels below the plot, for its dates."""
_SIDE = 8
_LABEL = 24
"""Size of the numbers at the counts' and at the forecast's end; dates are smaller."""
_SMALL = 20
_DASH = 8
_STEEP = 1.2
"""Pixels up or down a column: from there on steps between colours smooth nothing, and weigh."""


def draw(onto: Indices, sketch: Sketch) -> None:
    """Draw a chart as large as the part of a card it is given."""
    said = _said(sketch)
    plot = onto[:-_FOOT]
    scale = _Scale(plot, sketch, round(max([0.0, *(width(text, _LABEL, bold=True) for text in said[1:])])) + 4)
    onto[-_FOOT : -_FOOT + 2] = LINE
    _bands(plot, sketch, scale)
    _median(plot, sketch, scale)
    _counted(plot, sketch, scale)
    _labels(plot, said, sketch, scale)
    _dates(onto, sketch, scale)


class _Scale:
    """From days and values to pixels of the plot."""

    def __init__(self, plot: Indices, sketch: Sketch, beside: int) -> None:
        self._high, wide = plot.shape
        self.first, last = sketch.ends
        self._top = sketch.top
        self._each = (wide - 2 * _SIDE - beside) / max(last - self.first, 1)

    def x(self, day: float) -> float:
        return float(_SIDE + (day - self.first) * self._each)

    def y(self, values: Shares) -> Shares:
        """Pixels from the top; what is beyond the scale stays just outside of it."""
        return np.asarray(np.clip(1 - values / self._top, -0.5, 1.0) * (self._high - 2) + 1, dtype=np.float64)

    def columns(self, line: Sequence[tuple[int, float]]) -> tuple[int, Shares]:
        """The first pixel column of a line and its height in each from there on."""
        days, values = np.array(line, dtype=np.float64).T
        left, right = round(self.x(days[0])), round(self.x(days[-1]))
        at = np.arange(left, right + 1)
        return left, np.interp(at, _SIDE + (days - self.first) * self._each, self.y(values))


def _stroke(plot: Indices, left: int, heights: Shares, thick: float, ramp: Sequence[int]) -> None:
    """A line as thick across as it is told, however steep, over the columns from `left` on."""
    slopes = np.gradient(heights) if len(heights) > 1 else np.zeros(1)
    half = np.minimum(thick / 2 * np.sqrt(1 + slopes**2), 60)
    upper, lower = heights - half, heights + half
    steep = np.abs(slopes) > _STEEP
    _fill(plot, left, np.where(steep, np.round(upper), upper), np.where(steep, np.round(lower), lower), ramp)


def _fill(plot: Indices, left: int, upper: Shares, lower: Shares, ramp: Sequence[int]) -> None:
    """Fill between two heights of each column, its first and last pixel as far as they are covered."""
    first, last = max(int(upper.min()), 0), min(int(np.ceil(lower.max())) + 1, plot.shape[0])
    if first >= last:
        return
    rows = np.arange(first, last, dtype=np.float32)[:, np.newaxis]
    cover = np.minimum(rows + 1, lower.astype(np.float32)) - np.maximum(rows, upper.astype(np.float32))
    lay(plot[first:last, left : left + len(upper)], np.clip(cover, 0, 1, out=cover), ramp)


def _bands(plot: Indices, sketch: Sketch, scale: _Scale) -> None:
    """Two bands, told apart by tint and by an edge."""
    for band, colour in zip(sketch.bands, (SURE, LIKELY), strict=False):
        left, low = scale.columns([(day, low) for day, low, _ in band])
        _, high = scale.columns([(day, high) for day, _, high in band])
        _fill(plot, left, high, low, (colour,))
        for side in (low, high):
            _stroke(plot, left, side, 1.4, (EDGE,))


def _median(plot: Indices, sketch: Sketch, scale: _Scale) -> None:
    if len(sketch.median) > 1:
        left, heights = scale.columns(sketch.median)
        _stroke(plot, left, heights, 4.5, FORECAST_ON_BAND if sketch.bands else FORECAST)


def _counted(plot: Indices, sketch: Sketch, scale: _Scale) -> None:
    for run in sketch.counted:
        left, heights = scale.columns(run)
        _stroke(plot, left, heights, 3.0, INK)
    if sketch.counted:
        day, value = sketch.counted[-1][-1]
        _dot(plot, round(scale.x(day)), round(float(scale.y(np.array([value]))[0])))


_reach = np.arange(-8, 9)
_DOT: Shares = np.clip(7.5 - np.hypot(_reach, _reach[:, np.newaxis]), 0, 1)
"""How far the dot of the newest count covers the pixels around its middle."""


def _dot(plot: Indices, x: int, y: int) -> None:
    middle = len(_reach) // 2
    top, left = max(y - middle, 0), max(x - middle, 0)
    part = plot[top : y + middle + 1, left : x + middle + 1]
    row, column = top - (y - middle), left - (x - middle)
    lay(part, _DOT[row : row + part.shape[0], column : column + part.shape[1]], INK)


# ---------------------------------------------------------------------------- texts


def _said(sketch: Sketch) -> list[str]:
    """What stands at the newest count, and at the end of the forecast."""
    newest = number(sketch.counted[-1][-1][1]) if sketch.counted else ""
    return [newest, number(sketch.median[-1][1])] if sketch.median else [newest]


def _labels(plot: Indices, said: Sequence[str], sketch: Sketch, scale: _Scale) -> None:
    """The newest count left of its dot, above the line; the forecast's end beside it."""
    room = plot.shape[0] - height(_LABEL)
    if sketch.counted:
        day, value = sketch.counted[-1][-1]
        left = max(round(scale.x(day) - width(said[0], _LABEL, bold=True)) - 10, 4)
        below = np.flatnonzero((plot[:, left - 4 : round(scale.x(day)) + 8] == INK[-1]).any(axis=1))
        above = (int(below[0]) if len(below) else round(scale.y(np.array([value]))[0])) - height(_LABEL) - 4
        write(plot, said[0], left, min(max(above, 0), room), _LABEL, INK, bold=True)
    for text in said[1:]:
        day, value = sketch.median[-1]
        middle = round(float(scale.y(np.array([value]))[0]) - height(_LABEL) / 2)
        write(plot, text, round(scale.x(day)) + 12, min(max(middle, 0), room), _LABEL, FORECAST, bold=True)


def _dates(onto: Indices, sketch: Sketch, scale: _Scale) -> None:
    """The first day, the day on which data ends with a rule above it, and the last."""
    high = onto.shape[0] - _FOOT
    middle = round(scale.x(sketch.reference))
    rule, dashes = onto[:high, middle - 1 : middle + 1], np.arange(high) % _DASH < _DASH / 2
    rule[dashes[:, np.newaxis] & (rule == PAPER)] = LINE
    taken: list[tuple[float, float]] = []
    for day, share in ((sketch.reference, 0.5), (sketch.ends[0], 0.0), (sketch.ends[1], 0.5)):
        words = day_in_words(date.fromordinal(day), weekday=False, year=False)
        wide = width(words, _SMALL)
        left = round(min(max(scale.x(day) - share * wide, 0), onto.shape[1] - wide))
        span = (left - 16, left + wide + 16)
        if all(span[1] <= other[0] or span[0] >= other[1] for other in taken):
            write(onto, words, left, high + 8, _SMALL, MUTED)
            taken.append((left, left + wide))
