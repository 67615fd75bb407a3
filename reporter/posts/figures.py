"""Charts of a page: the figure, what it says in words, and what its marks mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reporter import charts
from reporter.dates import Cadence, day_in_words
from reporter.posts.book import Book, Forecast, Place
from reporter.posts.judge import Judgement, path
from reporter.posts.marked import Odd, drawn, marks_on, why
from reporter.posts.words import Count, Words, expectation, has_range, interval, join, listing, period, say, upper_first
from reporter.schema import MEDIAN, is_cumulative

WINDOW = {Cadence.DAY: 56, Cadence.WEEK: 40}
"""How many of the newest periods a chart shows."""

MOST_NAMED = 3
"""Marked counts that a chart's description names one by one; more are counted."""

PAST = 14
"""How many past forecasts a place's chart shows."""


@dataclass(frozen=True)
class Chart:
    """A figure and its text alternative.

    Attributes:
        ident: unique on its page.
        key: what each kind of mark means, as (CSS class, words).
        note: what the figure does not show.
        interactive: whether the figure is also drawn by Plotly.
    """

    ident: str
    figure: dict[str, Any]
    title: str
    description: str
    key: tuple[tuple[str, str], ...] = ()
    note: Words | None = None
    interactive: bool = True

    @property
    def svg(self) -> str:
        """The figure as inline SVG, its texts escaped."""
        return charts.svg(self.figure, self.ident, self.title, self.description)

    @property
    def packed(self) -> str:
        """The figure as the short JSON that a page's script draws from."""
        return charts.packed(self.figure)


def window(counts: dict[date, float], end: date, cadence: Cadence) -> dict[date, float]:
    """The newest counts through `end`, as many periods as a chart shows."""
    start = end - WINDOW[cadence] * cadence.step
    return {day: value for day, value in counts.items() if start < day <= end}


def fan_chart(
    book: Book, target: str, place: Place, reference: date, *, ident: str, history: bool = False, height: int = 320
) -> Chart:
    """The forecast made at `reference`, over the counts as known then and the forecast before.

    With `history` it shows the latest counts, first values and many past forecasts instead.
    """
    series, cadence = (target, place.location), book.record.cadence
    forecast = book.leading(book.forecasts(reference, series))
    if history:
        counts = {day: value for day, value in book.latest.get(series, {}).items() if day <= reference}
    else:
        counts = book.known(reference, series)
    shown = window(counts, reference, cadence)
    earlier = [] if forecast is None else _earlier(book, forecast.model, series, reference, PAST if history else 1)
    odd = _odd(book, series, reference, shown)
    fan = charts.Fan(
        cadence=cadence,
        counts=shown,
        ahead=forecast.ahead if forecast else {},
        reference=reference,
        previous=None if history or not earlier else earlier[-1],
        past=earlier if history else (),
        revised=_revised(book, target, place, shown) if history else None,
        odd={one.day: why(one, target, cadence) for one in odd},
        apart=frozenset(one.day for one in odd if not is_cumulative(target) and not one.provisional),
        height=height,
    )
    figure = charts.fan(fan)
    return Chart(
        ident=ident,
        figure=figure,
        title=upper_first(f"{book.target_title(target)}, {place.name}: counts and forecast"),
        description=_described(shown, forecast, cadence, odd),
        key=_key(fan),
        note=_note(fan),
    )


def _odd(book: Book, series: tuple[str, str], reference: date, shown: dict[date, float]) -> list[Odd]:
    """The marked counts a chart shows; one that was revised since it was marked is no longer the count that was."""
    found = drawn(marks_on(book, series, reference))
    return [odd for odd in found if shown.get(odd.day) == odd.value]


def _note(fan: charts.Fan) -> Words | None:
    cut, outside = charts.cut(fan), charts.outside(fan)
    parts = [] if cut is None else [say("The wide range goes on above the chart, up to {}.", Count(cut))]
    if outside:
        parts.append(outside_words(outside, fan.cadence))
    return join(parts) if parts else None


