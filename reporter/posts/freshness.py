"""When a feed's data ends and when more is due, for pages that outlive the job that made them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from reporter.dates import day_in_words
from reporter.posts.book import Book, written
from reporter.posts.words import period
from reporter.timeliness import State

WORDS = {State.FRESH: "followed", State.LATE: "late", State.STALE: "stale", State.RETIRED: "retired"}


@dataclass(frozen=True)
class Freshness:
    """When a feed's data ends; the browser compares `due` with its own date.

    Attributes:
        patience: days after `due` at which it is late, stale and retired.
        word: what it is called on the day of the run.
        newest: the last day of the data.
        made_at: when the last forecast was made, as the receipt has it.
        followed: whether the page is out of date once `due` is long over: not a past post, nor a finished story.
    """

    archive: bool
    through: str
    due: date
    due_words: str
    patience: tuple[int, int, int]
    word: str
    overdue: bool
    made: str
    feed: str
    title: str
    newest: date
    made_at: str
    followed: bool


def freshness(book: Book, newest: date) -> Freshness:
    """When data ends, and when the next is due: a period after the newest one was first seen."""
    found = book.record.timeliness
    due = found.expected if found else _next(book, newest)
    return _fresh(book, newest, due, found.state if found else State.FRESH)


def freshness_of_post(book: Book, day: date) -> Freshness:
    """The same of a post, which says what was known when it was made and nothing that came to light later."""
    return _fresh(book, day, _next(book, day), State.FRESH)


def freshnesses(books: Iterable[Book]) -> list[Freshness]:
    """That of every feed with a forecast on record: the longest overdue first, finished stories last."""
    found = [freshness(book, book.dates[-1]) for book in books if book.dates]
    return sorted(found, key=lambda one: (one.archive, one.due))


def _next(book: Book, day: date) -> date:
    as_of = date.fromisoformat(book.receipts[day]["vintage"]["as_of"])
    return as_of + book.record.cadence.step


def _fresh(book: Book, newest: date, due: date, state: State) -> Freshness:
    receipt, record = book.receipts[newest], book.record
    return Freshness(
        archive=record.archive,
        through=period(newest, record.cadence),
        due=due,
        due_words=day_in_words(due),
        patience=record.patience,
        word="a finished story" if record.archive else WORDS[state],
        overdue=state is not State.FRESH,
        made=written(receipt["made_at"]),
        feed=record.name,
        title=record.title,
        newest=newest,
        made_at=receipt["made_at"],
        followed=not record.archive and newest == book.dates[-1],
    )
