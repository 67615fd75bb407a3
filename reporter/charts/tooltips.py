"""What a touch on a fan chart says. The browser writes the same from the numbers that a page carries anyway."""

from datetime import date
from typing import Any

from reporter.charts.axes import number
from reporter.dates import day_in_words

COUNTED, FIRST, AHEAD, AHEAD_OF_A_COUNT = "counted", "first", "ahead", "ahead of a count"
"""Of a trace's points: counts; first values, told with the counts; forecasts; forecasts after the last count."""


def counted(day: date, value: float, first: float | None = None) -> str:
    """The count of a period, and what it was at first where it was revised.

    >>> counted(date(2020, 4, 11), 512, 498)
    'Saturday 11 April 2020<br>counted 512<br>at first 498'
    """
    text = f"{day_in_words(day)}<br>counted {number(value)}"
    return text if first is None else f"{text}<br>at first {number(first)}"


def texts(trace: dict[str, Any], traces: list[dict[str, Any]]) -> list[str]:
    """What each point of a trace says.

    Args:
        trace: with `text`, or with `hover`.
        traces: all of the figure.
    """
    if "text" in trace:
        return list(trace["text"])
    if trace["hover"] == COUNTED:
        first = next((dict(zip(t["x"], t["y"], strict=True)) for t in traces if t.get("hover") == FIRST), {})
        points = zip(trace["x"], trace["y"], strict=True)
        return ["" if y is None else counted(date.fromisoformat(x), y, first.get(x)) for x, y in points]
    bands = [band["y"] for band in traces if band.get("fill")]
    told = [_expected(date.fromisoformat(x), n, trace["y"], bands) for n, x in enumerate(trace["x"])]
    return ["", *told[1:]] if trace["hover"] == AHEAD_OF_A_COUNT else told


def _expected(day: date, point: int, middle: list[float], bands: list[list[float]]) -> str:
    """What is expected of a period; the wide band is the first, and each runs there and back."""
    lines = [day_in_words(day), f"about {number(middle[point])}"]
    if not bands:
        return "<br>".join([*lines, "one number, no range"])
    wide, likely = bands
    for word, band in (("likely", likely), ("almost surely", wide)):
        lines.append(f"{word} {number(band[-1 - point])}\u2013{number(band[point])}")
    return "<br>".join(lines)
