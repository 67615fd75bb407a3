"""The numbers of a page as rows: one a count, a forecast of one period, or a figure made from them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from reporter.posts.book import LOOKBACK, Book, Forecast, Place, Series
from reporter.posts.comparison import judgements, lead_of
from reporter.posts.everywhere import PlaceRow
from reporter.posts.figures import PAST, window
from reporter.posts.place import MOST_PAST, PlacePage
from reporter.posts.post import Post
from reporter.posts.standing import Standing, kind_words
from reporter.posts.wave import Wave
from reporter.posts.waves import courses
from reporter.schema import INTERVALS, MEDIAN, QUANTITIES, Floats

WHOLE = 100
"""From here on values are whole, as pages print them; smaller ones have six significant digits."""

_LEVELS = (INTERVALS[95][0], INTERVALS[50][0], MEDIAN, INTERVALS[50][1], INTERVALS[95][1])


class Row(NamedTuple):
    """One row of a page's numbers; `docs/downloads.md` says what each column holds."""

    what: str
    target: str
    location: str
    location_name: str
    model_id: str | None = None
    reference_date: date | None = None
    horizon: int | None = None
    target_end_date: date | None = None
    live: bool | None = None
    observation: float | None = None
    value: float | None = None
    q025: float | None = None
    q25: float | None = None
    q50: float | None = None
    q75: float | None = None
    q975: float | None = None
    next: float | None = None


def printed(value: float) -> float:
    """A value as it stands on a page, or with more digits where the page rounds a small one.

    >>> printed(517153.3), printed(99.12345678)
    (517153, 99.1235)
    """
    if not abs(value) < WHOLE:
        return round(value)
    short = float(f"{value:.6g}")
    return int(short) if short.is_integer() else short


def post_rows(book: Book, view: Post) -> list[Row]:
    """What a post says in numbers; it uses no count that was not known then."""
    rows: list[Row] = []
    for target, section in zip(book.record.targets, view.sections, strict=True):
        series, day = (target, view.place.location), view.day
        rows += _counts("count", target, view.place, window(book.known(day, series), day, book.record.cadence))
        rows += _ahead(book, target, view.place, day)
        rows += _others(book, target, view.place, day)
        rows += _before(book, target, view.place, day)
        for row in section.places.rows:
            if row.place.location != view.place.location:
                rows += _in_table(book, target, row, day)
        live = book.is_live(day)
        found = [row.standing for row in section.rows if row.standing is not None]
        rows += _scores(target, None, found, live=live)
        rows += _waves(book, target, view.place, day, every=False)
    return rows


def place_rows(book: Book, view: PlacePage) -> list[Row]:
    """What a place's page says in numbers, as known now."""
    rows: list[Row] = []
    place, newest, cadence = view.place, view.newest, book.record.cadence
    for target, section in zip(book.record.targets, view.sections, strict=True):
        series = (target, place.location)
        shown = window(book.latest.get(series, {}), newest, cadence)
        first = book.first.get(series, {})
        rows += _counts("count", target, place, shown)
        rows += _counts("first_count", target, place, {day: first[day] for day in shown if day in first})
        rows += _ahead(book, target, place, newest)
        rows += _past(book, series, place)
        for record in section.records:
            rows += _scores(target, place, record.standings, live=record.kind == kind_words(live=True))
        rows += _waves(book, target, place, newest, every=True)
    return rows


def feed_rows(book: Book) -> list[Row]:
    """The newest count and forecast of every place of a feed, and the forecast that the count came true for."""
    rows: list[Row] = []
    newest = book.dates[-1]
    for target in book.record.targets:
        for place in book.places.values():
            value = book.counted((target, place.location), newest)
            rows += [] if value is None else _counts("count", target, place, {newest: value})
            rows += _judged(book, target, place, newest)
            rows += _ahead(book, target, place, newest)
    return rows


# ---------------------------------------------------------------------------- counts and forecasts


def _counts(what: str, target: str, place: Place, counts: Mapping[date, float]) -> list[Row]:
    return [
        Row(what, target, *_where(place), target_end_date=day, observation=printed(value))
        for day, value in counts.items()
    ]


def _where(place: Place) -> tuple[str, str]:
    """A place's id, and its name where that says more."""
    return place.location, place.name if place.name != place.location else ""


def _forecast(
    book: Book, target: str, place: Place, model: str, reference: date, end: date, quantiles: Floats, was: float | None
) -> Row:
    """A forecast of one period, with what it was where that is known."""
    return Row(
        "forecast",
        target,
        *_where(place),
        model,
        reference,
        (end - reference) // book.record.cadence.step,
        end,
        book.is_live(reference),
        None if was is None else printed(was),
        None,
        *(printed(value) for value in quantiles[list(_LEVELS)].tolist()),
    )


def _middle(book: Book, target: str, place: Place, forecast: Forecast, end: date) -> Row:
    """A forecast of which a page shows the middle alone."""
    row = _forecast(book, target, place, forecast.model, forecast.reference, end, forecast.ahead[end], None)
    return row._replace(q025=None, q25=None, q75=None, q975=None)


