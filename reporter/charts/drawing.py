"""A figure of this package as inline SVG: as wide as its parent, its shapes stretched and its texts not.

Nothing is styled in place: colours, dashes and ends of lines are classes of a letter each, which the style sheet holds
under `/* charts */`; a page's Content-Security-Policy allows no `style` attribute.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from html import escape, unescape
from typing import Any

from reporter.charts.axes import FAINT, MUTED, PAPER, Figure, named

SIZE = 1000
"""Both sides of the stretching plot, in units of its own."""

EDGE = 0.012
"""Half a letter's width, amply, as a share of a phone's."""

FLOOR = 1.5
"""Pixels of the line below a plot."""

INSET = 3
"""Pixels between a label of the y axis and the edge, as Plotly has them."""

STROKES = {
    "ink": "i", "forecast": "f", "likely": "l", "sure": "s", "edge": "e", "faint": "n", "muted": "m", "outside": "o",
    "paper": "p",
}  # fmt: skip
"""Classes of lines and texts by colour; of areas, the same letter in upper case."""

_DASHES = {"dot": "t", "dash": "d"}
_ANCHORS = {"start": "", "middle": " c", "end": " z"}

Point = tuple[float, float]


def svg(figure: Figure, ident: str, title: str, description: str) -> str:
    """Draw a figure of this package as SVG, for HTML: without a namespace of its own.

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
    plot += "".join([_trace(trace, scale) for trace in figure["data"]])
    plot += "".join([_shape(shape, scale) for shape in above])
    texts = "".join([*_axis_texts(layout, scale), *(_annotation(a, scale) for a in layout["annotations"])])
    floor = _path(f"M0 {scale.bottom + FLOOR / 2:g}H9999", MUTED, FLOOR)
    name = escape(ident)
    return (
        f'<svg class="plot" role="img" width="100%" height="{height}" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title, quote=False)}</title>'
        f'<desc id="{name}-d">{escape(description, quote=False)}</desc>'
        f'<svg y="{top}" height="{height - top - bottom}" viewBox="0 0 {SIZE} {SIZE}" '
        f'preserveAspectRatio="none">{plot}</svg>{floor}{texts}</svg>'
    )


class _Scale:
    """From values to places in the plot."""

    def __init__(self, layout: dict[str, Any]) -> None:
        (self._left, right), (low, self._high) = (
            map(_value, layout[axis]["range"]) for axis in ("xaxis", "yaxis")
        )  # fmt: skip
        self._wide, self._tall = SIZE / (right - self._left), SIZE / (self._high - low)
        self._top: int = layout["margin"]["t"]
        self.bottom: int = layout["height"] - layout["margin"]["b"]

    def x(self, value: object) -> float:
        return (_value(value) - self._left) * self._wide

    def y(self, value: object) -> float:
        return (self._high - _value(value)) * self._tall

    def pixels(self, y: float) -> float:
        """Distance from the top of the whole figure."""
        return self._top + y / SIZE * (self.bottom - self._top)

    def points(self, trace: dict[str, Any]) -> list[tuple[int, int] | None]:
        """Where a trace's points are drawn; None where it has a gap."""
        left, high, wide, tall = self._left, self._high, self._wide, self._tall
        return [
            None if x is None or y is None else (round((_value(x) - left) * wide), round((high - y) * tall))
            for x, y in zip(trace["x"], trace["y"], strict=True)
        ]


def _value(value: object) -> float:
    """A day or moment in days, or a number as it is."""
    return _days(value) if isinstance(value, str) else float(value)  # type: ignore[arg-type]


@lru_cache(maxsize=4096)
def _days(moment: str) -> float:
    hours = int(moment[11:13]) if len(moment) > 10 else 0  # noqa: PLR2004 - as _moment writes it
    return date.fromisoformat(moment[:10]).toordinal() + hours / 24


def _gridlines(layout: dict[str, Any], scale: _Scale) -> list[str]:
    ticks = layout["yaxis"]["tickvals"] if layout["yaxis"].get("showgrid", True) else []
    return [_path("".join(f"M0 {scale.y(tick):.0f}H{SIZE}" for tick in ticks), FAINT, 1)]


def _trace(trace: dict[str, Any], scale: _Scale) -> str:
    points = scale.points(trace)
    drawn = ""
    if "lines" in trace["mode"]:
        line, fill = trace["line"], trace.get("fillcolor")
        drawn += _path(
            through(points), line["color"], line["width"], fill, trace.get("opacity", 1), _DASHES.get(line.get("dash"))
        )
    if "markers" in trace["mode"]:
        drawn += _dots([point for point in points if point], trace["marker"])
    return drawn


def through(points: Iterable[tuple[int, int] | None]) -> str:
    """A short SVG path through the points, interrupted at gaps and closed where it comes back.

    >>> through([(0, 10), (5, 4), (9, 4), None, (9, 9), (9, 9)]), through([(1, 1), (3, 1), (3, 2), (1, 1)])
    ('m0 10 5-6h4m0 5h0', 'm1 1h2v1z')
    """
    parts: list[str] = []
    run: list[tuple[int, int]] = []
    at = (0, 0)
    for point in (*points, None):
        if point is not None:
            run.append(point)
        elif run:
            parts.append(_run(run, at))
            at, run = (run[0] if parts[-1][-1] == "z" else run[-1]), []
    return "".join(parts)


