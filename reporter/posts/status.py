"""The status page: whether each feed is fresh, what its sources last said, and what went wrong in the last run."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from reporter.dates import day_in_words
from reporter.posts.book import Book
from reporter.posts.record import Site, Upstream
from reporter.posts.trouble import Trouble, is_of, troubles
from reporter.posts.words import period, upper_first
from reporter.timeliness import State, Timeliness

ARCHIVE = "archive"
EMPTY = "empty"
"""States besides those of `timeliness`: a finished story, and a feed without any counts yet."""


@dataclass(frozen=True)
class UpstreamLine:
    """What a source last said, in sentences."""

    title: str
    in_use: bool
    sentence: str
    trouble: str


@dataclass(frozen=True)
class Event:
    """What happened to the sources on a day, and why."""

    when: str
    what: str
    reason: str


@dataclass(frozen=True)
class FeedStatus:
    """One feed on the status page."""

    name: str
    title: str
    state: str
    word: str
    sentence: str
    newest_post: str
    sources: list[UpstreamLine]
    switches: list[Event]
    beliefs: list[Event]
    troubles: list[Trouble]


def feed_status(book: Book) -> FeedStatus:
    """All that the status page says of a feed."""
    record = book.record
    titles = {one.name: one.attribution.title for one in record.upstreams}

    def title(name: str) -> str:
        return titles.get(name, name)

    return FeedStatus(
        name=record.name,
        title=record.title,
        state=state_of(book),
        word=_word(book),
        sentence=_sentence(book, record.timeliness),
        newest_post=str(book.dates[-1]) if book.dates else "",
        sources=[_line(book, one) for one in record.upstreams],
        switches=[
            Event(day_in_words(one.day), f"from {title(one.before)} to {title(one.after)}", one.reason)
            for one in reversed(record.switches)
        ],
        beliefs=[Event(day_in_words(one.day), title(one.source), one.reason) for one in reversed(record.beliefs)],
        troubles=troubles(book),
    )


def moment(now: datetime) -> str:
    """The time of a run, as the reader sees it."""
    return f"{day_in_words(now.date())}, {now:%H:%M} {now.tzname() or ''}".rstrip()


def state_of(book: Book) -> str:
    """The state of a feed in one word of `status.json`."""
    if book.record.archive:
        return ARCHIVE
    found = book.record.timeliness
    return EMPTY if found is None else found.state.value


def in_json(site: Site, books: list[Book], now: datetime) -> dict[str, Any]:
    """What `status.json` holds."""
    return {"now": now.isoformat(), "version": site.version, "feeds": [_feed_in_json(book) for book in books]}


def _feed_in_json(book: Book) -> dict[str, Any]:
    record, found = book.record, book.record.timeliness
    in_use = next((one.name for one in record.upstreams if one.in_use), None)
    return {
        "name": record.name,
        "title": record.title,
        "state": state_of(book),
        "expected": found and str(found.expected),
        "newest_period": found and str(found.newest),
        "newest_period_since": found and str(found.since),
        "newest_forecast": str(book.dates[-1]) if book.dates else None,
        "source": in_use,
        "sources": [_source_in_json(one) for one in record.upstreams],
        "switches": [{**asdict(one), "day": str(one.day)} for one in record.switches],
        "beliefs": [{**asdict(one), "day": str(one.day)} for one in record.beliefs],
        "failed": list(record.failed),
    }


def _source_in_json(one: Upstream) -> dict[str, Any]:
    days = ("asked", "answered", "newest", "since", "failing_since")
    said = {day: None if getattr(one, day) is None else str(getattr(one, day)) for day in days}
    return {"name": one.name, "title": one.attribution.title, **said, "failed": one.failed, "waits": one.waits}


def _word(book: Book) -> str:
    found = book.record.timeliness
    if book.record.archive:
        return "a finished story"
    return "nothing yet" if found is None else found.state.value


def _sentence(book: Book, found: Timeliness | None) -> str:
    if book.record.archive:
        return "Nothing more is expected."
    if found is None:
        return "Nothing has been counted yet."
    expected, since = day_in_words(found.expected), day_in_words(found.since)
    newest = upper_first(period(found.newest, book.record.cadence))
    held = f"{newest} is the newest period, first seen on {since}"
    return {
        State.FRESH: f"{held}; the next is expected about {expected}.",
        State.LATE: f"{held}; the next was expected about {expected}.",
        State.STALE: f"{held}; the next was expected about {expected}. The forecasts wait for it.",
        State.RETIRED: f"{held}; the next was expected about {expected}. The source seems to have ended; it is "
        "still asked in every run, and should counts come again, the forecasts go on.",
    }[found.state]


def _line(book: Book, one: Upstream) -> UpstreamLine:
    named = any(is_of(line, one) for line in book.record.failed)
    return UpstreamLine(
        title=one.attribution.title,
        in_use=one.in_use,
        sentence=_said(book, one),
        trouble="" if one.failed is None or named else one.failed,
    )


def _said(book: Book, one: Upstream) -> str:
    if one.asked is None:
        return "Not asked yet."
    asked = day_in_words(one.asked)
    if one.failed is None:
        said = [f"Asked on {asked}, and answered."]
    elif one.failing_since in (None, one.asked):
        said = [f"Asked on {asked} in vain."]
    else:
        said = [f"Asked on {asked} in vain, and ever since {day_in_words(one.failing_since)}."]
    if one.failed is not None and one.answered is not None:
        said.append(f"It last answered on {day_in_words(one.answered)}.")
    if one.newest is not None and one.since is not None:
        newest = period(one.newest, book.record.cadence)
        said.append(f"Its newest period: {newest}, first seen on {day_in_words(one.since)}.")
    if one.waits:
        said.append("It is not used yet: another source had counts as new or newer.")
    return " ".join(said)
