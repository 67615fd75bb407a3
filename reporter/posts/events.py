"""What a reader is told who subscribes: new posts, misses, revisions, and feeds that pause and go on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from itertools import groupby

from reporter.dates import day_in_words
from reporter.posts.book import Book, Place, written
from reporter.posts.comparison import judgements, lead_of
from reporter.posts.everywhere import next_words
from reporter.posts.held import Held, Told
from reporter.posts.home import last_sentence
from reporter.posts.pauses import Pause, pauses
from reporter.posts.post import title
from reporter.posts.words import expectation, listing, period, say, short_target

POST, OUTSIDE, REVISED, STALE, RECOVERED = KINDS = ("post", "outside", "revised", "stale", "recovered")

MOST_OF_FEED = 50
MOST_OF_PLACE = 13
"""Events in the feed of a site or of one of its feeds, and of a place."""

POSTS_OF_PLACE = 7
FEWEST_POSTS = 3
"""Forecasts among the events of a place, fewer where each has several targets: the others are rarer, and must stay."""

NAMED = 6
"""Places told of when one vintage made news of many."""


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes:
        ident: what tells it from all others of the site, for good.
        when: from the record, never from the run's clock.
        title: in one line.
        lines: in sentences.
        href: a page, relative to the site's root.
    """

    ident: str
    kind: str
    when: datetime
    title: str
    lines: tuple[str, ...]
    href: str


