"""A place's page: its forecast, what was said before, and how right that was."""

from dataclasses import dataclass
from datetime import date

from reporter.dates import day_in_words
from reporter.posts.book import LOOKBACK, Book, Place, Series
from reporter.posts.comparison import judgements, lead_of
from reporter.posts.figures import Ahead, Chart, ahead_rows, fan_chart, window
from reporter.posts.freshness import Freshness, freshness
from reporter.posts.judge import Judgement
from reporter.posts.marked import MarkList, mark_list, marks_on
from reporter.posts.post import count_rows, expected_sentence
from reporter.posts.standing import Standing, explained, kind_words, ordered, standings
from reporter.posts.wavepart import WavePart, wave_parts
from reporter.posts.words import Count, Words, upper_first

CLASSIC = "classic"
"""The model that sees odd counts as they were published."""

MOST_PAST = 30
"""Rows of the table of what was said before."""


@dataclass(frozen=True)
class Record:
    """How right each model was about one series, of one kind."""

    kind: str
    standings: list[Standing]
    explained: list[Words]


@dataclass(frozen=True)
class PastRow:
    """What the lead said of one period, and what it was."""

    when: str
    judged: Judgement


@dataclass(frozen=True)
class PlaceSection:
    """One target of a place."""

    ident: str
    title: str
    chart: Chart
    expected: Words | None
    later: Words | None
    expected_by: str | None
    ahead: list[Ahead]
    counts: list[tuple[str, Count]]
    waves: list[WavePart]
    marks: MarkList
    past: list[PastRow]
    records: list[Record]


@dataclass(frozen=True)
class PlacePage:
    """A place's page."""

    feed: str
    feed_title: str
    address: str
    place: Place
    fresh: Freshness
    newest: date
    as_published: str | None
    sections: list[PlaceSection]


def place_page(book: Book, place: Place) -> PlacePage:
    """The page of one place, as of the newest forecast."""
    newest = book.dates[-1]
    return PlacePage(
        feed=book.record.name,
        feed_title=book.record.title,
        address=f"{book.record.name}/{place.slug}/",
        place=place,
        fresh=freshness(book, newest),
        newest=newest,
        as_published=book.record.models.get(CLASSIC),
        sections=[_section(book, target, place, newest) for target in book.record.targets],
    )


def _section(book: Book, target: str, place: Place, newest: date) -> PlaceSection:
    series = (target, place.location)
    ident = f"t{book.record.targets.index(target)}-"
    forecast = book.leading(book.forecasts(newest, series))
    known = {day: value for day, value in book.latest.get(series, {}).items() if day <= newest}
    return PlaceSection(
        ident=ident,
        title=upper_first(book.target_title(target)),
        chart=fan_chart(book, target, place, newest, ident=f"{ident}fan", history=True, height=360),
        expected=expected_sentence(book, forecast),
        later=expected_sentence(book, forecast, last=True),
        expected_by=None if forecast is None else book.model_title(forecast.model),
        ahead=[] if forecast is None else ahead_rows(forecast),
        counts=count_rows(window(known, newest, book.record.cadence)),
        waves=wave_parts(book, target, place, newest, ident, every_chart=True),
        marks=mark_list(marks_on(book, series, newest), target, book.record.cadence),
        past=_past(book, series),
        records=_records(book, series),
    )


def _past(book: Book, series: Series) -> list[PastRow]:
    """The newest judged forecasts of the lead, newest first."""
    rows: list[PastRow] = []
    for day in reversed(book.dates[1:][1 - LOOKBACK :]):
        lead = lead_of(book, judgements(book, series, day))
        if lead is not None:
            rows.append(PastRow(day_in_words(day), lead))
        if len(rows) == MOST_PAST:
            break
    return rows


def _records(book: Book, series: Series) -> list[Record]:
    """Live and backfilled apart; a kind without tasks is left out."""
    records = []
    for live in (True, False):
        found = ordered(book, standings(book, book.tally.of_series(*series, live=live)))
        if found:
            lines = [line for line in map(explained, found) if line is not None]
            records.append(Record(kind_words(live=live), found, lines))
    return records
