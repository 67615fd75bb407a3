"""All places of a post, the biggest misses first."""

from dataclasses import dataclass
from datetime import date

from reporter import charts
from reporter.posts.book import Book, Forecast, Place
from reporter.posts.comparison import judgements, lead_of
from reporter.posts.judge import MISS, POINT, SURE, Judgement
from reporter.posts.words import Count, Words, has_range, rounded, say, step_of
from reporter.schema import INTERVALS, MEDIAN


@dataclass(frozen=True)
class PlaceRow:
    """One place in the table of places."""

    place: Place
    judged: Judgement | None
    was: Count | None
    next: Words | None
    bar: str | None


def next_words(forecast: Forecast | None) -> Words | None:
    """What a forecast says of its first period, in a few words."""
    if forecast is None:
        return None
    quantiles = next(iter(forecast.ahead.values()))
    median = float(quantiles[MEDIAN])
    if not has_range(quantiles):
        return say("{}", Count(median))
    return say("about {}", rounded(median, step_of(quantiles)))


REACHES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Scales of the small bars: shares of what was said."""


def place_rows(book: Book, target: str, day: date) -> tuple[list[PlaceRow], str]:
    """Every place, the biggest misses first, and the scale of their bars."""
    places = book.there(day, target)
    judged = {
        place.location: lead_of(book, judgements(book, (target, place.location), day)) for place in places
    }  # fmt: skip
    reach = _reach([one for one in judged.values() if one is not None and one.verdict != POINT])
    rows = [_place_row(book, target, day, place, judged[place.location], reach) for place in places]
    rows.sort(key=_badness, reverse=True)
    return rows, f"{round(100 * reach)}\u202f%"


def _badness(row: PlaceRow) -> tuple[int, float]:
    """Misses first, then what the wide range held only, then the rest; each by the share it was off."""
    if row.judged is None:
        return -1, 0.0
    return {MISS: 2, SURE: 1}.get(row.judged.verdict, 0), abs(row.judged.share or 0.0)


def _reach(judged: list[Judgement]) -> float:
    """The smallest scale that holds the wide range of half the places."""
    lower, upper = INTERVALS[95]
    halves = sorted(float(one.quantiles[upper] - one.quantiles[lower]) / 2 / max(one.said.value, 1.0) for one in judged)
    middle = halves[len(halves) // 2] if halves else 0.0
    return next((reach for reach in REACHES if reach >= middle), REACHES[-1])


def _place_row(book: Book, target: str, day: date, place: Place, judged: Judgement | None, reach: float) -> PlaceRow:
    series = (target, place.location)
    was = book.counted(series, day)
    bar = None if judged is None or judged.verdict == POINT else charts.bar(judged.quantiles, judged.was.value, reach)
    expected = next_words(book.leading(book.forecasts(day, series)))
    return PlaceRow(place, judged, None if was is None else Count(was), expected, bar)
