"""A place's page: its forecast, what was said before, and how right that was."""

from dataclasses import dataclass, replace
from datetime import date

from reporter.charts import number
from reporter.dates import day_in_words
from reporter.evaluate import BASELINE
from reporter.posts.book import LOOKBACK, Book, Place, Series
from reporter.posts.comparison import judgements, lead_of
from reporter.posts.counted import Counted, counted
from reporter.posts.figures import Ahead, Chart, ahead_rows, fan_chart, window
from reporter.posts.firsts import Firsts, firsts
from reporter.posts.freshness import Freshness, freshness
from reporter.posts.hits import Hits, hits
from reporter.posts.judge import Judgement
from reporter.posts.marked import MarkList, mark_list, marks_on
from reporter.posts.past import day_of
from reporter.posts.post import expected_sentence
from reporter.posts.standing import Standing, explained, kind_words, ordered, standings
from reporter.posts.track import Track, track
from reporter.posts.wavepart import WavePart, wave_parts
from reporter.posts.words import Words, periods, upper_first

CLASSIC = "classic"
"""The model that sees odd counts as they were published."""

MOST_PAST = 30
"""Rows of the table of what was said before."""


@dataclass(frozen=True)
class HorizonRow:
    """One model's skill at each horizon, with the number of tasks behind each."""

    title: str
    skills: list[str]
    latest: str


@dataclass(frozen=True)
class Record:
    """How right each model was about one series, of one kind.

    Attributes:
        ahead: the horizons of `horizons`, in words.
        horizons: skill by model and horizon, and against latest values.
    """

    kind: str
    standings: list[Standing]
    explained: list[Words]
    ahead: list[str]
    horizons: list[HorizonRow]


@dataclass(frozen=True)
class PastRow:
    """What the lead said of one period, and what it was; `href` leads to the post, from the place's page."""

    when: str
    href: str
    judged: Judgement


@dataclass(frozen=True)
class Machine:
    """The time machine of one target: its chart as it stands before anybody steps back.

    Attributes:
        number: of the target among the feed's.
        first, last: the oldest and the newest reference date, in words.
        dates: how many there are.
        rows: lines of its table.
        bound: what is left out; None if nothing is.
    """

    number: int
    chart: Chart
    first: str
    last: str
    dates: int
    rows: int
    bound: str | None


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
    counts: Counted
    track: Track | None
    hits: Hits | None
    machine: Machine | None
    firsts: Firsts | None
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

    @property
    def embed(self) -> str:
        """Where the charts stand alone, for other people's pages."""
        return f"{self.address}embed/"


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
    machine = _machine(book, target, place, newest, ident)
    chart = fan_chart(book, target, place, newest, ident=f"{ident}fan", history=machine is None, height=360)
    return PlaceSection(
        ident=ident,
        title=upper_first(book.target_title(target)),
        chart=chart,
        expected=expected_sentence(book, forecast),
        later=expected_sentence(book, forecast, last=True),
        expected_by=None if forecast is None else book.model_title(forecast.model),
        ahead=[] if forecast is None else ahead_rows(forecast),
        counts=counted(window(known, newest, book.record.cadence), book.record.cadence),
        track=track(book, series, newest),
        hits=hits(book, target, place, f"{ident}hits"),
        machine=machine,
        firsts=firsts(book, target, place, f"{ident}firsts"),
        waves=wave_parts(book, target, place, newest, ident, every_chart=True),
        marks=_marks(book, series, newest),
        past=_past(book, series),
        records=_records(book, series),
    )


def _marks(book: Book, series: Series, newest: date) -> MarkList:
    """The marks as they were when the newest forecast was made: they are what its models were fitted with."""
    return mark_list(marks_on(book, series, newest), series[0], book.record.cadence)


def _machine(book: Book, target: str, place: Place, newest: date, ident: str) -> Machine | None:
    """None where there is only one forecast to look at."""
    said = book.past.said((target, place.location))
    dates = [day_of(day) for day in dict.fromkeys(said.references.tolist())]
    if len(dates) < 2:  # noqa: PLR2004 - one is no past
        return None
    chart = fan_chart(book, target, place, newest, ident=f"{ident}past", history=True, height=340)
    left = len(book.dates) - len(book.past.dates)
    bound = f"The {number(left)} oldest dates are on record, but not here." if left else None
    first, last = (day_in_words(day) for day in (dates[0], dates[-1]))
    rows = int(said.horizons.max())
    chart = replace(chart, interactive=False)
    return Machine(book.record.targets.index(target), chart, first, last, len(dates), rows, bound)


def _past(book: Book, series: Series) -> list[PastRow]:
    """The newest judged forecasts of the lead, newest first."""
    rows: list[PastRow] = []
    for day in reversed(book.dates[1:][1 - LOOKBACK :]):
        lead = lead_of(book, judgements(book, series, day))
        if lead is not None:
            rows.append(PastRow(day_in_words(day), f"../{day}/", lead))
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
            ahead, rows = _horizons(book, series, found, live=live)
            records.append(Record(kind_words(live=live), found, lines, ahead, rows))
    return records


def _horizons(book: Book, series: Series, found: list[Standing], *, live: bool) -> tuple[list[str], list[HorizonRow]]:
    """Skill by model and horizon; nothing where there is one horizon, or no model beside the baseline."""
    models = [one.model for one in found if one.skill is not None and one.model != BASELINE]
    reach = range(1, book.record.horizons + 1)
    if not models or len(reach) == 1:
        return [], []
    each = {h: standings(book, book.tally.of_series(*series, live=live, horizon=h)) for h in reach}
    each = {horizon: by_model for horizon, by_model in each.items() if by_model}
    latest = standings(book, book.latest_tally.of_series(*series, live=live))
    rows = [
        HorizonRow(
            book.model_title(model),
            [_skill_on(by_model.get(model)) for by_model in each.values()],
            _skill_on(latest.get(model)),
        )
        for model in models
    ]
    return [periods(horizon, book.record.cadence) for horizon in each], rows


def _skill_on(standing: Standing | None) -> str:
    """A skill, and on how many tasks it rests."""
    return "\u2013" if standing is None else f"{standing.skill_words} ({standing.tasks_words})"
