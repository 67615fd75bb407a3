"""A figure as the short JSON that a page carries beside its drawing; `charts.js` rebuilds `whole.whole` from it.

Kinds of lines and colours are letters, days are numbers of days from the first one, and what a touch says is left out
where it can be written from the numbers. Keys of the figure: `h` height, margin above and below; `d` the first day;
`x`, `y` axes as range, ticks, texts (`y` also: 1 for no grid, the colour of texts); `j` that a touch tells all at one
place; `r` rules; `a` texts; `t` traces. Keys of a trace: `m` 2 for dots, 3 for dots on a line; `x` places, or the first
of them if they are a step of `s` apart; `y`; `u` bars from one y to the next; `b` there and back; `c`, `w`, `l`, `f`,
`o` colour, width, dash, fill, opacity; `k` dots; `h` the kind of what a touch says; `t` these texts.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from reporter.charts.axes import MUTED, Figure, named
from reporter.charts.drawing import STROKES
from reporter.charts.tooltips import AHEAD, AHEAD_OF_A_COUNT, COUNTED, FIRST

_KINDS = {COUNTED: 1, FIRST: 2, AHEAD: 3, AHEAD_OF_A_COUNT: 4}
_MODES = {"markers": 2, "lines+markers": 3}
_ANCHORS = {"left": 0, "center": 1, "right": 2}
_SYMBOLS = ("circle", "circle-open", "square-open")

_Days = Callable[[Any], Any]


def packed(figure: Figure) -> str:
    """Write a figure as JSON that cannot end the script element it stands in."""
    text = json.dumps(_figure(figure), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        if character in text:
            text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _figure(figure: Figure) -> dict[str, Any]:
    layout = figure["layout"]
    across, up, margin = layout["xaxis"], layout["yaxis"], layout["margin"]
    packed: dict[str, Any] = {"h": [layout["height"], margin["t"], margin["b"]]}
    days: _Days = _same
    ends = across["range"]
    if across.get("type") == "date":
        first = date.fromisoformat(ends[0][:10])
        since = first.toordinal()
        packed["d"], days = first.isoformat(), _Since(since)
        ends = [24 * (date.fromisoformat(end[:10]).toordinal() - since) + int(end[11:13]) for end in ends]
    packed["x"] = [*ends, [days(tick) for tick in across["tickvals"]], across["ticktext"]]
    packed["y"] = [*up["range"], up["tickvals"], up["ticktext"]]
    colour = up.get("tickfont", {}).get("color", MUTED)
    if not up.get("showgrid", True) or colour != MUTED:
        packed["y"] += [0 if up.get("showgrid", True) else 1, STROKES[named(colour)]]
    if layout.get("hovermode") == "x":
        packed["j"] = 1
    if layout["shapes"]:
        packed["r"] = [_rule(shape, days) for shape in layout["shapes"]]
    if layout["annotations"]:
        packed["a"] = [_text(one, days) for one in layout["annotations"]]
    packed["t"] = [_trace(trace, days) for trace in figure["data"]]
    return packed


def _same(place: object) -> object:
    return place


class _Since:
    """Days in ISO form, as numbers of days since the first; None stays None."""

    def __init__(self, first: int) -> None:
        self._first = first

    def __call__(self, day: str | None) -> int | None:
        return None if day is None else date.fromisoformat(day).toordinal() - self._first


def _rule(shape: dict[str, Any], days: _Days) -> list[Any]:
    """A rule: 1 if it is upright, where, its line, and 1 if it is below the traces."""
    upright, line = shape["yref"] == "paper", shape["line"]
    place = days(shape["x0"]) if upright else shape["y0"]
    below = int(shape.get("layer") == "below")
    return [int(upright), place, STROKES[named(line["color"])], line["width"], _dash(line), below]


def _text(one: dict[str, Any], days: _Days) -> list[Any]:
    """A text: on the x axis or (1) at a share of it, the same of y, where, what, how it stands and its colour."""
    by_share = [int(one[axis] == "paper") for axis in ("xref", "yref")]
    x = one["x"] if by_share[0] else days(one["x"])
    return [*by_share, x, one["y"], one["text"], _ANCHORS[one["xanchor"]], STROKES[named(one["font"]["color"])]]


def _dash(line: dict[str, Any]) -> int:
    return {"dot": 1, "dash": 2}.get(line.get("dash", ""), 0)


def _trace(trace: dict[str, Any], days: _Days) -> dict[str, Any]:
    packed: dict[str, Any] = {}
    if trace["mode"] in _MODES:
        packed["m"] = _MODES[trace["mode"]]
    packed |= _points([days(x) for x in trace["x"]], trace["y"])
    if "lines" in trace["mode"]:
        line = trace["line"]
        packed |= {"c": STROKES[named(line["color"])], "w": line["width"]}
        if _dash(line):
            packed["l"] = _dash(line)
    if "fillcolor" in trace:
        packed["f"] = STROKES[named(trace["fillcolor"])]
    if "opacity" in trace:
        packed["o"] = trace["opacity"]
    if "marker" in trace:
        marker = trace["marker"]
        packed["k"] = [STROKES[named(marker["color"])], marker["size"]]
        if "symbol" in marker:
            packed["k"] += [_SYMBOLS.index(marker["symbol"]), marker["line"]["width"]]
    if "text" in trace:
        packed["t"] = _texts(trace["text"])
    elif "hover" in trace:
        packed["h"] = _KINDS[trace["hover"]]
    return packed


def _points(x: list[Any], y: list[Any]) -> dict[str, Any]:
    """Places and values, in the shortest of the forms there are."""
    half, packed = len(x) // 2, {}
    if len(x) % 3 == 0 and x and x[0::3] == x[1::3] and not any(value is not None for value in y[2::3]):
        x, packed["u"] = x[0::3], 1
        y = [value for n, value in enumerate(y) if n % 3 != 2]  # noqa: PLR2004 - the gaps
    elif half and len(x) == 2 * half and x[:half] == x[: half - 1 : -1]:
        x, packed["b"] = x[:half], 1
    if len(x) > 1 and None not in x:
        step = x[1] - x[0]
        if isinstance(step, int) and all(after - before == step for before, after in pairwise(x)):
            return packed | {"x": x[0], "y": y} | ({"s": step} if step != 1 else {})
    return packed | {"x": x, "y": y}


def _texts(texts: Sequence[str]) -> list[Any]:
    """Texts of lines; where all have as many lines, how each line of all of them begins is said once."""
    lines = [text.replace("<br>", "\n").split("\n") for text in texts]
    many = {len(one) for one in lines}
    if len(many) != 1 or len(texts) < 3:  # noqa: PLR2004 - nothing to gain
        return ["\n".join(one) for one in lines]
    starts = [_start(column) for column in zip(*lines, strict=True)]
    rests = ["\n".join(line[len(start) :] for line, start in zip(one, starts, strict=True)) for one in lines]
    return [starts, *rests]


def _start(texts: Sequence[str]) -> str:
    """What all of the texts begin with.

    >>> _start(["likely 4", "likely 12"])
    'likely '
    """
    first, last = min(texts), max(texts)
    same = next((n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:same]
