"""When a feed's data ends and when more is due, for pages that outlive the job that made them."""

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
    """

    archive: bool
    through: str
    due: date
    due_words: str
    patience: tuple[int, int, int]
    word: str
    overdue: bool
    made: str


def freshness(book: Book, newest: date) -> Freshness:
    """When data ends, and when the next is due: a period after the newest one was first seen."""
    receipt, record = book.receipts[newest], book.record
    found = record.timeliness
    due = found.expected if found else date.fromisoformat(receipt["vintage"]["as_of"]) + record.cadence.step
    return Freshness(
        archive=record.archive,
        through=period(newest, record.cadence),
        due=due,
        due_words=day_in_words(due),
        patience=record.patience,
        word="a finished story" if record.archive else WORDS[found.state if found else State.FRESH],
        overdue=found is not None and found.state is not State.FRESH,
        made=written(receipt["made_at"]),
    )
