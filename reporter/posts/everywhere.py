"""All places of a post, the biggest misses first."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reporter import charts
from reporter.posts.book import Book, Forecast, Place
from reporter.posts.comparison import judgements, lead_of
from reporter.posts.judge import LIKELY, MISS, POINT, SURE, Judgement
from reporter.posts.trend import of_places
from reporter.posts.words import Count, Words, has_range, join, rounded, say, step_of
from reporter.schema import INTERVALS, MEDIAN


@dataclass(frozen=True)
class PlaceRow:
    """One place in the table of places. A page has many."""

    place: Place
    judged: Judgement | None
    was: Count | None
    next: Count | None
    bar: str | None


def next_count(forecast: Forecast | None) -> Count | None:
    """The middle of what a forecast says of its first period, as coarse as it deserves."""
    if forecast is None:
        return None
    quantiles = next(iter(forecast.ahead.values()))
    return rounded(float(quantiles[MEDIAN]), step_of(quantiles))


def next_words(forecast: Forecast | None) -> Words | None:
    """What a forecast says of its first period, in a few words."""
    count = next_count(forecast)
    if forecast is None or count is None:
        return None
    return say("about {}" if has_range(next(iter(forecast.ahead.values()))) else "{}", count)


REACHES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Scales of the small bars: shares of what was said."""


@dataclass(frozen=True)
class Places:
    """The table of places.

    Attributes:
        rows: the biggest misses first.
        held: how many were inside, in the wide range only, missed; None where nothing was judged.
        reach: the scale of the bars.
    """

    rows: list[PlaceRow]
    held: Words | None
    reach: str


def places_of(book: Book, target: str, day: date) -> Places:
    """Every place, the biggest misses first."""
    places = book.there(day, target)
    judged = {
        place.location: lead_of(book, judgements(book, (target, place.location), day)) for place in places
    }  # fmt: skip
    known = [one for one in judged.values() if one is not None]
    reach = _reach([one for one in known if one.verdict != POINT])
    rows = [_place_row(book, target, day, place, judged[place.location], reach) for place in places]
    rows.sort(key=_badness, reverse=True)
    held = held_sentence(Counter(one.verdict for one in known), len(rows)) if known else None
    return Places(rows, held, f"{round(100 * reach)}\u202f%")


def held_sentence(verdicts: Mapping[str, int], places: int) -> Words:
    """How many counts were in which range.

    >>> str(held_sentence({LIKELY: 30, SURE: 21, MISS: 2}, 54))
    'The count was inside the likely range in 30 of 54 places, in the wide range only in 21 and outside both in 2; in \
one there is nothing to judge.'
    """
    said = {LIKELY: "inside the likely range", SURE: "in the wide range only", MISS: "outside both"}
    said |= {POINT: "beside one number without a range"}
    parts: list[Words] = []
    for verdict, words in said.items():
        number_of = verdicts.get(verdict, 0)
        if number_of:
            parts.append(say(words + " in {}", of_places(number_of, places, bare=bool(parts))))
    ending = parts[0] if len(parts) == 1 else say("{} and {}", join(parts[:-1], ", "), parts[-1])
    rest = places - sum(verdicts.values())
    if rest:
        ending = say("{}; in {} there is nothing to judge", ending, of_places(rest, places, bare=True))
    return say("The count was {}.", ending)


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
    expected = next_count(book.leading(book.forecasts(day, series)))
    return PlaceRow(place, judged, None if was is None else Count(was), expected, bar)
