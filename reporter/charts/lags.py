"""What became of counts by how long after their period they were known: the middle and two bands of the change."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reporter.charts.axes import (
    EDGE,
    INK,
    LIKELY,
    MUTED,
    SURE,
    Figure,
    label,
    level_rule,
    line,
    plain,
    rounded,
    rule,
    steps_axis,
)

MOST = 3.0
"""Changes beyond this (+300 %), and beyond its opposite (a quarter of the value), are cut."""

_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Change:
    """The relative changes of counts as known at one lag; 0.08 is +8 %.

    Attributes:
        lag: periods after the end of the count's own.
        middle: the median.
        half: the ends of the middle 50 %.
        most: the ends of the middle 95 %.
        text: what a touch says.
    """

    lag: int
    middle: float
    half: tuple[float, float]
    most: tuple[float, float]
    text: str


def lags(changes: Sequence[Change], first: int, height: int = 240) -> Figure:
    """Draw the changes on a scale on which doubling is as far up as halving is down.

    Args:
        changes: by rising lag, two at least.
        first: the lag of first values, which a rule marks.
    """
    where = [change.lag for change in changes]
    ends = [_at(end) for change in changes for end in change.most]
    low, high = min([*ends, math.log1p(-0.02)]), max([*ends, math.log1p(0.04)])
    room = 0.06 * (high - low)
    low, high = low - room, high + room
    ticks = _ticks(low, high)
    yaxis = {
        "range": rounded([low, high]),
        "tickvals": rounded(map(math.log1p, ticks)),
        "ticktext": [_written(tick) for tick in ticks],
        "tickfont": {"color": MUTED, "size": 12},
    }
    middle = line("the middle", [], [_at(change.middle) for change in changes], INK, 2)
    middle |= {"mode": "lines+markers", "x": where, "marker": {"color": INK, "size": 4.5}}
    middle |= {"text": [change.text for change in changes]}
    marked = where[0] <= first <= where[-1]
    near = first - where[0] < (where[-1] - where[0]) / 2
    layout = {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 18, "b": 26},
        "xaxis": steps_axis(where),
        "yaxis": yaxis,
        "shapes": [level_rule(0), *([rule(first)] if marked else [])],
        "annotations": [label(first, "first values", "left" if near else "right")] if marked else [],
    }
    bands = [
        _band(where, [change.most for change in changes], SURE),
        _band(where, [change.half for change in changes], LIKELY),
    ]
    return {"data": [*bands, middle], "layout": layout}


def is_cut(changes: Sequence[Change]) -> bool:
    """Whether a change is beyond the chart."""
    ends = (math.log1p(end) for change in changes for end in (*change.most, *change.half, change.middle) if end > -1)
    return any(abs(end) > math.log1p(MOST) for end in ends)


def _at(change: float) -> float:
    """A change's place on the axis."""
    top = math.log1p(MOST)
    return -top if change <= -1 else max(-top, min(top, math.log1p(change)))


def _band(where: Sequence[int], ends: Sequence[tuple[float, float]], colour: str) -> dict[str, Any]:
    upper = [_at(high) for _, high in ends]
    lower = [_at(low) for low, _ in ends]
    trace = line("range", [], [*upper, *reversed(lower)], EDGE, 1)
    trace["line"]["dash"] = "dot" if colour == SURE else "solid"
    return trace | {"x": [*where, *reversed(where)], "fill": "toself", "fillcolor": colour}


def _ticks(low: float, high: float) -> list[float]:
    """Round changes within a range of logarithms, zero among them, and not so many that labels touch."""
    bottom, top = math.expm1(low), math.expm1(high)
    for step in _STEPS:
        ticks = [plain(n * step) for n in range(math.ceil(bottom / step), math.floor(top / step) + 1)]
        if len(ticks) <= 6:  # noqa: PLR2004 - a line of text each
            return ticks
    return [0.0]


def _written(change: float) -> str:
    r"""A change with its sign.

    >>> ascii(_written(0.5)), _written(0)
    ("'+50\\u202f%'", '0')
    """
    if change == 0:
        return "0"
    return f"{'+' if change > 0 else chr(0x2212)}{abs(100 * change):g}\u202f%"
