"""Drawings as small as a word, of which a page has many: whole coordinates, and looks left to the style sheet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from reporter.dates import Cadence
from reporter.schema import INTERVALS, MEDIAN, Floats

WIDTH, HEIGHT = 120, 40
"""Of a multiple, in units of its own; a style sheet stretches it."""


@dataclass(frozen=True)
class Mini:
    """One of many small charts, all of the same periods.

    Attributes:
        start, end: the first and last day there is room for.
        counts: counted so far; a gap is a gap.
        reference: the newest counted day.
        ahead: quantiles by period end.
        missed: the last day whose count was outside the wide range.
    """

    start: date
    end: date
    cadence: Cadence
    counts: Mapping[date, float]
    reference: date
    ahead: Mapping[date, Floats]
    missed: date | None = None


def mini(chart: Mini) -> str:
    """Draw the counts as a line, the forecast as two bands and a line, and the last miss as a ring.

    The text beside it says the same: it is hidden from those who cannot see it. It begins at zero; a wide range may
    leave it at the top.
    """
    likely = [float(quantiles[INTERVALS[50][1]]) for quantiles in chart.ahead.values()]
    wide = [float(quantiles[INTERVALS[95][1]]) for quantiles in chart.ahead.values()]
    seen = max([*chart.counts.values(), *likely, 0.0])
    top = max(min(max(wide, default=0.0), 1.5 * seen), seen) or 1.0
    days = max((chart.end - chart.start).days, 1)

    def at(day: date, value: float) -> tuple[int, int]:
        x = round((WIDTH - 6) * (day - chart.start).days / days) + 3
        return x, round((HEIGHT - 4) * (1 - min(max(value / top, -0.1), 1.1))) + 2

    last = chart.counts.get(chart.reference)
    start = [] if last is None else [at(chart.reference, last)]
    shapes = []
    for name, nominal in (("s", 95), ("l", 50)):
        low, high = (
            [*start, *(at(day, float(quantiles[i])) for day, quantiles in chart.ahead.items())]
            for i in INTERVALS[nominal]
        )
        if low and high != low:
            shapes.append(f'<path class="{name}" d="{_through([*low, *reversed(high)])}z"/>')
    middle = [*start, *(at(day, float(quantiles[MEDIAN])) for day, quantiles in chart.ahead.items())]
    if chart.ahead:
        shapes.append(f'<path class="m" d="{_through(middle)}"/>')
    runs = "".join(_through([at(*point) for point in run]) for run in _runs(chart.counts, chart.cadence))
    if runs:
        shapes.append(f'<path class="c" d="{runs}"/>')
    if chart.missed is not None and chart.missed in chart.counts:
        x, y = at(chart.missed, chart.counts[chart.missed])
        shapes.append(f'<path class="x" d="M{x} {y}h0"/><path class="o" d="M{x} {y}h0"/>')
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
    return f'<svg class="mini" {box} aria-hidden="true">{"".join(shapes)}</svg>'


def _runs(counts: Mapping[date, float], cadence: Cadence) -> Iterable[list[tuple[date, float]]]:
    """Counts without gaps between."""
    run: list[tuple[date, float]] = []
    for day, value in counts.items():
        if run and day - run[-1][0] != cadence.step:
            yield run
            run = []
        run.append((day, value))
    if run:
        yield run


def _through(points: list[tuple[int, int]]) -> str:
    """An SVG path through points, each relative to the one before; a single one is a dot.

    >>> _through([(3, 20), (6, 18), (9, 18), (12, 25)]), _through([(3, 20)])
    ('M3 20l3-2 3 0 3 7', 'M3 20h0')
    """
    (x, y), *rest = points
    path, before = "", (x, y)
    for point in rest:
        across, down = point[0] - before[0], point[1] - before[1]
        path += f"{' ' if path else ''}{across}{down}" if down < 0 else f"{' ' if path else ''}{across} {down}"
        before = point
    return f"M{x} {y}{f'l{path}' if path else 'h0'}"


BAR = (100, 16)
"""Width and height of a row's bar, in pixels."""


def bar(quantiles: Floats, actual: float, reach: float) -> str:
    """A row's tiny SVG: wide range, likely range and count, in shares of the median, ±`reach` at the ends.

    The style sheet knows them by this order: a page has hundreds.
    """
    median = float(quantiles[MEDIAN])
    unit = (abs(median) or 1.0) * reach
    width, height = BAR

    def at(value: float) -> int:
        return round(width / 2 + (width / 2 - 2) * max(-1.0, min(1.0, (value - median) / unit)))

    ranges = []
    for nominal in (95, 50):
        left, right = (at(float(quantiles[i])) for i in INTERVALS[nominal])
        ranges.append(f'<path d="M{left} {height // 2}h{max(right - left, 1)}"/>')
    return f'<svg>{"".join(ranges)}<path d="M{at(actual)} 0v{height}"/></svg>'
