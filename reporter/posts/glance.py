"""All places of a target at a glance: two maps of tiles, small multiples and the same as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from reporter import charts
from reporter.charts import Mini
from reporter.posts.book import Book, Forecast, Place, Series
from reporter.posts.judge import MISS, verdict
from reporter.posts.standing import kind_words
from reporter.posts.tiles import Plan, plan
from reporter.posts.trend import FALL, NONE, RISE, Trend, everywhere_sentence, numbers_sentence, trend
from reporter.posts.verdict import skill_words, tasks_words
from reporter.posts.words import Count, Words, join, say, upper_first

SHOWN = timedelta(weeks=8)
"""How much of what was counted a small multiple shows."""

MOST_DRAWN = 180
"""Small multiples on a page; its tables and maps hold every place."""

AWAY = 0.9
"""A skill below this is filled darker."""


@dataclass(frozen=True)
class Skill:
    """How right the lead was about a series so far, beside no change, and on how many tasks.

    Attributes:
        value: None before the first task, and where no change was exactly right in all of them.
    """

    value: float | None = None
    tasks: int = 0

    @property
    def words(self) -> str:
        """The skill, or a dash."""
        return "\u2013" if self.value is None else skill_words(self.value)

    @property
    def short(self) -> str:
        """The skill on a tile."""
        return "\u2013" if self.value is None else f"{self.value:.{2 if self.value < 9.995 else 0}f}"  # noqa: PLR2004 - rounds to 10.00

    @property
    def number(self) -> str:
        """What a column of skills sorts by; nothing comes first."""
        return "-1" if self.value is None else f"{self.value:.3g}"

    @property
    def told(self) -> str:
        """The skill and what it rests on."""
        if self.value is not None:
            return f"skill {self.words}, {tasks_words(self.tasks)}"
        if self.tasks:
            return f"no skill can be told, for \u201cno change\u201d was exactly right: {tasks_words(self.tasks)}"
        return "nothing counted yet"

    @property
    def shade(self) -> str:
        """How its tile is filled."""
        if self.value is None:
            return NONE
        return "much" if self.value < AWAY else "some" if self.value < 1 else "worse"


@dataclass(frozen=True)
class Row:
    """One place."""

    place: Place
    trend: Trend
    skill: Skill


@dataclass(frozen=True)
class Glance:
    """One target everywhere.

    Attributes:
        drawn: the places that have a small multiple, with its SVG, in the order that `order` tells.
        left_out: how many have none, in words; None where every place has one.
        rows: every place by its location, in the settings' order.
    """

    ident: str
    title: str
    trends: Words
    skills: Words
    numbers: str
    plan: Plan
    rows: dict[str, Row]
    drawn: list[tuple[Row, str]]
    order: str
    left_out: Words | None


def glances(book: Book) -> list[Glance]:
    """Every target of a feed as of its newest forecast."""
    return [_glance(book, target) for target in book.record.targets]


def _glance(book: Book, target: str) -> Glance:
    newest, record = book.dates[-1], book.record
    places = book.there(newest, target) or [book.headline]
    forecasts = {
        place.location: book.leading(book.forecasts(newest, (target, place.location))) for place in places
    }  # fmt: skip
    rows = {
        place.location: Row(
            place, trend(book, (target, place.location), newest, forecasts[place.location]),
            _skill(book, (target, place.location), newest),
        )
        for place in places
    }  # fmt: skip
    trends, skills = [row.trend for row in rows.values()], [row.skill for row in rows.values()]
    most = max(MOST_DRAWN // len(record.targets), 1)
    order, ordered = _ordered(book, list(rows.values()))
    judged = _judged(book, newest)
    drawn = [
        (row, _mini(book, (target, row.place.location), newest, forecasts[row.place.location], judged))
        for row in ordered[:most]
    ]
    return Glance(
        ident=f"t{record.targets.index(target)}-",
        title=upper_first(book.target_title(target)),
        trends=everywhere_sentence(book, target, trends),
        skills=skills_sentence(book.model_title(record.lead), skills, live=book.is_live(newest)),
        numbers=numbers_sentence(book, target, trends),
        plan=plan(places, record.codes),
        rows=rows,
        drawn=drawn,
        order=order,
        left_out=say("The first {} of {} places are drawn; the table has all of them.", Count(most), Count(len(rows)))
        if len(rows) > most
        else None,
    )


def _skill(book: Book, series: Series, newest: date) -> Skill:
    """The lead's skill on forecasts of the newest one's kind."""
    total = book.tally.of_series(*series, live=book.is_live(newest)).get(book.record.lead)
    if total is None or total.wis_baseline is None:
        return Skill()
    return Skill(total.wis / total.wis_baseline if total.wis_baseline else None, total.tasks)


def skills_sentence(lead: str, skills: Sequence[Skill], *, live: bool) -> Words:
    """In how many places the lead was better than no change so far.

    >>> str(skills_sentence("Mean", [Skill(0.5, 3), Skill(1.5, 3), Skill(0.7, 3)], live=True))
    'So far \u201cno change\u201d was beaten by Mean in 2 of 3 places, and not in one (a skill below 1 is better; \
forecasts made live).'
    """
    values = [one.value for one in skills if one.value is not None]
    if not values and any(one.tasks for one in skills):
        return say("No skill of {} can be told: \u201cno change\u201d was exactly right so far.", lead)
    if not values:
        return say("How right {} was cannot be said yet: nothing it forecast has been counted.", lead)
    better, tail = (
        sum(value < 1 for value in values),
        f" (a skill below 1 is better; forecasts {kind_words(live=live)}).",
    )
    if len(skills) == 1:
        verb = "was" if better else "was not"
        return say("So far {} " + verb + " better than \u201cno change\u201d" + tail, lead)
    missing, worse = len(skills) - len(values), len(values) - better
    some: list[str | Words] = [_in(better, len(skills))]
    some += [say("not in {}", _number(worse))] if worse and better else []
    some += [say("not known of {}", _number(missing))] if missing else []
    ending = join(some, ", and ") if len(some) < 3 else say("{}, {}, and {}", *some)  # noqa: PLR2004 - a series of three
    return say("So far \u201cno change\u201d was beaten by {} {}" + tail, lead, ending)


def _in(better: int, places: int) -> Words:
    if better == places:
        return say("in both places" if places == 2 else "in all {} places", *([Count(places)] if places > 2 else []))  # noqa: PLR2004
    if not better:
        return say("in none of {} places", Count(places))
    return say("in {} of {} places", _number(better), Count(places))


def _number(number_of: int) -> str | Count:
    return "one" if number_of == 1 else Count(number_of)


def _ordered(book: Book, rows: list[Row]) -> tuple[str, list[Row]]:
    """In what order places are drawn, in words, and the places in it."""
    columns = (book.record.places[name].tolist() for name in ("location", "population"))
    people = {
        place: float(number) for place, number in zip(*columns, strict=True) if not pd.isna(number) and number > 0
    }
    each = all(row.place.location in people for row in rows)

    def size(row: Row) -> tuple[int, float]:
        if row.trend.change is None:
            return -1, 0.0
        change = abs(row.trend.change) / people[row.place.location] if each else abs(row.trend.share or 0.0)
        return int(row.trend.way in {RISE, FALL}), change

    words = "change per 100\u202f000 people" if each else "change in per cent"
    clear = any(row.trend.way in {RISE, FALL} for row in rows)
    first = "Places with a clear direction come first, and then" if clear else "First comes"
    order = f"{first} the greatest expected {words}."
    return order, sorted(rows, key=size, reverse=True)


def _judged(book: Book, newest: date) -> list[tuple[date, date]]:
    """The reference dates a multiple shows, newest first, each with the one whose forecasts it judges."""
    shown = [day for day in reversed(book.dates) if day > newest - SHOWN]
    return [(day, reference) for day in shown if (reference := book.judged(day)) is not None]


def last_missed(book: Book, series: Series, judged: Sequence[tuple[date, date]]) -> date | None:
    """The newest of some days whose first count was outside what had been said almost surely."""
    for day, reference in judged:
        said = book.leading(book.forecasts(reference, series))
        was = book.counted(series, day)
        if said is not None and was is not None and day in said.ahead and verdict(said.ahead[day], was) == MISS:
            return day
    return None


def _mini(
    book: Book, series: Series, newest: date, forecast: Forecast | None, judged: Sequence[tuple[date, date]]
) -> str:
    record, ahead = book.record, {} if forecast is None else forecast.ahead
    start = newest - SHOWN
    counts: Mapping[date, float] = {
        day: value for day, value in book.known(newest, series).items() if day > start
    }  # fmt: skip
    end = newest + record.horizons * record.cadence.step
    missed = last_missed(book, series, judged)
    return charts.mini(Mini(start + record.cadence.step, end, record.cadence, counts, newest, ahead, missed))