class Events:
    """The events of one feed that has forecasts."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @cached_property
    def of_feed(self) -> list[Event]:
        """The feed's newest events, newest first: one for all places that one vintage made news of."""
        book = self._book
        if book.record.standing.whole:
            return [Event(**event) for event in book.record.standing.events]
        found = [self._post(day) for day in book.dates[-MOST_OF_FEED:]]
        found += [*self._gathered(self._outside, OUTSIDE, _outside_title), *self._pauses]
        found += self._gathered(self._revised, REVISED, _revised_title)
        return newest(found, MOST_OF_FEED)

    def of_place(self, place: Place) -> list[Event]:
        """A place's newest events, newest first."""
        name, series = self._book.record.name, place.location
        found = [self._of_count(one, OUTSIDE) for one in self._outside_at.get(series, [])[:MOST_OF_PLACE]]
        found += [self._of_count(one, REVISED) for one in self._revised_at.get(series, [])[:MOST_OF_PLACE]]
        days = self._book.dates[-max(POSTS_OF_PLACE // len(self._book.record.targets), FEWEST_POSTS) :]
        posts = (self._forecast(day, place, f"{name}/{place.slug}") for day in days)
        return newest([*found, *self._pauses, *(one for one in posts if one is not None)], MOST_OF_PLACE)

    # ------------------------------------------------------------------ forecasts

    def _post(self, day: date) -> Event:
        book, name = self._book, self._book.record.name
        found = book.record.standing.pages.get(f"{name}/{day}/")
        heading = title(book, day) if found is None else found.title
        lines = (*self._made(day), *self._said(day, book.headline))
        return Event(f"{name}/{POST}/{day}", POST, self._when(day), str(heading), lines, f"{name}/{day}/")

    def _forecast(self, day: date, place: Place, ident: str) -> Event | None:
        """A forecast of one place: what is expected, and what became of the one before."""
        book = self._book
        expected = []
        for target in book.record.targets:
            words = next_words(book.leading(book.forecasts(day, (target, place.location))))
            if words is not None:
                expected.append(f"{words}{self._of_several(target)}")
        if not expected:
            return None
        heading = str(say("{}: {} expected next", place.name, ", ".join(expected)))
        lines = (*self._made(day), *self._said(day, place))
        href = f"{book.record.name}/{day}/"
        return Event(f"{ident}/{POST}/{day}", POST, self._when(day), heading, lines, href)

    def _when(self, day: date) -> datetime:
        """When a forecast was made; of a backfilled one when its data was out, for it speaks of then."""
        receipt = self._book.receipts[day]
        if self._book.is_live(day):
            return datetime.fromisoformat(receipt["made_at"]).astimezone(UTC)
        return _midnight(date.fromisoformat(receipt["vintage"]["as_of"]))

    def _made(self, day: date) -> list[str]:
        as_of = written(self._book.receipts[day]["vintage"]["as_of"])
        return [] if self._book.is_live(day) else [f"Backfilled: made later, from the data as of {as_of}."]

    def _said(self, day: date, place: Place) -> list[str]:
        """What was said of the newest count and what is expected now, for each target."""
        book, lines = self._book, []
        for target in book.record.targets:
            series = (target, place.location)
            lead = lead_of(book, judgements(book, series, day))
            forecast = book.leading(book.forecasts(day, series))
            parts = [last_sentence(book, lead, day)] if lead is not None else []
            if forecast is not None:
                (end, quantiles), *_ = forecast.ahead.items()
                parts.append(say(f"Expected for {period(end, book.record.cadence)}: {{}}.", expectation(quantiles)))
            about = f"{short_target(target)}: " if len(book.record.targets) > 1 else ""
            lines += [about + " ".join(map(str, parts))] if parts else []
        return lines

    # ------------------------------------------------------------------ counts

    @cached_property
    def _held(self) -> Held:
        return Held(self._book)

    @cached_property
    def _outside(self) -> list[Told]:
        return self._known(self._held.outside())

    @cached_property
    def _revised(self) -> list[Told]:
        return self._known(self._held.revised())

    def _known(self, found: list[Told]) -> list[Told]:
        return [one for one in found if one.location in self._book.places]

    @cached_property
    def _outside_at(self) -> dict[str, list[Told]]:
        return _by_place(self._outside)

    @cached_property
    def _revised_at(self) -> dict[str, list[Told]]:
        return _by_place(self._revised)

    def _of_count(self, one: Told, kind: str) -> Event:
        """What became of one count."""
        book, place = self._book, self._book.places[one.location]
        name = f"{book.record.name}/{place.slug}"
        heading = _outside_title(self, [one]) if kind == OUTSIDE else _revised_title(self, [one])
        moment = f"/{one.as_of}" if kind == REVISED else ""
        ident = f"{name}/{kind}/{one.target}/{one.end}{moment}"
        lines = (*self._backfilled([one]), self.line(one))
        href = f"{name}/#t{book.record.targets.index(one.target)}-title"
        return Event(ident, kind, _midnight(one.as_of), heading, lines, href)

    def _gathered(
        self, found: list[Told], kind: str, heading: Callable[["Events", list[Told]], str]
    ) -> Iterable[Event]:
        """An event for each vintage, whatever the number of its counts."""
        record = self._book.record
        for as_of, group in groupby(found, key=lambda one: one.as_of):
            ones = list(group)
            lines = [*self._backfilled(ones), *(self.line(one) for one in ones[:NAMED])]
            rest = len(ones) - NAMED
            lines += [f"And {rest} more, on the places\u2019 pages."] if rest > 0 else []
            # The page of a place tells of all its counts; of several places the feed's page leads there.
            places = {one.location for one in ones}
            single = f"{self._book.places[ones[0].location].slug}/" if len(places) == 1 else "#places"
            ident = f"{record.name}/{kind}/{as_of}"
            title_ = heading(self, ones)
            yield Event(ident, kind, _midnight(as_of), title_, tuple(lines), f"{record.name}/{single}")

    def _backfilled(self, ones: list[Told]) -> list[str]:
        later = [one for one in ones if not self._book.is_live(one.reference)]
        if not later:
            return []
        if len(later) < len(ones):
            return ["Backfilled in part: some of the forecasts were made later, from the data as of their days."]
        what = (
            "the forecast was made later, from the data as of its day"
            if len(ones) == 1
            else ("the forecasts were made later, from the data as of their days")
        )
        return [f"Backfilled: {what}."]

    def line(self, one: Told) -> str:
        """What was said of a count and what it was, in a sentence or two."""
        of = period(one.end, self._book.record.cadence)
        first = one.first
        said = say("we said {} (almost surely {})", first.said, first.sure or "")
        if one.now is None:
            judged = say(f"{{}}; it was {{}}: {{}}, {first.verdict_words}.", said, first.was, first.off)
        else:
            judged = say(
                f"{{}}; first {{}} were counted, now {{}}; by the first value {first.verdict_words}; "
                f"by the new one {one.now.verdict_words}.",
                said, first.was, one.now.was,
            )  # fmt: skip
        return str(say("{}, {}: {}", self.what(one), of, judged))

    def what(self, one: Told) -> str:
        """A place, and which of several targets."""
        return self._book.places[one.location].name + self._of_several(one.target)

    def _of_several(self, target: str) -> str:
        return f" ({short_target(target)})" if len(self._book.record.targets) > 1 else ""

    # ------------------------------------------------------------------ pauses

    @cached_property
    def _pauses(self) -> list[Event]:
        return [event for one in pauses(self._book) for event in self._of_pause(one)]

    def _of_pause(self, one: Pause) -> Iterable[Event]:
        record = self._book.record
        newest_period = period(one.newest, record.cadence)
        due = f"The newest count is of {newest_period}; the next was expected about {day_in_words(one.expected)}."
        yield Event(
            f"{record.name}/{STALE}/{one.newest}", STALE, _midnight(one.stale),
            f"{record.title}: stale, no new counts since {newest_period}",
            (f"{due} The forecasts wait for it.",), f"{record.name}/",
        )  # fmt: skip
        if one.ended is None or one.came is None:
            return
        line = f"New counts came on {day_in_words(one.ended)}. Before that, the newest was of {newest_period}."
        yield Event(
            f"{record.name}/{RECOVERED}/{one.came}", RECOVERED, _midnight(one.ended),
            f"{record.title}: counts came again, through {period(one.came, record.cadence)}",
            (line,), f"{record.name}/",
        )  # fmt: skip


def newest(found: Iterable[Event], most: int) -> list[Event]:
    """The newest events, newest first; of one moment in the order of their kinds and names."""
    ordered = sorted(found, key=lambda one: (-one.when.timestamp(), KINDS.index(one.kind), one.ident))
    return ordered[:most]


def _by_place(found: list[Told]) -> dict[str, list[Told]]:
    by_place: dict[str, list[Told]] = {}
    for one in found:
        by_place.setdefault(one.location, []).append(one)
    return by_place


def _outside_title(events: Events, ones: list[Told]) -> str:
    if len(ones) == 1:
        one = ones[0].first
        return str(say("{}: {} counted, {} forecast: a miss, {}", events.what(ones[0]), one.was, one.said, one.off))
    return f"{len(ones)} counts outside the 95\u202f% range: {_names(events, ones)}"


def _revised_title(events: Events, ones: list[Told]) -> str:
    one = ones[0]
    if len(ones) == 1 and one.now is not None:
        then, now = one.first.was, one.now.was
        return str(say("{}: {} counted at first, revised to {}", events.what(one), then, now))
    return f"{len(ones)} judged counts revised: {_names(events, ones)}"


def _names(events: Events, ones: list[Told]) -> str:
    names = list(dict.fromkeys(events.what(one) for one in ones))
    return listing(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"  # noqa: PLR2004


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
