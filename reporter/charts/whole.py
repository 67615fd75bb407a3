"""A figure of this package as Plotly takes it: with all that figures have in common, and what a touch says."""

from typing import Any

from reporter.charts.axes import FAINT, MUTED, Figure
from reporter.charts.tooltips import FIRST, texts

DASHES = {"dot": "2px,3px", "dash": "7px,4px"}
"""Of lines: as the drawing has them, which Plotly takes over."""

_KEPT = ("type", "mode", "x", "y", "fill", "fillcolor", "opacity", "marker")
_TEXT = {"showarrow": False, "borderpad": 0, "borderwidth": 0}
_SHARED = {"tickmode": "array", "zeroline": False, "fixedrange": True}
_ACROSS = _SHARED | {"showgrid": False, "showline": True, "linecolor": MUTED, "linewidth": 1.5}
_UP = _SHARED | {"ticklabelposition": "inside top", "gridcolor": FAINT}


def whole(figure: Figure) -> Figure:
    """Give a figure all it needs to be drawn by Plotly; colours stay custom properties, `var(--ink)`.

    A page carries `packing.packed` instead, from which `charts.js` rebuilds this very figure.
    """
    layout = figure["layout"]
    upright, level = layout["xaxis"], layout["yaxis"]
    font = {"color": MUTED, "size": 12}
    return {
        "data": [_trace(trace, figure["data"]) for trace in figure["data"]],
        "layout": {
            "height": layout["height"],
            "margin": layout["margin"],
            "xaxis": {"type": "linear", "tickfont": font} | upright | _ACROSS,
            "yaxis": {"tickfont": font, "showgrid": True} | level | _UP,
            "shapes": [_rule(shape) for shape in layout["shapes"]],
            "annotations": [one | _TEXT for one in layout["annotations"]],
            "showlegend": False,
            "hovermode": layout.get("hovermode", "closest"),
            "dragmode": False,
        },
    }


def _trace(trace: dict[str, Any], traces: list[dict[str, Any]]) -> dict[str, Any]:
    kept: dict[str, Any] = {key: trace[key] for key in _KEPT if key in trace}
    if "lines" in trace["mode"]:
        kept["line"] = _dashed(trace["line"])
    if "text" in trace or trace.get("hover", FIRST) != FIRST:
        return kept | {"text": texts(trace, traces), "hoverinfo": "text"}
    return kept | {"hoverinfo": "skip"}


def _rule(shape: dict[str, Any]) -> dict[str, Any]:
    """Below the traces, but above the grid."""
    return shape | {"line": _dashed(shape["line"])} | ({"layer": "between"} if "layer" in shape else {})


def _dashed(line: dict[str, Any]) -> dict[str, Any]:
    return line | {"dash": DASHES.get(line.get("dash", "solid"), "solid")}
