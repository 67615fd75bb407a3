"""How right models were, a row for each: skill with its interval, the parts of the score, how often ranges held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reporter.charts.axes import (
    EDGE,
    FORECAST,
    INK,
    LIKELY,
    MUTED,
    OUTSIDE,
    PAPER,
    SURE,
    Figure,
    line,
    literal,
    nice_ticks,
    plain,
)
from reporter.charts.rows import MARK, axis, box, dots, in_rows, stroke

MOST_SKILL = 2.5
"""Skill beyond this is cut: far worse than no change is all that matters of it."""


@dataclass(frozen=True)
class SkillRow:
    """A model's skill and its interval; None where there is none."""

    name: str
    words: str
    skill: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class PartsRow:
    """A model's score as width, too high and too low, in units of the baseline's score or of the counts."""

    name: str
    words: str
    parts: tuple[float, float, float]


@dataclass(frozen=True)
class HeldRow:
    """How often a model's ranges held: nominal percent → the share that held, and the band around the nominal."""

    name: str
    words: str
    held: Mapping[int, tuple[float, float, float]]


PART_COLOURS = (("width", LIKELY, EDGE), ("too high", OUTSIDE, OUTSIDE), ("too low", PAPER, OUTSIDE))
"""The parts of a score, with their fill and edge: width, and the two penalties."""


def skills(rows: Sequence[SkillRow], baseline: str) -> Figure:
    """Draw each model's skill as a dot with its interval, and the baseline as a rule at 1."""
    ends = [value for row in rows for value in (row.skill, row.high) if value is not None]
    top = min(max([1.25, *ends]) * 1.04, MOST_SKILL)
    traces = [_uprights([1], len(rows), INK)]
    for place, row in enumerate(rows):
        y = place + MARK
        skill = min(row.skill, top)
        if row.low is not None and row.high is not None:
            ends = [plain(min(end, top)) for end in (row.low, row.high)]
            traces.append(stroke(ends, [y, y], LIKELY, 9))
        traces.append(stroke([1, skill], [y, y], MUTED, 1))
        traces.append(dots([skill], [y], FORECAST if row.skill != 1 else MUTED, [literal(f"{row.name}: {row.words}")]))
    layout = in_rows(rows, _axis(top, nice_ticks(0, top, 5)))
    layout["annotations"].append(_head(1, literal(f"{baseline}: 1")))
    return {"data": traces, "layout": layout}


def is_cut(rows: Sequence[SkillRow]) -> bool:
    """Whether a skill or an end of its interval is beyond the chart."""
    return any(value > MOST_SKILL for row in rows for value in (row.skill, row.high or 0))


def parts(rows: Sequence[PartsRow], *, relative: bool) -> Figure:
    """Draw each model's score as a bar in three parts.

    Args:
        relative: the parts are in units of the baseline's score, which is marked at 1.
    """
    top = max([sum(row.parts) for row in rows] + [1.1 if relative else 0]) * 1.02 or 1.0
    if relative:
        top = min(top, MOST_SKILL)
    traces = []
    for number, (name, fill, edge) in enumerate(PART_COLOURS):
        x: list[float | None] = []
        y: list[float | None] = []
        for place, row in enumerate(rows):
            left, right = (min(sum(row.parts[:end]), top) for end in (number, number + 1))
            if right > left:
                box(x, y, left, right, place + MARK - 0.14, place + MARK + 0.14)
        trace = line(name, [], [], edge, 1) | {"fill": "toself", "fillcolor": fill}
        traces.append(trace | {"x": x, "y": y})
    if relative:
        traces.append(_uprights([1], len(rows), MUTED))
    return {"data": traces, "layout": in_rows(rows, _axis(top, nice_ticks(0, top)))}


def held(rows: Sequence[HeldRow]) -> Figure:
    """Draw how often each range held as a dot, joined to how often it should have, with the band of chance."""
    traces = []
    for place, row in enumerate(rows):
        y = place + MARK
        x_band: list[float | None] = []
        y_band: list[float | None] = []
        for nominal, (share, low, high) in row.held.items():
            box(x_band, y_band, 100 * low, 100 * high, y - 0.17, y + 0.17)
            traces.append(stroke([nominal, 100 * share], [y, y], MUTED, 1.5))
        band = line("by chance", [], [], EDGE, 0.75) | {"fill": "toself", "fillcolor": SURE}
        traces.insert(0, band | {"x": x_band, "y": y_band})
        for nominal, (share, low, high) in row.held.items():
            inside = low <= share <= high
            text = f"{literal(row.name)}<br>{nominal} % range held {100 * share:.0f} %<br>by chance {100 * low:.0f}"
            text += f"\u2013{100 * high:.0f} %"
            dot = dots([100 * share], [y], INK if inside else OUTSIDE, [text])
            if not inside:
                dot["marker"] |= {"symbol": "circle-open", "size": 9, "line": {"color": OUTSIDE, "width": 2}}
            traces.append(dot)
    nominals = sorted({nominal for row in rows for nominal in row.held})
    marks = {"range": [0, 102], "tickvals": [0, *nominals], "ticktext": ["0", *(f"{n}\u202f%" for n in nominals)]}
    traces.insert(len(rows), _uprights(nominals, len(rows), MUTED))
    return {"data": traces, "layout": in_rows(rows, _axis(102, []) | marks)}


def _axis(top: float, ticks: list[float]) -> dict[str, Any]:
    return axis(0, top, ticks, [f"{tick:g}" for tick in ticks])


def _head(x: float, text: str) -> dict[str, Any]:
    """A text above the plot at `x`."""
    return {
        "x": x, "y": 1, "xref": "x", "yref": "paper", "text": text,
        "xanchor": "center", "yanchor": "bottom", "font": {"color": MUTED, "size": 12},
    }  # fmt: skip


def _uprights(places: Sequence[float], rows: int, colour: str) -> dict[str, Any]:
    """Short upright rules through the marks of every row, clear of the texts above them."""
    x: list[float | None] = []
    y: list[float | None] = []
    for row in range(rows):
        for place in places:
            x += [plain(place), plain(place), None]
            y += [plain(row + MARK - 0.2), plain(row + MARK + 0.2), None]
    return line("", [], [], colour, 1.25) | {"x": x, "y": y}
