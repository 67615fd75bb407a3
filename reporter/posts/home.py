"""The first page: per feed what is expected, how sure, and how right so far."""

from dataclasses import dataclass
from datetime import date

from reporter.posts.book import Book, Place, written
from reporter.posts.comparison import compare
from reporter.posts.figures import Chart, fan_chart
from reporter.posts.freshness import Freshness, freshness
from reporter.posts.judge import Judgement
from reporter.posts.post import Link, title
from reporter.posts.record import Attribution
from reporter.posts.track import Track, track
from reporter.posts.trouble import Trouble, troubles
from reporter.posts.words import Words, expectation, period, say, upper_first

NEWEST = 12
"""Posts listed on the first page."""


@dataclass(frozen=True)
class TargetCard:
    """One target on a feed's card."""

    title: str
    when: str
    expected: Words | None
    chart: Chart
    last: Words | None
    track: Track | None


@dataclass(frozen=True)
class Card:
    """A feed on the first page."""

    feed: str
    title: str
    place: Place
    places: int
    fresh: Freshness | None
    targets: list[TargetCard]
    newest: Link | None
    troubles: list[Trouble]
    source: Attribution


@dataclass(frozen=True)
class ListedPost:
    """A post in a list."""

    link: Link
    day: date
    when: str
    feed_title: str


def card(book: Book) -> Card:
    """A feed's card; without a record it says only what went wrong."""
    record = book.record
    newest = book.dates[-1] if book.dates else None
    return Card(
        feed=record.name,
        title=record.title,
        place=book.headline,
        places=len(book.places),
        fresh=None if newest is None else freshness(book, newest),
        targets=[] if newest is None else [_target_card(book, target, newest) for target in record.targets],
        newest=None if newest is None else Link(title(book, newest), f"{record.name}/{newest}/"),
        troubles=troubles(book),
        source=record.source,
    )


def _target_card(book: Book, target: str, newest: date) -> TargetCard:
    place, record = book.headline, book.record
    series = (target, place.location)
    forecast = book.leading(book.forecasts(newest, series))
    comparison = compare(book, series, newest)
    when = "" if forecast is None else upper_first(period(next(iter(forecast.ahead)), record.cadence))
    return TargetCard(
        title=upper_first(book.target_title(target)),
        when=when,
        expected=None if forecast is None else expectation(next(iter(forecast.ahead.values()))),
        chart=fan_chart(book, target, place, newest, ident=f"{record.name}-{record.targets.index(target)}", height=280),
        last=None if comparison.lead is None else last_sentence(book, comparison.lead, newest),
        track=track(book, series, newest),
    )


def last_sentence(book: Book, lead: Judgement, day: date) -> Words:
    """What was said last time and what came."""
    when = period(day, book.record.cadence)
    return say(f"For {when} we said {{}}; it was {{}}: {{}}, {lead.verdict_words}.", lead.said, lead.was, lead.off)


def listed(book: Book, most: int | None = None) -> list[ListedPost]:
    """A feed's posts, newest first; `most` of them, or all."""
    name, kept = book.record.name, book.record.standing.pages
    addresses = [(day, f"{name}/{day}/") for day in book.dates[::-1][:most]]
    return [
        ListedPost(Link(kept.get(address) or title(book, day), address), day, written(day), book.record.title)
        for day, address in addresses
    ]


def newest_posts(books: list[Book]) -> list[ListedPost]:
    """The newest posts of all feeds that go on, then those of finished stories."""
    posts = [(book.record.archive, post) for book in books for post in listed(book, NEWEST)]
    posts.sort(key=lambda entry: (not entry[0], entry[1].day), reverse=True)
    return [post for _, post in posts[:NEWEST]]