def _ahead(book: Book, target: str, place: Place, reference: date) -> Iterator[Row]:
    """Every period that the lead's forecast speaks of."""
    series = (target, place.location)
    forecast = book.leading(book.forecasts(reference, series))
    if forecast is not None:
        for end, quantiles in forecast.ahead.items():
            yield _forecast(book, target, place, forecast.model, reference, end, quantiles, None)


def _others(book: Book, target: str, place: Place, reference: date) -> Iterator[Row]:
    """What the models beside the lead say of the next period and of the last."""
    forecasts = book.forecasts(reference, (target, place.location))
    lead = book.leading(forecasts)
    for model, forecast in forecasts.items():
        if lead is not None and model != lead.model:
            for end in dict.fromkeys((min(forecast.ahead), max(forecast.ahead))):
                yield _forecast(book, target, place, model, reference, end, forecast.ahead[end], None)


def _judged(book: Book, target: str, place: Place, day: date) -> Iterator[Row]:
    """The lead's newest earlier forecast of a period, and what it was."""
    series, reference = (target, place.location), book.judged(day)
    lead = lead_of(book, judgements(book, series, day))
    if lead is not None and reference is not None:
        yield _forecast(book, target, place, lead.model, reference, day, lead.quantiles, lead.was.value)


def _in_table(book: Book, target: str, shown: PlaceRow, day: date) -> Iterator[Row]:
    """A place in the table of all: what was said of it, what it was, and the middle of what is said next."""
    newest, reference = book.leading(book.forecasts(day, (target, shown.place.location))), book.judged(day)
    if shown.judged is not None and reference is not None:
        said, quantiles, was = shown.judged.model, shown.judged.quantiles, shown.judged.was.value
        row = _forecast(book, target, shown.place, said, reference, day, quantiles, was)
        middle = None if newest is None else printed(float(next(iter(newest.ahead.values()))[MEDIAN]))
        yield row._replace(next=middle)
    elif newest is not None:
        yield _middle(book, target, shown.place, newest, next(iter(newest.ahead)))


def _before(book: Book, target: str, place: Place, day: date) -> Iterator[Row]:
    """What every model said of a period before, what it was, and the rest of the lead's forecast before."""
    series, reference = (target, place.location), book.judged(day)
    if reference is not None:
        for model, judged in judgements(book, series, day).items():
            yield _forecast(book, target, place, model, reference, day, judged.quantiles, judged.was.value)
    earlier = [one for one in book.dates if one < day][-1:]
    newest = book.leading(book.forecasts(day, series))
    if not earlier or newest is None:
        return
    before = book.forecasts(earlier[0], series).get(newest.model)
    if before is not None:
        yield from (_middle(book, target, place, before, end) for end in before.ahead if end != day)


def _past(book: Book, series: Series, place: Place) -> Iterator[Row]:
    """The middles of the past forecasts that a place's chart shows, and the forecasts that came true."""
    newest = book.leading(book.forecasts(book.dates[-1], series))
    told: list[Row] = []
    for day in reversed(book.dates[1:][1 - LOOKBACK :]):
        told += _judged(book, series[0], place, day)
        if len(told) == MOST_PAST:
            break
    yield from reversed(told)
    if newest is None:
        return
    known = {(row.model_id, row.reference_date, row.target_end_date) for row in told}
    for reference in book.dates[:-1][-PAST:]:
        forecast = book.forecasts(reference, series).get(newest.model)
        for end in forecast.ahead if forecast else ():
            if forecast and (forecast.model, reference, end) not in known:
                yield _middle(book, series[0], place, forecast, end)


# ---------------------------------------------------------------------------- what is made from them


def _scores(target: str, place: Place | None, found: Sequence[Standing], *, live: bool) -> Iterator[Row]:
    """How right each model was; without a place, over all of them."""
    where = ("", "") if place is None else _where(place)
    for one in found:
        figures = {"tasks": one.tasks, "held_50": one.held_50, "held_95": one.held_95, "skill": one.skill}
        for what, value in figures.items():
            if value is not None and not (one.pointlike and what.startswith("held")):
                yield Row(what, target, *where, one.model, live=live, value=printed(value))


def _waves(book: Book, target: str, place: Place, day: date, *, every: bool) -> Iterator[Row]:
    """What models of curves say of the wave under way; `every` with what they said of it before."""
    for course in courses(book, (target, place.location), day):
        for wave in course.of_this_wave if every else (course.now,):
            yield from _wave(target, place, course.model, wave, live=book.is_live(wave.reference))


def _wave(target: str, place: Place, model: str, wave: Wave, *, live: bool) -> Iterator[Row]:
    for quantity in QUANTITIES:
        said = getattr(wave, quantity, None)
        if said is not None and said.is_told:
            about, *levels = (
                None if math.isnan(value) else printed(value)
                for value in (said.estimate, said.q025, said.q25, said.q75, said.q975)
            )
            low, likely_low, likely_high, high = levels
            yield Row(
                quantity, target, *_where(place), model, wave.reference,
                live=live, value=about, q025=low, q25=likely_low, q75=likely_high, q975=high,
            )  # fmt: skip
