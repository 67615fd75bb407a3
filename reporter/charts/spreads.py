"""What several models say of two periods, a row for each: a dot with its likely range, and a hollow one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reporter.charts.axes import EDGE, FORECAST, INK, LIKELY, Figure, line, literal, nice_ticks, number, plain
from reporter.charts.rows import axis, dots, in_rows

FAR = 4.0
"""The scale goes no farther from the middle of all marks than this many times as far as three in four of them are."""

_HEIGHT = 48
_TEXT, _MARKS = 0.42, (0.58, 0.82)
"""Where in its row the text stands, and the marks of the nearer and the farther period lie."""

Told = tuple[float, float, float]
"""A lower end, the middle and an upper end."""


@dataclass(frozen=True)
class SpreadRow:
    """What a model says: of the nearer period, then of the farther one, if there are two."""

    name: str
    words: str
    told: Sequence[Told]


def spreads(rows: Sequence[SpreadRow]) -> Figure:
    """Draw the rows on one scale of counts, which need not begin at zero.

    Args:
        rows: one at least, each of as many periods.
    """
    low, high = _ends(rows)
    data: list[dict[str, Any]] = []
    for number_of, (colour, width) in enumerate(((LIKELY, 8), (EDGE, 1.5))[: len(rows[0].told)]):
        x: list[float | None] = []
        y: list[float | None] = []
        middles, places = [], []
        for place, row in enumerate(rows):
            left, middle, right = (plain(min(max(value, low), high)) for value in row.told[number_of])
            at = plain(place + _MARKS[number_of])
            x += [left, right, None]
            y += [at, at, None]
            middles.append(middle)
            places.append(at)
        data.append(line("", [], [], colour, width) | {"x": x, "y": y})
        mark = dots(middles, places, FORECAST if number_of == 0 else INK, [literal(row.name) for row in rows])
        if number_of:
            mark["marker"] |= {"symbol": "circle-open", "size": 8, "line": {"color": INK, "width": 1.5}}
        data.append(mark)
    ticks = nice_ticks(low, high)
    texts = [number(tick) if tick >= 1 or tick == 0 else f"{tick:g}" for tick in ticks]
    layout = in_rows(rows, axis(low, high, ticks, texts), _HEIGHT, _TEXT)
    layout["margin"]["t"], layout["height"] = 4, layout["height"] - 14
    return {"data": data, "layout": layout}


def is_cut(rows: Sequence[SpreadRow]) -> bool:
    """Whether a mark or a range is beyond the chart."""
    low, high = _ends(rows)
    return any(value < low or value > high for row in rows for told in row.told for value in told)


def _ends(rows: Sequence[SpreadRow]) -> tuple[float, float]:
    """Ends of a scale that holds all but what would dwarf the rest, with some room."""
    ends = sorted(value for row in rows for told in row.told for value in told)
    middle = ends[len(ends) // 2]
    usual = sorted(abs(end - middle) for end in ends)[3 * len(ends) // 4]
    reach = FAR * (usual or ends[-1] - ends[0])
    low, high = max(ends[0], middle - reach), min(ends[-1], middle + reach)
    room = 0.05 * (high - low) or max(0.05 * high, 1.0)
    return plain(max(low - room, -0.02 * high)), plain(high + room)
