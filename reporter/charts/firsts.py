"""First values beside latest ones: hollow and solid, with a line between."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from reporter.charts.axes import INK, MUTED, Figure, count_axis, date_axis, line, plain, room_for

HEADROOM = 1.06


def firsts(first: Mapping[date, float], latest: Mapping[date, float], height: int = 200) -> Figure:
    """Draw what counts were at first and are now.

    Args:
        first, latest: by the same period ends, two at least, oldest first.
    """
    days = [day.isoformat() for day in first]
    between: dict[str, Any] = line("change", days[:1], [0], MUTED, 1.5)
    between |= {"x": [], "y": [], "hoverinfo": "skip"}
    for day, value in first.items():
        if latest[day] != value:
            between["x"] += [day.isoformat()] * 3
            between["y"] += [plain(value), plain(latest[day]), None]
    now = line("latest value", days, latest.values(), INK, 1) | _dots("circle", 5)
    then = line("first value", days, first.values(), INK, 1) | _dots("circle-open", 7)
    counts = count_axis(max(HEADROOM * max([*first.values(), *latest.values()]), 1.0))
    layout = {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 10, "b": 26},
        "xaxis": date_axis(min(first), max(first), room_for(counts["ticktext"])),
        "yaxis": counts,
        "shapes": [],
        "annotations": [],
        "showlegend": False,
        "hovermode": "x",
        "dragmode": False,
    }
    return {"data": [between, then, now], "layout": layout}


def _dots(symbol: str, size: float) -> dict[str, Any]:
    marker = {"color": INK, "size": size, "symbol": symbol, "line": {"color": INK, "width": 1}}
    return {"mode": "markers", "marker": marker, "hoverinfo": "skip"}
