"""When a feed's data ends and when more is due, for pages that outlive the job that made them."""

from dataclasses import dataclass
from datetime import date

from reporter.dates import day_in_words
from reporter.posts.book import Book, written
from reporter.posts.words import period


@dataclass(frozen=True)
class Freshness:
    """When a feed's data ends; the browser compares `due` with its own date."""

    archive: bool
    through: str
    due: date
    due_words: str
    grace: int
    made: str


def freshness(book: Book, newest: date) -> Freshness:
    """When data ends, and when the next is due: a period after the newest vintage."""
    receipt, cadence = book.receipts[newest], book.record.cadence
    due = date.fromisoformat(receipt["vintage"]["as_of"]) + cadence.step
    return Freshness(
        archive=book.record.archive,
        through=period(newest, cadence),
        due=due,
        due_words=day_in_words(due),
        grace=2 if cadence.days == 1 else 4,
        made=written(receipt["made_at"]),
    )