def outside_words(outside: dict[date, float], cadence: Cadence) -> Words:
    """Which marked counts a chart's scale leaves out."""
    farthest = max(outside, key=lambda day: abs(outside[day]))
    which = f" for {period(farthest, cadence)}."
    if len(outside) == 1:
        return say("One marked count is outside the chart: {}" + which, Count(outside[farthest]))
    pattern = "{} marked counts are outside the chart, the farthest {}" + which
    return say(pattern, Count(len(outside)), Count(outside[farthest]))


def _earlier(book: Book, model: str, series: tuple[str, str], reference: date, most: int) -> list[dict[date, float]]:
    """Medians of one model's earlier forecasts, oldest first, from their last known counts on."""
    lines = []
    for day in [day for day in book.dates if day < reference][-most:]:
        forecast = book.forecasts(day, series).get(model)
        if forecast is not None:
            lines.append(dict(path(forecast, book.counted(series, day))))
    return lines


def _revised(book: Book, target: str, place: Place, shown: dict[date, float]) -> dict[date, float]:
    """First values of periods on record that the latest differ from by more than a dot."""
    first = book.first.get((target, place.location), {})
    since, visible = book.dates[0], 0.01 * max(shown.values(), default=0.0)
    return {
        day: first[day] for day in shown if day >= since and day in first and abs(first[day] - shown[day]) > visible
    }


def _described(counts: dict[date, float], forecast: Forecast | None, cadence: Cadence, odd: Sequence[Odd] = ()) -> str:
    parts = []
    if counts:
        newest, oldest = max(counts), min(counts)
        parts.append(f"Counted {Count(counts[oldest])} for {period(oldest, cadence)}")
        parts[-1] += f" and {Count(counts[newest])} for {period(newest, cadence)}."
    if forecast is not None:
        last = max(forecast.ahead)
        parts.append(f"Forecast for {period(last, cadence)}: {expectation(forecast.ahead[last])}.")
    if odd:
        named = [f"{Count(counts[one.day])} for {period(one.day, cadence)}" for one in reversed(odd)]
        rest = len(named) - MOST_NAMED
        named = named if rest <= 0 else [*named[:MOST_NAMED], f"{Count(rest)} more"]
        parts.append(f"Marked as odd: {listing(named)}.")
    return " ".join(parts) or "No counts and no forecast."


def _key(fan: charts.Fan) -> tuple[tuple[str, str], ...]:
    key = [("counted", "counted")]
    if fan.revised:
        key.append(("hollow", "first value, since revised"))
    if fan.odd:
        key.append(("odd", "marked as odd"))
    if fan.ahead:
        key.append(("median", "about"))
        if any(map(has_range, fan.ahead.values())):
            key += [("likely", "likely (50 %)"), ("sure", "almost surely (95 %)")]
    if fan.previous:
        key.append(("previous", "said the time before"))
    if fan.past:
        key.append(("past", "said before, fading with age"))
    return tuple(key)


def strip_chart(judgement: Judgement, ident: str, day: date, cadence: Cadence) -> Chart:
    """The judged forecast as a density, with the count as a mark."""
    return Chart(
        ident=ident,
        figure=charts.strip(judgement.quantiles, judgement.was.value),
        title=f"What was said of {period(day, cadence)}, and what it was",
        description=f"Said {expectation(judgement.quantiles)}; it was {judgement.was}, {judgement.verdict_words}.",
        interactive=False,
    )


@dataclass(frozen=True)
class Ahead:
    """A row of a forecast table."""

    when: str
    median: Count
    likely: Words | None
    sure: Words | None


def ahead_rows(forecast: Forecast) -> list[Ahead]:
    """Every period a forecast speaks of."""
    rows = []
    for day, quantiles in forecast.ahead.items():
        ranged = has_range(quantiles)
        ranges = (interval(quantiles, 50), interval(quantiles, 95)) if ranged else (None, None)
        rows.append(Ahead(day_in_words(day, year=False), Count(float(quantiles[MEDIAN])), *ranges))
    return rows
