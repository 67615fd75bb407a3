"""What figures with a row for each of several things share: a line of text, and a mark below it."""

from collections.abc import Sequence
from typing import Any, Protocol

from reporter.charts.axes import INK, MUTED, line, literal, plain

ROW = 44
"""Height of a row in pixels: a line of text, and a mark below it."""

TEXT, MARK = 0.5, 0.73
"""Where in its row the text stands and the mark lies."""


class Row(Protocol):
    """A thing's name, which stands at the left, and its number in words at the right."""

    @property
    def name(self) -> str:
        """As it is known."""
        ...

    @property
    def words(self) -> str:
        """As it is drawn."""
        ...


def in_rows(rows: Sequence[Row], xaxis: dict[str, Any], height: int = ROW, text: float = TEXT) -> dict[str, Any]:
    """Lay out rows from the top down.

    Args:
        rows: one at least.
        xaxis: what the marks are over.
        height: of a row, in pixels.
        text: where in its row the text stands, as a share of it.
    """
    places = [plain(place + text) for place in range(len(rows))]
    yaxis = {
        "range": [len(rows), 0],
        "tickvals": places,
        "ticktext": [literal(row.name) for row in rows],
        "tickfont": {"color": INK, "size": 12},
        "showgrid": False,
    }
    words = [
        {
            "x": 1, "y": y, "xref": "paper", "yref": "y", "text": row.words,
            "xanchor": "right", "yanchor": "bottom", "font": {"color": INK, "size": 12},
        }
        for y, row in zip(places, rows, strict=True)
    ]  # fmt: skip
    return {
        "height": 18 + height * len(rows) + 26,
        "margin": {"l": 0, "r": 0, "t": 18, "b": 26},
        "xaxis": xaxis,
        "yaxis": yaxis,
        "shapes": [],
        "annotations": words,
    }


def axis(low: float, high: float, ticks: Sequence[float], texts: Sequence[str]) -> dict[str, Any]:
    """A plain horizontal axis."""
    return {
        "type": "linear",
        "range": [plain(low), plain(high)],
        "tickvals": list(ticks),
        "ticktext": list(texts),
        "tickfont": {"color": MUTED, "size": 12},
        "showgrid": False,
    }


def stroke(x: Sequence[float], y: Sequence[float], colour: str, width: float) -> dict[str, Any]:
    """A line that does not answer to a touch."""
    trace = line("", [], y, colour, width)
    return trace | {"x": [plain(value) for value in x]}


def dots(x: Sequence[float], y: Sequence[float], colour: str, texts: list[str]) -> dict[str, Any]:
    """Dots, with what a touch on each says."""
    trace = line("", [], y, colour, 1)
    marker = {"color": colour, "size": 9}
    return trace | {"mode": "markers", "x": [plain(v) for v in x], "marker": marker, "text": texts}


def box(x: list[float | None], y: list[float | None], left: float, right: float, top: float, bottom: float) -> None:
    """Add a rectangle to a trace of several."""
    if x:
        x.append(None)
        y.append(None)
    x += [plain(end) for end in (left, right, right, left, left)]
    y += [plain(end) for end in (top, top, bottom, bottom, top)]
