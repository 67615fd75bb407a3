"""How networks learnt: the loss round after round, and how much each input was leaned on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reporter.charts.axes import (
    EDGE,
    FORECAST,
    INK,
    LIKELY,
    MUTED,
    PAPER,
    Figure,
    line,
    nice_ticks,
    plain,
    rule,
)
from reporter.charts.rows import axis, box, in_rows

FILLS = ((FORECAST, FORECAST), (LIKELY, EDGE), (PAPER, EDGE), (MUTED, MUTED))
"""Fill and edge of the bars of the first network, the second, …: told apart without colour too."""

MOST = 40
"""Rounds drawn of one network; more are thinned out."""

_TEXT, _BAR, _GAP, _FOOT = 20, 8, 3, 8
"""Pixels of a row: down to the foot of its text, of a bar, between bars, and below the last."""


@dataclass(frozen=True)
class Loss:
    """A network's losses.

    Attributes:
        rounds: when they were taken, rising.
        trained, held_out: on windows that it learnt from, and on those left out.
        texts: what a touch on each says.
    """

    rounds: Sequence[int]
    trained: Sequence[float]
    held_out: Sequence[float]
    texts: Sequence[str]


@dataclass(frozen=True)
class LeanedRow:
    """How much each network leaned on an input: None of one that does not read it."""

    name: str
    words: str
    leaned: Sequence[float | None]


def losses(loss: Loss, ends: tuple[float, float], height: int = 150) -> Figure:
    """Draw both losses over the rounds.

    Args:
        loss: of one network, at two rounds or more.
        ends: least and greatest value on any of the charts that stand beside each other.
    """
    kept = thinned(len(loss.rounds), MOST)
    room = 0.06 * (ends[1] - ends[0]) or 0.1 * ends[1] or 1.0
    # Labels stand above their lines, inside the plot.
    low, high = plain(ends[0] - room), plain(ends[1] + 2 * room)
    x = [loss.rounds[i] for i in kept]
    held_out = line("held out", [], [_short(loss.held_out[i]) for i in kept], FORECAST, 2.5)
    held_out |= {"text": [loss.texts[i] for i in kept]}
    trained = line("learnt from", [], [_short(loss.trained[i]) for i in kept], INK, 1.5)
    trained["line"]["dash"] = "dash"
    ticks = [tick for tick in nice_ticks(low, high, 3) if tick <= high - 0.14 * (high - low)]
    first, last = x[0], x[-1]
    margin = 0.03 * (last - first)
    # Plotly hides a label below those of the other axis.
    marks = [tick for tick in nice_ticks(first, last) if tick == int(tick) and tick - first > 3 * margin]
    layout = {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 10, "b": 26},
        "xaxis": axis(first - 10 * margin, last + 4 * margin, marks, [f"{mark:g}" for mark in marks]),
        "yaxis": {
            "range": [low, high],
            "tickvals": ticks,
            "ticktext": [f"{tick:g}" for tick in ticks],
            "tickfont": {"color": MUTED, "size": 12},
        },
        "shapes": [],
        "annotations": [],
    }
    return {"data": [trace | {"x": x} for trace in (trained, held_out)], "layout": layout}


def _short(loss: float) -> float:
    """Four significant digits: a post holds many."""
    return float(f"{loss:.4g}")


def leanings(rows: Sequence[LeanedRow]) -> Figure:
    """Draw how much greater each network's loss becomes without an input: a bar for each, below the input's name.

    Args:
        rows: one at least, each of the same networks.
    """
    many = len(rows[0].leaned)
    height = _TEXT + many * (_BAR + _GAP) - _GAP + _FOOT
    known = [value for row in rows for value in row.leaned if value is not None]
    low, high = min([*known, 0.0]), max([*known, 0.01])
    room = 0.02 * (high - low)
    low = low - room if low < 0 else 0.0
    traces = []
    for number in range(many):
        x: list[float | None] = []
        y: list[float | None] = []
        for place, row in enumerate(rows):
            value = row.leaned[number]
            top = place + (_TEXT + number * (_BAR + _GAP)) / height
            if value is not None:
                box(x, y, min(value, 0.0), max(value, 0.0), top, top + _BAR / height)
        fill, edge = FILLS[number % len(FILLS)]
        trace = line("", [], [], edge, 1) | {"fill": "toself", "fillcolor": fill}
        traces.append(trace | {"x": x, "y": y})
    ticks = nice_ticks(low, high + room)
    texts = [f"{'+' if tick > 0 else ''}{100 * tick:g}\u202f%".replace("-", "\u2212") for tick in ticks]
    layout = in_rows(rows, axis(low, high + room, ticks, texts), height, (_TEXT - 6) / height)
    layout["margin"]["t"], layout["height"] = 4, layout["height"] - 14
    layout["shapes"] = [rule(0)] if low < 0 else []
    return {"data": traces, "layout": layout}


def thinned(length: int, most: int) -> list[int]:
    """The first and the last of so many things, and as many between as there may be, evenly.

    >>> thinned(11, 3), thinned(3, 40)
    ([0, 5, 10], [0, 1, 2])
    """
    if length <= most:
        return list(range(length))
    return [math.floor(place * (length - 1) / (most - 1) + 0.5) for place in range(most)]