def _run(run: list[tuple[int, int]], at: tuple[int, int]) -> str:
    """One line, from where the pen is."""
    start = x, y = run[0]
    closed = len(run) > 2 and run[-1] == start  # noqa: PLR2004 - there and back is no area
    steps, command = [], ","  # pairs that follow a move are lines
    for point in run[1:-1] if closed else run[1:]:
        across, down = point[0] - x, point[1] - y
        x, y = point
        if across and down:
            pair = _pair(across, down)
            between = "l" if command not in ",l" else " " if across > 0 else ""
            steps.append(between + pair)
            command = command if command == "," else "l"
        elif across or down:
            command = "h" if across else "v"
            steps.append(f"{command}{across or down}")
    return f"m{_pair(start[0] - at[0], start[1] - at[1])}{''.join(steps) or 'h0'}{'z' if closed else ''}"


def _pair(x: int, y: int) -> str:
    return f"{x}{y}" if y < 0 else f"{x} {y}"


def _dots(points: Sequence[tuple[int, int]], marker: dict[str, Any]) -> str:
    """Dots that stay round, or squares, in a stretched plot: lines of no length with such ends."""
    path, x, y = "", 0, 0
    for across, down in points:
        path += f"m{_pair(across - x, down - y)}h0"
        x, y = across, down
    symbol = marker.get("symbol", "circle")
    ends = "q" if symbol.startswith("square") else "r"
    if not symbol.endswith("-open"):
        return _path(path, marker["color"], marker["size"], kind=ends)
    size, width = marker["size"], marker["line"]["width"]
    return _path(path, marker["color"], size + width, kind=ends) + _path(path, PAPER, size - width, kind=ends)


def _shape(shape: dict[str, Any], scale: _Scale) -> str:
    """A rule across the plot, upright or level."""
    line = shape["line"]
    upright = shape["yref"] == "paper"
    path = f"M{scale.x(shape['x0']):.0f} 0V{SIZE}" if upright else f"M0 {scale.y(shape['y0']):.0f}H{SIZE}"
    return _path(path, line["color"], line["width"], kind=_DASHES.get(line["dash"]))


def _path(
    path: str, colour: str, width: float, fill: str | None = None, opacity: float = 1, kind: str | None = None
) -> str:
    if not path:
        return ""
    classes = STROKES[named(colour)]
    if fill:
        classes += f" {STROKES[named(fill)].upper()}"
    if kind:
        classes += f" {kind}"
    wide = f' stroke-width="{width:g}"' if width != 1 else ""
    faint = f' opacity="{opacity:g}"' if opacity != 1 else ""
    return f'<path class="{classes}"{wide}{faint} d="{path}"/>'


def _axis_texts(layout: dict[str, Any], scale: _Scale) -> list[str]:
    rows, columns = layout["yaxis"], layout["xaxis"]
    colours = [named(axis.get("tickfont", {}).get("color", MUTED)) for axis in (rows, columns)]
    left = [
        _text(0, scale.pixels(scale.y(value)) - 4, text, "start", colours[0], INSET)
        for value, text in zip(rows["tickvals"], rows["ticktext"], strict=True)
    ]
    below = [
        _text(scale.x(value) / SIZE * 100, scale.bottom + 16, text, _inwards(scale.x(value), text), colours[1])
        for value, text in zip(columns["tickvals"], columns["ticktext"], strict=True)
    ]
    return left + below


def _inwards(x: float, text: str) -> str:
    """How a label stands to its place, so that none is cut at an end."""
    half = EDGE * len(text) * SIZE
    if x < half:
        return "start"
    return "end" if x > SIZE - half else "middle"


def _annotation(annotation: dict[str, Any], scale: _Scale) -> str:
    """A text above the plot, or above a value of its y axis; on the x axis or at a share of the width."""
    anchor = {"left": "start", "right": "end"}.get(annotation["xanchor"], "middle")
    place = annotation["x"] * 100 if annotation["xref"] == "paper" else scale.x(annotation["x"]) / SIZE * 100
    height = scale.pixels(0) - 5 if annotation["yref"] == "paper" else scale.pixels(scale.y(annotation["y"])) - 4
    return _text(place, height, annotation["text"], anchor, named(annotation["font"]["color"]))


def _text(percent: float, y: float, text: str, anchor: str, colour: str, pixels: int = 0) -> str:
    """A text, which a figure holds as Plotly reads it."""
    place = f' x="{percent:.1f}%"' if percent else f' x="{pixels}"' if pixels else ""
    shown = escape(unescape(text), quote=False)
    return f'<text{place} y="{y:.0f}" class="{STROKES[colour]}{_ANCHORS[anchor]}">{shown}</text>'
