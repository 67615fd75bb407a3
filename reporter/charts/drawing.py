"""A figure of this package as inline SVG: as wide as its parent, its shapes stretched and its texts not."""

from collections.abc import Sequence
from datetime import date
from html import escape, unescape
from typing import Any

from reporter.charts.axes import FAINT, MUTED, PAPER, Figure

SIZE = 1000
"""Both sides of the stretching plot, in units of its own."""

EDGE = 0.08
"""Half a label's width as a share of a phone's."""

_DASHES = {"dot": "2 3", "dash": "7 4"}


def svg(figure: Figure, ident: str, title: str, description: str) -> str:
    """Draw a figure of this package as SVG.

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
    below, above = ([s for s in layout["shapes"] if (s.get("layer") == "below") is under] for under in (True, False))
    plot = "".join([*_gridlines(layout, scale), *(_shape(shape, scale) for shape in below)])
    plot += "".join(_trace(trace, scale) for trace in figure["data"])
    plot += "".join(_shape(shape, scale) for shape in above)
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
    ticks = layout["yaxis"]["tickvals"] if layout["yaxis"].get("showgrid", True) else []
    lines = [f"M0 {scale.y(tick):.1f}H{SIZE}" for tick in ticks]
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
    """Dots that stay round, or squares, in a stretched plot: lines of no length with such ends."""
    path, symbol = "".join(f"M{x:.1f} {y:.1f}h.01" for x, y in points), marker.get("symbol", "circle")
    ends = "square" if symbol.startswith("square") else "round"
    outer = _path(path, marker["color"], marker["size"], ends=ends)
    if not symbol.endswith("-open"):
        return outer
    return outer + _path(path, PAPER, marker["size"] - 2, ends=ends)


def _shape(shape: dict[str, Any], scale: _Scale) -> str:
    """A rule across the plot, upright or level."""
    line = shape["line"]
    path = (
        f"M{scale.x(shape['x0']):.1f} 0V{SIZE}" if shape["yref"] == "paper" else f"M0 {scale.y(shape['y0']):.1f}H{SIZE}"
    )
    return _path(path, line["color"], line["width"], dash=line["dash"])


def _path(
    path: str,
    colour: str,
    width: float,
    fill: str | None = None,
    opacity: float = 1,
    dash: str | None = None,
    *,
    ends: str | None = None,
) -> str:
    if not path:
        return ""
    style = f"fill:{fill or 'none'};stroke:{colour};stroke-width:{width:g}"
    style += f";opacity:{opacity:g}" if opacity != 1 else ""
    style += f";stroke-dasharray:{_DASHES[dash]}" if dash in _DASHES else ""
    style += f";stroke-linecap:{ends}" if ends else ";stroke-linejoin:round"
    return f'<path d="{path}" vector-effect="non-scaling-stroke" style="{style}"/>'


def _axis_texts(layout: dict[str, Any], scale: _Scale) -> list[str]:
    rows, columns = layout["yaxis"], layout["xaxis"]
    left = [
        _text(0, scale.pixels(scale.y(value)) - 4, text, "start", MUTED)
        for value, text in zip(rows["tickvals"], rows["ticktext"], strict=True)
    ]
    below = [
        _text(scale.x(value) / SIZE * 100, scale.bottom + 18, text, _inwards(scale.x(value)), MUTED)
        for value, text in zip(columns["tickvals"], columns["ticktext"], strict=True)
    ]
    return left + below


def _inwards(x: float) -> str:
    """How a label stands to its place, so that none is cut at an end."""
    if x < EDGE * SIZE:
        return "start"
    return "end" if x > (1 - EDGE) * SIZE else "middle"


def _annotation(annotation: dict[str, Any], scale: _Scale) -> str:
    """A text above the plot, or above a value of its y axis; on the x axis or at a share of the width."""
    anchor = {"left": "start", "right": "end"}.get(annotation["xanchor"], "middle")
    place = annotation["x"] * 100 if annotation["xref"] == "paper" else scale.x(annotation["x"]) / SIZE * 100
    height = scale.pixels(0) - 5 if annotation["yref"] == "paper" else scale.pixels(scale.y(annotation["y"])) - 4
    return _text(place, height, annotation["text"], anchor, annotation["font"]["color"])


def _text(percent: float, y: float, text: str, anchor: str, colour: str) -> str:
    """A text, which a figure holds as Plotly reads it."""
    style = f"fill:{colour}"
    return (
        f'<text x="{percent:.2f}%" y="{y:.1f}" text-anchor="{anchor}" style="{style}">{escape(unescape(text))}</text>'
    )
